// Every GPU rung on a device against the emulator, at the sizes of its sample: the same bits, or within a bound where no bits are promised.
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>What a rung's comparison gave.</summary>
/// <param name="Kernel">The rung's entry.</param>
/// <param name="Sizes">Sizes of the sample.</param>
/// <param name="Same">Whether all buffers have the emulator's bits.</param>
/// <param name="Error">Relative error of the worst buffer, in the 2-norm.</param>
/// <param name="Bound">What it may be.</param>
/// <param name="Values">Numbers that were compared.</param>
sealed record VerifiedRung(string Kernel, string Sizes, bool Same, double Error, double Bound, long Values)
{
    public bool Passed => Error <= Bound;
}

static class GpuVerification
{
    // Tensor cores sum in an order that nobody states, and approximations of the special function unit differ in their last digits: f32
    // within 2⁻¹⁸; bf16, to which that is rounded, by half of its last place, and so all of a rung that rounds what passes inside it.
    internal const double F32Bound = 1.0 / (1 << 18), BF16Bound = 1.0 / (1 << 9);

    /// <summary>Compares all rungs whose entry or operation begins with a name; all for "".</summary>
    public static List<VerifiedRung> Run(Device device, string only, CancellationToken cancellation)
    {
        Rung[] rungs = [.. KernelCatalog.Rungs.Where(rung => rung.Target == RungTarget.Gpu && device.CanRun(rung)
            && (rung.EntryName.StartsWith(only, StringComparison.OrdinalIgnoreCase)
                || rung.Operation.StartsWith(only, StringComparison.OrdinalIgnoreCase)))];
        if (rungs.Length == 0)
            throw new HseNetException($"--only {only}: no kernel begins so; 'hsenet kernels' lists them");
        ConcurrentDictionary<Rung, byte[][]> expected = new(ReferenceEqualityComparer.Instance as IEqualityComparer<Rung>);
        Parallel.ForEach(rungs, new ParallelOptions { CancellationToken = cancellation }, rung =>
        {
            using EmulatorDevice emulator = new();
            expected[rung] = Launch(emulator, rung, out _, out _);
        });
        List<VerifiedRung> verified = [];
        foreach (Rung rung in rungs)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                byte[][] actual = Launch(device, rung, out Type[] elements, out string sizes);
                verified.Add(Compare(rung, sizes, elements, expected[rung], actual));
            }
            catch (NoRungException e) // more shared memory than this GPU has for a group
            {
                Messages.Note(e.Message);
            }
        }
        return verified;
    }

    static byte[][] Launch(Device device, Rung rung, out Type[] elements, out string sizes)
    {
        using SampleRun run = KernelSample.Of(rung).Prepare(device, rung);
        SampleBuffer[] buffers = [.. run.Buffers];
        elements = [.. buffers.Select(buffer => buffer.Element)];
        sizes = run.Facts.Sizes;
        foreach (SampleBuffer buffer in buffers.Where(buffer => buffer.Written))
            device.Clear(buffer.Bytes);
        run.Launch();
        device.Synchronize();
        return [.. buffers.Select(buffer =>
        {
            var bytes = new byte[buffer.Bytes.Length];
            device.Download(buffer.Bytes, bytes);
            return bytes;
        })];
    }

    internal static VerifiedRung Compare(Rung rung, string sizes, IReadOnlyList<Type> elements, byte[][] expected, byte[][] actual)
    {
        bool approximate = rung.Stages.Any(stage => stage.Claims.TensorCores
            || KernelTexts.Get(stage).Contains(".approx", StringComparison.Ordinal));
        bool rounds = rung.Roundoff.Factor > 0;
        bool same = true;
        double worst = 0, bound = 0;
        for (int i = 0; i < elements.Count; i++)
        {
            if (expected[i].AsSpan().SequenceEqual(actual[i]))
                continue;
            same = false;
            Type element = elements[i];
            // What is no number must be equal, and so must all of a rung whose every instruction is defined to the last bit.
            bool isNumber = element == typeof(float) || element == typeof(ushort);
            double allowed = !approximate || !isNumber ? 0 : element == typeof(float) && !rounds ? F32Bound : BF16Bound;
            double error = isNumber ? Error(Numbers(expected[i], element), Numbers(actual[i], element)) : double.PositiveInfinity;
            if (worst == 0 || error / allowed > worst / bound)
                (worst, bound) = (error, allowed);
        }
        return new VerifiedRung(rung.EntryName, sizes, same, worst, bound,
            elements.Index().Sum(one => expected[one.Index].LongLength / Bytes(one.Item)));
    }

    internal static int Bytes(Type element) => element == typeof(byte) || element == typeof(sbyte) ? 1 : element == typeof(ushort) ? 2
        : element == typeof(long) || element == typeof(double) ? 8 : 4;

    /// <summary>The numbers of a buffer; two bytes are a bf16.</summary>
    internal static double[] Numbers(byte[] bytes, Type element) => element == typeof(double)
        ? MemoryMarshal.Cast<byte, double>(bytes).ToArray()
        : element == typeof(float) ? [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)]
        : element == typeof(uint) ? [.. MemoryMarshal.Cast<byte, uint>(bytes).ToArray().Select(value => (double)value)]
        : [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(bits => (double)BitConverter.UInt32BitsToSingle((uint)bits << 16))];

    internal static double Error(double[] expected, double[] actual)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(actual[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }
        double error = Math.Sqrt(difference / size);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
