// hsenet inspect: what is in a weight file, a model folder or a CT volume.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

static class InspectCommand
{
    static readonly string[] WeightEndings = [".safetensors", ".bin", ".pt", ".pth"];

    public static Command Create()
    {
        var path = Verb.Files<string>("path", "A weight file, a folder of weights, or a volume.", ArgumentArity.ExactlyOne);
        var verify = new Option<bool>("--verify") { Description = "Compare every tensor with its stored checksum." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var verbose = Verb.Verbose();
        var command = new Command("inspect", """
            Lists the tensors of weights (safetensors, PyTorch, folders), or the facts of a volume (NIfTI, NumPy).

            Examples:
              hsenet inspect weights/demo
              hsenet inspect scan.nii.gz
            """)
        { path, verify, json, verbose };
        command.Run(verbose, (parsed, _) =>
        {
            string target = parsed.GetRequiredValue(path);
            bool weights = Directory.Exists(target) || WeightEndings.Contains(Path.GetExtension(target).ToLowerInvariant());
            return Task.FromResult(weights
                ? Weights(target, parsed.GetValue(verify), parsed.GetValue(json))
                : Volume(target, parsed.GetValue(json)));
        });
        return command;
    }

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
                tensors = source.Tensors.Select(tensor => new { name = tensor.Name, dtype = tensor.Type.Name(), shape = tensor.Shape.ToArray(), checksum = tensor.StatedChecksum }),
            }));
            return ExitCode.Done;
        }
        foreach (var tensor in source.Tensors)
            Console.WriteLine(tensor);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{source.Tensors.Count} tensors, {source.Tensors.Sum(tensor => tensor.ByteLength):N0} bytes"));
        if (verified is { } count)
            Console.WriteLine($"{count} checksums agree{(count < source.Tensors.Count ? $", {source.Tensors.Count - count} tensors have none" : "")}");
        return ExitCode.Done;
    }

    static int Volume(string path, bool json)
    {
        using var volume = VolumeFile.Read(path);
        var (low, high) = Range(volume);
        var (x, y, z) = volume.Size;
        var spacing = volume.Spacing;
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                path,
                size = new[] { x, y, z },
                spacing = new[] { spacing.X, spacing.Y, spacing.Z },
                type = volume.Type.Name(),
                slope = volume.Slope,
                intercept = volume.Intercept,
                minimum = low,
                maximum = high,
                notes = volume.Notes,
            }));
        else
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"voxels    {x} × {y} × {z} (x, y, z), {volume.Type.Name()}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"spacing   {spacing.X:G6} × {spacing.Y:G6} × {spacing.Z:G6} mm"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"scaling   {volume.Slope:G6} · voxel + {volume.Intercept:G6}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"values    {low:G6} to {high:G6}"));
            foreach (string note in volume.Notes)
                Console.WriteLine(note);
        }
        return ExitCode.Done;
    }

    static (double Low, double High) Range(VoxelVolume volume)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        var values = new double[1 << 16];
        for (long first = 0; first < volume.Count; first += values.Length)
        {
            var part = values.AsSpan(0, (int)Math.Min(values.Length, volume.Count - first));
            volume.ToDoubles(first, part);
            foreach (double value in part)
            {
                low = Math.Min(low, value);
                high = Math.Max(high, value);
            }
        }
        return (low, high);
    }
}
