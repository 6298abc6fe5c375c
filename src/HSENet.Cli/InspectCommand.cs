// hsenet inspect: what is in a weight file, a model folder or a CT volume.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

static class InspectCommand
{
    static readonly string[] WeightEndings = [".safetensors", ".bin", ".pt", ".pth", ".ckpt"];

    public static Command Create()
    {
        var path = Verb.Files<string>("path", "A weight file, a folder of weights, or a CT.", ArgumentArity.ExactlyOne);
        var verify = new Option<bool>("--verify") { Description = "Compare every tensor with its stored checksum." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var study = new StudyArguments();
        var verbose = Verb.Verbose();
        var command = new Command("inspect", """
            Lists the tensors of weights (safetensors, PyTorch, folders), or the facts of a CT (NIfTI, a DICOM folder or zip, NumPy).

            Examples:
              hsenet inspect weights/demo
              hsenet inspect scan.nii.gz
              hsenet inspect dicom-folder
            """)
        { path, verify, json, verbose };
        study.AddReading(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            string target = parsed.GetRequiredValue(path);
            return Task.FromResult(IsWeights(target)
                ? Weights(target, parsed.GetValue(verify), parsed.GetValue(json), cancellation)
                : InspectVolume.Print(target, study.Opener(parsed, cancellation), parsed.GetValue(json), cancellation));
        });
        return command;
    }

    // A folder is one of weights unless nothing in it looks like that, or there are images beside it, as a viewer's program is.
    static bool IsWeights(string path) => Directory.Exists(path)
        ? !Directory.EnumerateFileSystemEntries(path).Any()
            || Directory.EnumerateFiles(path).Any(file => HasWeightEnding(file) || file.EndsWith(".index.json", StringComparison.Ordinal))
            && !VolumeFile.IsDicomFolder(path)
        : TensorSource.IsClaimed(path);

    static bool HasWeightEnding(string file) => WeightEndings.Contains(Path.GetExtension(file).ToLowerInvariant());

    static int Weights(string path, bool verify, bool json, CancellationToken cancellation)
    {
        using var source = TensorSource.Open(path);
        var adapters = new List<TensorSource>();
        try
        {
            string folder = Path.Combine(path, NamedAdapter.Folder);
            string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.safetensors") : [];
            foreach (string file in files.Order(StringComparer.Ordinal))
                adapters.Add(TensorSource.Open(file));
            Print(path, [(null, source), .. adapters.Select(adapter => (Path.GetFileNameWithoutExtension(adapter.Path), adapter))], verify,
                json, cancellation);
            return ExitCode.Done;
        }
        finally
        {
            adapters.ForEach(adapter => adapter.Dispose());
        }
    }

    static void Print(string path, (string? Adapter, TensorSource Source)[] sources, bool verify, bool json,
        CancellationToken cancellation)
    {
        int? verified = verify ? sources.Sum(source => source.Source.VerifyChecksums(cancellation)) : null;
        var tensors = sources.SelectMany(source => source.Source.Tensors, (source, tensor) => (source.Adapter, Tensor: tensor)).ToArray();
        long bytes = tensors.Sum(each => each.Tensor.ByteLength);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                path,
                bytes,
                verified,
                tensors = tensors.Select(each =>
                    new
                    {
                        name = each.Tensor.Name,
                        adapter = each.Adapter,
                        dtype = each.Tensor.Type.Name(),
                        shape = each.Tensor.Shape.ToArray(),
                        checksum = each.Tensor.StatedChecksum
                    }),
            }));
            return;
        }
        foreach (var (adapter, tensor) in tensors)
            Console.WriteLine(adapter is null ? $"{tensor}" : $"adapter {adapter}: {tensor}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tensors.Length} tensors, {bytes:N0} bytes"));
        if (verified is { } count)
            Console.WriteLine($"{count} checksums "
                + $"agree{(count < tensors.Length ? $", {tensors.Length - count} tensors have none" : "")}");
    }
}
