// The figures that the model of time predicts, measured on a GPU: each rung that may be chosen at a size, and cuBLAS beside products.
using System.Runtime.InteropServices;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

/// <summary>A measured launch beside its prediction.</summary>
/// <param name="Name">The kernel, or cuBLAS.</param>
/// <param name="Sizes">Sizes of the launch.</param>
/// <param name="Predicted">Microseconds that the model gives, launches of all stages included; null of other kernels than ours.</param>
/// <param name="Warm">Median of measured microseconds after the same launch.</param>
/// <param name="Cold">The same with other data in the caches; null where that was not measured.</param>
/// <param name="Rounds">How many rounds were timed.</param>
/// <param name="Operations">Multiplications and additions of a launch.</param>
/// <param name="Bytes">Bytes that a launch moves at least.</param>
sealed record GpuFigure(string Name, string Sizes, double? Predicted, double Warm, double? Cold, int Rounds, double? Operations,
    double Bytes);

static class GpuFigures
{
    // More than any second-level cache.
    const long EvictedBytes = 256L << 20;

    static readonly (string Operation, string Sizes)[] Goals =
    [
        ("Linear", "Rows=8192,Inputs=8192,Outputs=8192,Activation=None"), ("Linear", "Rows=2049,Inputs=768,Outputs=3072,Activation=None"),
        ("Linear", "Rows=2049,Inputs=768,Outputs=3072,Activation=Gelu"), ("Linear", "Rows=277,Inputs=3072,Outputs=16384,Activation=None"),
        ("Linear", "Rows=277,Inputs=3072,Outputs=3072,Activation=None"), ("Linear", "Rows=277,Inputs=8192,Outputs=3072,Activation=None"),
        ("Linear", "Rows=16,Inputs=3072,Outputs=3072,Activation=None"), ("Linear", "Rows=1,Inputs=3072,Outputs=16384,Activation=None"),
        ("Linear", "Rows=1,Inputs=8192,Outputs=3072,Activation=None"),
        ("Attention", "Queries=2049,Keys=2049,QueryHeads=12,KeyHeads=12,HeadSize=64"),
        ("Attention", "Queries=277,Keys=277,QueryHeads=24,KeyHeads=8,HeadSize=128"),
        ("Attention", "Queries=1,Keys=300,QueryHeads=24,KeyHeads=8,HeadSize=128"),
        ("Attention", "Queries=1,Keys=4096,QueryHeads=24,KeyHeads=8,HeadSize=128"),
        ("Lora", "Rows=277,Inputs=3072,Outputs=16384"), ("Lora", "Rows=277,Inputs=8192,Outputs=3072"),
        ("Lora", "Rows=1,Inputs=3072,Outputs=5120"), ("SwiGlu", "Rows=277,Channels=8192"),
        ("LayerNorm", "Rows=2049,Channels=768"), ("LayerNorm", "Rows=65536,Channels=768"), ("RmsNorm", "Rows=277,Channels=3072"),
        ("RmsNorm", "Rows=16384,Channels=3072"),
    ];

    // Sizes that a driver in the emulator computes in a moment: the way is tried, not the figures.
    static readonly (string Operation, string Sizes)[] Rehearsed =
    [
        ("Linear", "Rows=20,Inputs=512,Outputs=512,Activation=None"), ("Linear", "Rows=1,Inputs=512,Outputs=512,Activation=None"),
        ("Attention", "Queries=1,Keys=300,QueryHeads=4,KeyHeads=2,HeadSize=128"), ("Lora", "Rows=20,Inputs=512,Outputs=512"),
        ("LayerNorm", "Rows=16,Channels=768"),
    ];

    static readonly byte[] RandomNumbers = MakeRandomNumbers();

    static byte[] MakeRandomNumbers()
    {
        Random random = new(1);
        var stored = new ushort[1 << 20];
        for (int i = 0; i < stored.Length; i++)
            stored[i] = (ushort)(BitConverter.SingleToUInt32Bits(2 * random.NextSingle() - 1) >> 16);
        return MemoryMarshal.AsBytes(stored.AsSpan()).ToArray();
    }

    public static IEnumerable<(string Operation, string Sizes)> Of(bool rehearsal, string only) => (rehearsal ? Rehearsed : Goals)
        .Where(figure => figure.Operation.StartsWith(only, StringComparison.OrdinalIgnoreCase));

    /// <summary>Measures the rungs that may be chosen at a size, in turns with cuBLAS.</summary>
    public static List<GpuFigure> Measure(Device device, GpuModel gpu, string operation, string sizes, bool rehearsal, TimeSpan budget,
        Cublas? cublas)
    {
        List<(Rung? Rung, string Name, SampleRun? Run, Action Launch)> contenders = [];
        List<IDisposable> held = [];
        try
        {
            foreach (Rung rung in Candidates(operation, device))
                if (Prepared(device, rung, sizes) is { } run)
                {
                    held.Add(run);
                    contenders.Add((rung, rung.EntryName, run, run.Launch));
                }
            if (cublas != null && operation == "Linear" && contenders.Count > 0)
                contenders.Add((null, cublas.Name, null, Product(device, cublas, sizes, held)));
            if (contenders.Count == 0)
                return [];
            List<TimedWork> works = [.. contenders.Select(one => new TimedWork(one.Launch))];
            if (!rehearsal)
            {
                DeviceMemory other = device.Allocate(EvictedBytes, "other data");
                held.Add(other);
                works.AddRange(contenders.Select(one => new TimedWork(one.Launch, () => device.Clear(other.Bytes))));
            }
            var times = PairedTimer.Run(device, budget, works);
            LaunchWork work = contenders[0].Run!.Work;
            return [.. contenders.Select((one, i) => new GpuFigure(one.Name, sizes,
                one.Rung == null ? null : PtxPredict.Microseconds(one.Rung, gpu, PtxRungs.Sizes(sizes, one.Rung)),
                1e6 * times[i].Median, rehearsal ? null : 1e6 * times[contenders.Count + i].Median, times[i].Rounds, work.Operations,
                work.Traffic))];
        }
        finally
        {
            held.ForEach(one => one.Dispose());
        }
    }

    static IEnumerable<Rung> Candidates(string operation, Device device) => KernelCatalog.Rungs.Where(rung => rung.Operation == operation
        && rung.Target == RungTarget.Gpu && device.CanRun(rung) && rung.Weights is null or WeightType.BF16
        && rung.Activations is null or ActivationType.BF16);

    // Null where the rung cannot compute the sizes or would not be chosen there.
    static SampleRun? Prepared(Device device, Rung rung, string sizes)
    {
        KernelSample sample = KernelSample.Of(rung);
        IReadOnlyDictionary<string, int> asked = PtxRungs.Sizes(sizes, rung);
        return sample.Suits(device, rung, asked) ? sample.Prepare(device, rung, asked) : null;
    }

    static Action Product(Device device, Cublas cublas, string sizes, List<IDisposable> held)
    {
        Rung rung = KernelCatalog.Rungs.First(rung => rung.Operation == "Linear" && rung.Target == RungTarget.Gpu);
        var named = PtxRungs.Sizes(sizes, rung);
        int rows = named["Rows"], inputs = named["Inputs"], outputs = named["Outputs"];
        View<byte> x = New((long)rows * inputs), w = New((long)outputs * inputs), y = New((long)rows * outputs);
        return () => cublas.Multiply(x, w, y, rows, inputs, outputs);

        View<byte> New(long elements)
        {
            DeviceMemory memory = device.Allocate(2 * elements, "cuBLAS");
            held.Add(memory);
            // A product of zeros takes less power, and is faster.
            for (long done = 0; done < memory.Bytes.Length; done += RandomNumbers.Length)
                device.Upload(RandomNumbers.AsSpan(0, (int)Math.Min(RandomNumbers.Length, memory.Bytes.Length - done)),
                    memory.Bytes.Slice(done, Math.Min(RandomNumbers.Length, memory.Bytes.Length - done)));
            return memory.Bytes;
        }
    }
}
