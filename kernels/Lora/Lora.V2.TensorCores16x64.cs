// Computes  y[m,n] += scale · Σⱼ B[n,j] · Σₖ A[j,k] · x[m,k]   for bf16 x, A and B
// Idea      two thin products on tensor cores, a launch each. There is too little to compute for tiles in shared memory to pay: a lane
//           loads its fragments from where they lie, 16 bytes of a row, eight inputs. Which of the 16 inputs of a fragment is which does
//           not matter as long as both factors agree, so the 16 bytes are half of two products. First (Down) a group computes 16 × 24 inner
//           values, so that 277 rows of rank 128 are 108 groups: eight warps share the inputs and add their sums up in shared memory. Then a
//           warp computes 16 × 64 outputs: y is what its sums begin with, and rows of B are taken in an order that leaves each lane four
//           neighbouring outputs
// Numerics  products are exact, sums in f32 in the order of the tensor core, which cuts: 2⁻²³ each; inner values are rounded to bf16
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Lora
{
    // Inputs that a warp multiplies at a time: 16 bytes a lane, four lanes a row, four times.
    const int DirectInputs = 32, DownInputs = 4 * DirectInputs, DownWarps = 8;

    // Four warps, one below the other, meet B's rows in the first-level cache.
    const int DownRows = 16, DownRanks = 24, UpRows = 16, UpColumns = 64, UpWarps = 4;

    // Sums of a fragment, and of a warp.
    const int FragmentFloats = 16 * 8, DownFloats = DownRows * DownRanks;

    static Rung<LoraArguments> TensorCores(string name) => Direct(name, UpV2) with
    {
        First = Direct(name + ".Down", DownV2) with
        {
            Group = 32 * DownWarps,
            Launch = static a => new(Parts.Of(a.Rows, DownRows), Parts.Of(a.Rank, DownRanks)),
        },
        Group = 32 * UpWarps,
        Launch = static a => new(Parts.Of(a.Rows, UpRows * UpWarps), a.Outputs / UpColumns),
        Accepts = static a => Aligned(a) && a.Inputs % DownInputs == 0 && a.Outputs % UpColumns == 0,
    };

    static Rung<LoraArguments> Direct(string name, Action<LoraArguments> kernel) => Rung.Gpu(name, kernel) with
    {
        Weights = WeightType.BF16,
        Activations = ActivationType.BF16,
        Roundoff = Roundoff.TensorCoresTwice,
        Claims = new() { TensorCores = true, NoBankConflicts = true, MainLoop = new() },
    };

    // Eight neighbours in a load.
    static bool Aligned(LoraArguments a) => a.X.Type == ActivationType.BF16 && a.A.Type == WeightType.BF16 && a.Rank % 8 == 0
        && (a.X.Address | a.A.Values.Address | a.B.Values.Address | a.Scratch.Address | a.Y.Address) % 16 == 0;

    static void DownV2(LoraArguments a)
    {
        var shared = SharedMemory.Allocate<float>(DownWarps * DownFloats);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, m = Grid.IdxX * DownRows + (lane >> 2);
        int j = Grid.IdxY * DownRanks + (lane >> 2);
        int part = 8 * (lane & 3) + warp * DownInputs;
        int x0 = Row(m, a.Rows, a.Inputs) + part, x1 = Row(m + 8, a.Rows, a.Inputs) + part;
        int w0 = Row(j, a.Rank, a.Inputs) + part, w1 = Row(j + 8, a.Rank, a.Inputs) + part;
        int w2 = Row(j + 16, a.Rank, a.Inputs) + part;
        Float4 s0 = default, s1 = default, s2 = default;
        long x = a.X.Address, w = a.A.Values.Address;
        for (int k = warp * DownInputs; k < a.Inputs; k += DownWarps * DownInputs)
        {
            // Twenty loads are under way at once.
            Bits4 u0 = Eight(x, x0), v0 = Eight(x, x1);
            Bits4 p0 = Eight(w, w0), q0 = Eight(w, w1), r0 = Eight(w, w2);
            Bits4 u1 = Eight(x, x0 + 32), v1 = Eight(x, x1 + 32);
            Bits4 p1 = Eight(w, w0 + 32), q1 = Eight(w, w1 + 32), r1 = Eight(w, w2 + 32);
            Bits4 u2 = Eight(x, x0 + 64), v2 = Eight(x, x1 + 64);
            Bits4 p2 = Eight(w, w0 + 64), q2 = Eight(w, w1 + 64), r2 = Eight(w, w2 + 64);
            Bits4 u3 = Eight(x, x0 + 96), v3 = Eight(x, x1 + 96);
            Bits4 p3 = Eight(w, w0 + 96), q3 = Eight(w, w1 + 96), r3 = Eight(w, w2 + 96);
            s0 = MultiplyEight(u0, v0, p0, s0);
            s1 = MultiplyEight(u0, v0, q0, s1);
            s2 = MultiplyEight(u0, v0, r0, s2);
            s0 = MultiplyEight(u1, v1, p1, s0);
            s1 = MultiplyEight(u1, v1, q1, s1);
            s2 = MultiplyEight(u1, v1, r1, s2);
            s0 = MultiplyEight(u2, v2, p2, s0);
            s1 = MultiplyEight(u2, v2, q2, s1);
            s2 = MultiplyEight(u2, v2, r2, s2);
            s0 = MultiplyEight(u3, v3, p3, s0);
            s1 = MultiplyEight(u3, v3, q3, s1);
            s2 = MultiplyEight(u3, v3, r3, s2);
            x += 2 * DownWarps * DownInputs;
            w += 2 * DownWarps * DownInputs;
        }
        // Fragments as they lie in registers: 16 bytes a lane, side by side.
        int at = warp * DownFloats + 4 * lane;
        VectorInstructions.StoreShared(ref shared[at], 0, s0);
        VectorInstructions.StoreShared(ref shared[at], 4 * FragmentFloats, s1);
        VectorInstructions.StoreShared(ref shared[at], 8 * FragmentFloats, s2);
        Group.Barrier(); // all warps have written their sums
        if (warp < DownRanks / 8)
            KeepInner(a, m, Grid.IdxY * DownRanks + 8 * warp + 2 * (lane & 3), AddWarps(ref shared[warp * FragmentFloats + 4 * lane]));
    }

    /// <summary>A lane's four sums of all warps, from the first warp on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 AddWarps(ref float from)
    {
        const int next = 4 * DownFloats;
        Float4 sum = VectorInstructions.LoadShared(ref from, 0);
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, next));
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, 2 * next));
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, 3 * next));
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, 4 * next));
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, 5 * next));
        sum = Linear.Add(sum, VectorInstructions.LoadShared(ref from, 6 * next));
        return Linear.Add(sum, VectorInstructions.LoadShared(ref from, 7 * next));
    }

    // Two neighbours of row m and of the eighth row behind it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void KeepInner(LoraArguments a, int m, int j, Float4 sum)
    {
        uint* to = (uint*)a.Scratch.Address + (m * a.Rank + j) / 2;
        if (j >= a.Rank)
            return;
        if (m < a.Rows)
            to[0] = TensorInstructions.Pack(a.Scale * sum.Y, a.Scale * sum.X);
        if (m + 8 < a.Rows)
            to[4 * a.Rank] = TensorInstructions.Pack(a.Scale * sum.W, a.Scale * sum.Z);
    }

    static void UpV2(LoraArguments a)
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, group = lane >> 2;
        int m = Grid.IdxX * (UpRows * UpWarps) + warp * UpRows, n = Grid.IdxY * UpColumns;
        if (m >= a.Rows)
            return;
        m += group;
        // Fragments 2q and 2q + 1 have columns 16q to 16q + 15; a lane's two of each are four neighbours.
        int column = n + 4 * (lane & 3);
        FragmentRow y;
        if (a.Y.Type == ActivationType.F32)
            y = LoadOutputs<F32Activations>(a, m, column);
        else
            y = LoadOutputs<BF16Activations>(a, m, column);
        int j0 = 8 * (lane & 3), b = (n + 4 * (group >> 1) + (group & 1)) * a.Rank + j0;
        int x0 = Row(m, a.Rows, a.Rank) + j0, x1 = Row(m + 8, a.Rows, a.Rank) + j0;
        for (int j = 0; j < a.Rank; j += DirectInputs)
        {
            Bits4 upper = default, lower = default;
            UpWeights w = default;
            if (j + j0 < a.Rank)
            {
                upper = Eight(a.Scratch.Address, x0 + j);
                lower = Eight(a.Scratch.Address, x1 + j);
                w = LoadWeights(a, b + j);
            }
            y = MultiplyRow(upper, lower, w, y);
        }
        if (a.Y.Type == ActivationType.F32)
            StoreOutputs<F32Activations>(a, m, column, y);
        else
            StoreOutputs<BF16Activations>(a, m, column, y);
    }

    // Eight inputs of 64 rows of B, a row of each fragment.
    struct UpWeights
    {
        public Bits4 W0, W1, W2, W3, W4, W5, W6, W7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static UpWeights LoadWeights(LoraArguments a, int b)
    {
        UpWeights w = default;
        w.W0 = Eight(a.B.Values.Address, b);
        w.W1 = Eight(a.B.Values.Address, b + 2 * a.Rank);
        w.W2 = Eight(a.B.Values.Address, b + 16 * a.Rank);
        w.W3 = Eight(a.B.Values.Address, b + 18 * a.Rank);
        w.W4 = Eight(a.B.Values.Address, b + 32 * a.Rank);
        w.W5 = Eight(a.B.Values.Address, b + 34 * a.Rank);
        w.W6 = Eight(a.B.Values.Address, b + 48 * a.Rank);
        w.W7 = Eight(a.B.Values.Address, b + 50 * a.Rank);
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow MultiplyRow(Bits4 upper, Bits4 lower, UpWeights w, FragmentRow sums)
    {
        sums.T0 = MultiplyEight(upper, lower, w.W0, sums.T0);
        sums.T1 = MultiplyEight(upper, lower, w.W1, sums.T1);
        sums.T2 = MultiplyEight(upper, lower, w.W2, sums.T2);
        sums.T3 = MultiplyEight(upper, lower, w.W3, sums.T3);
        sums.T4 = MultiplyEight(upper, lower, w.W4, sums.T4);
        sums.T5 = MultiplyEight(upper, lower, w.W5, sums.T5);
        sums.T6 = MultiplyEight(upper, lower, w.W6, sums.T6);
        sums.T7 = MultiplyEight(upper, lower, w.W7, sums.T7);
        return sums;
    }

    /// <summary>Two products of fragments: a lane has eight inputs of a row, of the eighth row behind it, and of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 MultiplyEight(Bits4 upper, Bits4 lower, Bits4 w, Float4 sums)
    {
        Bits4 first = default, second = default;
        first.X = upper.X;
        first.Y = lower.X;
        first.Z = upper.Y;
        first.W = lower.Y;
        second.X = upper.Z;
        second.Y = lower.Z;
        second.Z = upper.W;
        second.W = lower.W;
        return TensorInstructions.Multiply(second, Fragments.Lower(w), TensorInstructions.Multiply(first, Fragments.Upper(w), sums));
    }

    // Beyond the edge the last row again: nobody stores what comes of it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Row(int row, int rows, int width) => Math.Min(row, rows - 1) * width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Bits4 Eight(long address, int index) => VectorInstructions.Load(ref *(Bits4*)((ushort*)address + index));

    /// <summary>16 × 64 outputs as fragments: four times four neighbours of a row, and of the eighth row behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow LoadOutputs<TFormat>(LoraArguments a, int m, int column) where TFormat : struct, IActivationFormat
    {
        FragmentRow y = default;
        int upper = m * a.Outputs + column, lower = upper + 8 * a.Outputs;
        FourQuads u = default, v = default;
        // Beyond the edge nothing, not the last row again: another lane writes that.
        if (m < a.Rows)
            u = LoadQuads<TFormat>(a, upper);
        if (m + 8 < a.Rows)
            v = LoadQuads<TFormat>(a, lower);
        y.T0 = Four(u.Q0.X, u.Q0.Y, v.Q0.X, v.Q0.Y);
        y.T1 = Four(u.Q0.Z, u.Q0.W, v.Q0.Z, v.Q0.W);
        y.T2 = Four(u.Q1.X, u.Q1.Y, v.Q1.X, v.Q1.Y);
        y.T3 = Four(u.Q1.Z, u.Q1.W, v.Q1.Z, v.Q1.W);
        y.T4 = Four(u.Q2.X, u.Q2.Y, v.Q2.X, v.Q2.Y);
        y.T5 = Four(u.Q2.Z, u.Q2.W, v.Q2.Z, v.Q2.W);
        y.T6 = Four(u.Q3.X, u.Q3.Y, v.Q3.X, v.Q3.Y);
        y.T7 = Four(u.Q3.Z, u.Q3.W, v.Q3.Z, v.Q3.W);
        return y;
    }

    // Four neighbours in each of four places of a row.
    struct FourQuads
    {
        public Float4 Q0, Q1, Q2, Q3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads LoadQuads<TFormat>(LoraArguments a, int index) where TFormat : struct, IActivationFormat
    {
        FourQuads quads = default;
        quads.Q0 = TFormat.LoadQuad(a.Y, index);
        quads.Q1 = TFormat.LoadQuad(a.Y, index + 16);
        quads.Q2 = TFormat.LoadQuad(a.Y, index + 32);
        quads.Q3 = TFormat.LoadQuad(a.Y, index + 48);
        return quads;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Four(float x, float y, float z, float w)
    {
        Float4 four = default;
        four.X = x;
        four.Y = y;
        four.Z = z;
        four.W = w;
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreOutputs<TFormat>(LoraArguments a, int m, int column, FragmentRow y) where TFormat : struct, IActivationFormat
    {
        int upper = m * a.Outputs + column, lower = upper + 8 * a.Outputs;
        if (m < a.Rows)
        {
            TFormat.StoreQuad(a.Y, upper, Four(y.T0.X, y.T0.Y, y.T1.X, y.T1.Y));
            TFormat.StoreQuad(a.Y, upper + 16, Four(y.T2.X, y.T2.Y, y.T3.X, y.T3.Y));
            TFormat.StoreQuad(a.Y, upper + 32, Four(y.T4.X, y.T4.Y, y.T5.X, y.T5.Y));
            TFormat.StoreQuad(a.Y, upper + 48, Four(y.T6.X, y.T6.Y, y.T7.X, y.T7.Y));
        }
        if (m + 8 < a.Rows)
        {
            TFormat.StoreQuad(a.Y, lower, Four(y.T0.Z, y.T0.W, y.T1.Z, y.T1.W));
            TFormat.StoreQuad(a.Y, lower + 16, Four(y.T2.Z, y.T2.W, y.T3.Z, y.T3.W));
            TFormat.StoreQuad(a.Y, lower + 32, Four(y.T4.Z, y.T4.W, y.T5.Z, y.T5.W));
            TFormat.StoreQuad(a.Y, lower + 48, Four(y.T6.Z, y.T6.W, y.T7.Z, y.T7.W));
        }
    }
}
