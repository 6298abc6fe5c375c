// Computes  y[n] += scale · Σⱼ B[n,j] · Σₖ A[j,k] · x[k]   for one row of bf16: a generated token
// Idea      there is nothing to wait for but the adapter's bytes: a group for each inner value, 16 bytes a lane (Down), then four lanes for
//           each output, eight outputs a warp
// Numerics  every sum in f32: 128 threads' inputs, a butterfly of five additions, four warps; then a lane's ranks, and two additions
using ILGPU;

namespace HSENet.Kernels;

public static partial class Lora
{
    const int OneRowThreads = 128, OneRowWarps = OneRowThreads / 32, OneRowOutputs = 8 * OneRowWarps;

    static Rung<LoraArguments> OneRow(string name) => Vectors(name, UpV3) with
    {
        First = Vectors(name + ".Down", DownV3) with { Launch = static a => new(a.Rank) },
        Launch = static a => new(Parts.Of(a.Outputs, OneRowOutputs)),
        Accepts = static a => Aligned(a) && a.Rows == 1 && a.Inputs % 8 == 0,
    };

    static Rung<LoraArguments> Vectors(string name, Action<LoraArguments> kernel) => Rung.Gpu(name, kernel) with
    {
        Weights = WeightType.BF16,
        Activations = ActivationType.BF16,
        Group = OneRowThreads,
        Claims = new() { NoBankConflicts = true, MainLoop = new() },
    };

    static void DownV3(LoraArguments a)
    {
        var shared = SharedMemory.Allocate<float>(OneRowWarps);
        int j = Grid.IdxX;
        float sum = 0f;
        for (int k = 8 * Group.IdxX; k < a.Inputs; k += 8 * OneRowThreads)
            sum = BF16Vectors.Dot(a.A, 0, BF16Vectors.Load(a.A, j * a.Inputs + k),
                WeightVectors.Inputs<BF16Activations, BF16Vectors>(a.X, k), sum);
        sum = WarpSums.Sum(sum);
        if ((Group.IdxX & 31) == 0)
            shared[Group.IdxX >> 5] = sum;
        Group.Barrier(); // all warps have written their sums
        if (Group.IdxX == 0)
            a.Scratch[j] = a.Scale * (shared[0] + shared[1] + shared[2] + shared[3]);
    }

    static void UpV3(LoraArguments a)
    {
        int lane = Group.IdxX & 31, n = Grid.IdxX * OneRowOutputs + (Group.IdxX >> 5) * 8 + (lane >> 2);
        int row = Math.Min(n, a.Outputs - 1); // all lanes take part in the additions
        float sum = 0f;
        for (int j = 8 * (lane & 3); j < a.Rank; j += 32)
        {
            Float16 inner = default;
            inner.A = WeightVectors.Inputs(a.Scratch, j);
            inner.B = WeightVectors.Inputs(a.Scratch, j + 4);
            sum = BF16Vectors.Dot(a.B, 0, BF16Vectors.Load(a.B, row * a.Rank + j), inner, sum);
        }
        sum += Warp.ShuffleXor(sum, 2);
        sum += Warp.ShuffleXor(sum, 1);
        if ((lane & 3) == 0 && n < a.Outputs)
            AnyActivations.Store(a.Y, n, AnyActivations.Load(a.Y, n) + sum);
    }
}
