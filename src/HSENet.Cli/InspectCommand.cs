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
                ? Weights(target, parsed.GetValue(verify), parsed.GetValue(json))
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

    static int Weights(string path, bool verify, bool json)
    {
        using var source = TensorSource.Open(path);
        int? verified = verify ? source.VerifyChecksums() : null;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                path,
                bytes = source.Tensors.Sum(tensor => tensor.ByteLength),
                verified,
                tensors = source.Tensors.Select(tensor =>
                    new
                    {
                        name = tensor.Name,
                        dtype = tensor.Type.Name(),
                        shape = tensor.Shape.ToArray(),
                        checksum = tensor.StatedChecksum
                    }),
            }));
            return ExitCode.Done;
        }
        foreach (var tensor in source.Tensors)
            Console.WriteLine(tensor);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{source.Tensors.Count} tensors, {source.Tensors.Sum(tensor => tensor.ByteLength):N0} bytes"));
        if (verified is { } count)
            Console.WriteLine($"{count} checksums "
                + $"agree{(count < source.Tensors.Count ? $", {source.Tensors.Count - count} tensors have none" : "")}");
        return ExitCode.Done;
    }
}
