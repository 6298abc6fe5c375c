// A row of the ladders that others measured: a kernel, its launch, its machine code.
using System.Text.Json;
using HSENet.Ptx;
using HSENet.Runtime;

namespace HSENet.Bench;

/// <summary>One measured kernel at one size; M = N = K.</summary>
sealed record LadderRow(string Row, string Ptx, string Listing, string Kernel, string Gpu, int Size, int[] Grid, int[] Block, int Shared,
    int Registers)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web); // names in any case

    /// <summary>All rows of rows.json of a folder.</summary>
    public static IReadOnlyList<LadderRow> Read(string folder) =>
        Read<List<LadderRow>>(Path.Combine(folder, "rows.json"), "rows of measured ladders");

    /// <summary>Reads a JSON file.</summary>
    public static T Read<T>(string path, string expected)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), Json)!;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new HseNetFileException(path, $"cannot be read ({e.Message})", expected, e);
        }
    }

    /// <summary>Whether it has wmma, whose loads of fragments PTX does not describe.</summary>
    public bool UsesWmma => Kernel.Contains("wmma", StringComparison.Ordinal);

    /// <summary>The model's prediction.</summary>
    public TimingPrediction Predict(string folder)
    {
        string ptx = File.ReadAllText(Path.Combine(folder, Ptx));
        MachineListingStore store = new();
        using (FileStream stream = File.OpenRead(Path.Combine(folder, Listing)))
            store.Add(stream);
        GpuModel gpu = GpuModel.Find(Gpu) ?? throw new HseNetException($"{Row}: there is no GPU '{Gpu}'");
        MachineListing listing = store.Find(ptx, Kernel, gpu.Target)
            ?? throw new HseNetException($"{Row}: {Listing} has no machine code of {Kernel} for {gpu.Name}");
        return PtxTiming.Predict(ptx, Launch(), gpu, listing, Registers);
    }

    /// <summary>The estimate from PTX alone.</summary>
    public TimingPrediction Estimate(string folder) =>
        PtxTiming.Estimate(File.ReadAllText(Path.Combine(folder, Ptx)), Launch(), GpuModel.Find(Gpu)!);

    PtxLaunchFile Launch()
    {
        long elements = (long)Size * Size;
        bool half = Kernel.StartsWith("f16", StringComparison.Ordinal);
        PtxLaunchParameter size = new PtxLaunchValue(BitConverter.GetBytes(Size), 4),
            one = new PtxLaunchValue(BitConverter.GetBytes(1f), 4),
            a = new PtxLaunchAddress("A"), b = new PtxLaunchAddress("B"), c = new PtxLaunchAddress("C");
        return new PtxLaunchFile
        {
            Kernel = Kernel,
            Grid = Sizes(Grid),
            Block = Sizes(Block),
            DynamicSharedBytes = Shared,
            Buffers =
            [
                new PtxLaunchBuffer("A", half ? PtxType.F16 : PtxType.F32, elements, null),
                new PtxLaunchBuffer("B", half ? PtxType.F16 : PtxType.F32, elements, null),
                new PtxLaunchBuffer("C", PtxType.F32, elements, null),
            ],
            // Ladder A scales with alpha and beta; the others have sizes last.
            Parameters = Row.StartsWith('A') ? [size, size, size, one, a, b, one, c] : [a, b, c, size, size, size],
        };
    }

    static Dim3 Sizes(int[] sizes) => new(sizes[0], sizes.Length > 1 ? sizes[1] : 1, sizes.Length > 2 ? sizes[2] : 1);
}
