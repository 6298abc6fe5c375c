// Cases of Resize3D and ResizeBytes: growing, shrinking, the same size, one element, a crop inside a volume, some slices of many.
namespace HSENet.Kernels.Tests;

static class ResizeCases
{
    const double DoubleU = 1.0 / (1L << 53);

    public static IEnumerable<KernelCase> All
    {
        get
        {
            foreach (var (x, y) in new[] { (FloatType.F64, FloatType.F64), (FloatType.F64, FloatType.F32), (FloatType.F32, FloatType.F32) })
            {
                yield return Whole((5, 7, 9), x, (9, 20, 31), y);
                yield return Whole((9, 21, 140), x, (4, 11, 37), y);
                yield return Whole((2, 3, 17), x, (2, 3, 17), y);
                yield return Whole((1, 1, 1), x, (3, 2, 4), y);
                yield return Part((11, 6, 13), x, (16, 18, 21), y, first: 5, count: 4);
                yield return Part((16, 6, 13), x, (7, 5, 21), y, first: 6, count: 1);
                yield return Crop((4, 9, 15), x, (6, 5, 19), y);
            }
            yield return Bytes(1, 100, 37, 1);
            yield return Bytes(3, 20, 45, 33);
            yield return Bytes(2, 67, 22, 5);
            yield return Bytes(2, 8, 8, 16);
            yield return Bytes(1, 1, 4, 3);
        }
    }

    static KernelCase<Resize3DArguments> Whole((int D, int H, int W) old, FloatType x, (int D, int H, int W) @new, FloatType y) =>
        Case($"{old} {x} to {@new} {y}", memory =>
            Resize3DArguments.Whole(Input(memory, x, old.D * old.H * old.W), x, old, Output(memory, y, @new.D * @new.H * @new.W), y, @new));

    // The slices that are needed and one in front of them.
    static KernelCase<Resize3DArguments> Part((int D, int H, int W) old, FloatType x, (int D, int H, int W) @new, FloatType y, int first,
        int count)
    {
        var (firstNeeded, needed) = Resize3D.SlicesNeeded(first, count, old.D, @new.D);
        return Case($"slices {first} to {first + count - 1} of {old} {x} to {@new} {y}", memory =>
            Resize3DArguments.Whole(Input(memory, x, (needed + 1) * old.H * old.W), x, old, Output(memory, y, count * @new.H * @new.W), y,
                @new) with
            {
                FirstSlice = firstNeeded - 1,
                FirstNewSlice = first,
                NewSlices = count,
            });
    }

    static KernelCase<Resize3DArguments> Crop((int D, int H, int W) old, FloatType x, (int D, int H, int W) @new, FloatType y)
    {
        int rowStride = old.W + 5, sliceStride = (old.H + 3) * rowStride, start = 2 * rowStride + 4;
        return Case($"a crop of {old} {x} to {@new} {y}", memory =>
        {
            var volume = Input(memory, x, old.D * sliceStride);
            return Resize3DArguments.Whole(volume.Slice(start * x.Size(), volume.Length - start * x.Size()), x, old,
                Output(memory, y, @new.D * @new.H * @new.W), y, @new) with
            {
                SliceStride = sliceStride,
                RowStride = rowStride,
            };
        });
    }

    static KernelCase<Resize3DArguments> Case(string name, Func<CaseMemory, Resize3DArguments> build) =>
        new(Resize3D.ForwardOperation, build,
        a =>
        {
            // Weights of three axes and three mixes round at most 12 times relative to the largest neighbour; inputs are below 1000.
            double[] y = Resize3D.Reference(a);
            return [Expected.Of(y, i => 12 * DoubleU * 1000 + (a.YType == FloatType.F32 ? Numbers.U * Math.Abs(y[i]) : 0))];
        })
        {
            Name = name,
            Twins = name.Contains("1, 1, 1") || name.StartsWith("(2, 3, 17)", StringComparison.Ordinal) ? [] : new()
            {
                ["volume shifted by one voxel"] = static a => a with { X = new View<byte>(a.X.Address + a.XType.Size(), a.X.Length) },
                ["corners aligned"] = static a => a with { Width = a.Width - 1 },
            },
        };

    static View<byte> Input(CaseMemory memory, FloatType type, int count)
    {
        float[] values = Numbers.Uniform(count, 1, 1000);
        return type == FloatType.F64 ? memory.Input(Array.ConvertAll(values, v => v * 0.999999999)).As<byte>()
            : memory.Input(values).As<byte>();
    }

    static View<byte> Output(CaseMemory memory, FloatType type, int count) =>
        type == FloatType.F64 ? memory.Output<double>(count).As<byte>() : memory.Output(count).As<byte>();

    static KernelCase<ResizeBytesArguments> Bytes(int outer, int length, int newLength, int inner)
    {
        var (taps, coefficients, support) = ResizeBytes.Tables(length, newLength);
        return new(ResizeBytes.ForwardOperation,
            memory => new ResizeBytesArguments
            {
                X = memory.Input(Array.ConvertAll(Numbers.Uniform(outer * length * inner, 1, 300, 128), v => (byte)Math.Clamp(v, 0, 255))),
                Taps = memory.Input(taps),
                Coefficients = memory.Input(coefficients),
                Y = memory.Output<byte>(outer * newLength * inner),
                Outer = outer,
                Length = length,
                NewLength = newLength,
                Inner = inner,
                Support = support,
            },
            a => [Expected.Of(ResizeBytes.Reference(a), _ => 0)])
        {
            Name = $"[{outer}, {length}, {inner}] to {newLength}",
            Twins = length == 1 ? [] : new()
            {
                ["image shifted by one byte"] = static a => a with { X = new View<byte>(a.X.Address - 1, a.X.Length) },
                ["a weight dropped"] = static a =>
                    a with { Coefficients = new View<int>(a.Coefficients.Address + 4, a.Coefficients.Length) },
            },
        };
    }
}
