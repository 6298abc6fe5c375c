// Finds the golden data and reads it with a reader of its own, so that no test compares the library's readers with themselves.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace HSENet.Tests;

/// <summary>The folder of golden data: <c>HSENET_GOLDEN</c>, or <c>tests/golden</c> of the repository.</summary>
internal static class GoldenFolder
{
    /// <summary>Absolute path of the folder.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("HSENET_GOLDEN") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Path.Combine(RepositoryRoot(), "tests", "golden");

    /// <summary>The complete small model that tests open: converted from the golden checkpoint set, it reproduces three sentences.</summary>
    public static string Toy { get; } = Path.Combine(RepositoryRoot(), "weights", "toy");

    /// <summary>Whether the checks that take minutes or hours are wanted (<c>HSENET_LONG=1</c>).</summary>
    public static bool LongChecks => Environment.GetEnvironmentVariable("HSENET_LONG") == "1";

    /// <summary>Absolute path of a file or folder named with forward slashes, such as <c>tiny/setup.json</c>.</summary>
    public static string At(string relative) => Path.Combine(Root, relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Whether this folder carries the file or folder.</summary>
    public static bool Has(string relative) => File.Exists(At(relative)) || Directory.Exists(At(relative));

    /// <summary>The content of a json file.</summary>
    public static JsonElement Json(string relative)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(At(relative)));
        return document.RootElement.Clone();
    }

    /// <summary>All tensors of a safetensors file, by name.</summary>
    public static Dictionary<string, GoldenTensor> Tensors(string relative)
    {
        byte[] file = File.ReadAllBytes(At(relative));
        int headerLength = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        var tensors = new Dictionary<string, GoldenTensor>();
        foreach (JsonProperty entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            int begin = entry.Value.GetProperty("data_offsets")[0].GetInt32();
            int end = entry.Value.GetProperty("data_offsets")[1].GetInt32();
            tensors.Add(entry.Name, new GoldenTensor(
                entry.Value.GetProperty("dtype").GetString()!,
                [.. entry.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())],
                file[(8 + headerLength + begin)..(8 + headerLength + end)]));
        }
        return tensors;
    }

    /// <summary>‖actual − expected‖ / ‖expected‖ in double precision; infinite if a value is not finite or the lengths differ.</summary>
    public static double RelativeL2(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            return double.PositiveInfinity;
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double d = (double)actual[i] - expected[i];
            difference += d * d;
            norm += (double)expected[i] * expected[i];
        }
        double error = norm > 0 ? Math.Sqrt(difference / norm) : Math.Sqrt(difference);
        return double.IsFinite(error) ? error : double.PositiveInfinity;
    }

    /// <summary>The repository, found by walking up from the test assembly.</summary>
    internal static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("HSENet.Kernels.sln is in no folder above the tests; set HSENET_GOLDEN to the golden folder.");
    }
}

/// <summary>One tensor of a golden file: safetensors' name of the type, shape, little-endian bytes.</summary>
internal sealed record GoldenTensor(string DataType, int[] Shape, byte[] Bytes)
{
    /// <summary>The elements as float; a type that float does not hold is rounded.</summary>
    public float[] Singles() => [.. Doubles().Select(v => (float)v)];

    /// <summary>The elements as double, exact for every type but 64-bit integers beyond 2^53.</summary>
    public double[] Doubles() => DataType switch
    {
        "F64" => As<double>(v => v),
        "F32" => As<float>(v => v),
        "F16" => As<Half>(v => (double)v),
        "BF16" => As<ushort>(v => BitConverter.UInt32BitsToSingle((uint)v << 16)),
        "I64" => As<long>(v => v),
        "I32" => As<int>(v => v),
        "I16" => As<short>(v => v),
        "I8" => As<sbyte>(v => v),
        "U8" or "BOOL" => As<byte>(v => v),
        "U16" => As<ushort>(v => v),
        "U32" => As<uint>(v => v),
        _ => throw new NotSupportedException($"no golden file holds {DataType}"),
    };

    double[] As<T>(Func<T, double> convert) where T : unmanaged
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(Bytes);
        var result = new double[elements.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = convert(elements[i]);
        return result;
    }
}
