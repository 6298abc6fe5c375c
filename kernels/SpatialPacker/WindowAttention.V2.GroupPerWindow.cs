// Computes  map[w] = softmax(Q[w]·K[window w]ᵀ/√D),  y[w] = dropout(map[w])·V[window w]
// Idea      a group computes a window. A warp takes every eighth patch: neighbouring lanes read neighbouring channels, four in a load. The
//           weights stay in shared memory; then a thread sums up four channels of the window's values
// Numerics  scores: 32 sums of every 32nd four products with fused multiply-adds, then a butterfly; the largest score is subtracted before
//           exp; the window's sums in the order of its patches; dropout's factor comes last
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowAttention
{
    const int WindowThreads = 256, WindowWarps = WindowThreads / 32, LargestWindow = 128;

    static Rung<WindowAttentionArguments> GroupPerWindow<TFormat>(Action<WindowAttentionArguments> kernel)
        where TFormat : struct, IActivationFormat => Rung.Gpu("V2.GroupPerWindow", kernel) with
        {
            Activations = TFormat.Type,
            Group = WindowThreads,
            Launch = static a => new(a.Grid.Windows),
            Accepts = static a => a.K.Type == TFormat.Type && a.Y.Type == TFormat.Type && a.Grid.Window <= LargestWindow
                && a.Channels % 4 == 0
                && (a.Q.Address | a.K.Address | a.V.Address | a.Y.Address) % 16 == 0,
            Claims = new() { NoBankConflicts = true },
        };

    static void ForwardV2<TFormat>(WindowAttentionArguments a) where TFormat : struct, IActivationFormat
    {
        var scores = SharedMemory.Allocate<float>(LargestWindow);
        var weights = SharedMemory.Allocate<float>(LargestWindow + 4);
        var rows = SharedMemory.Allocate<int>(LargestWindow + 4);
        int window = ILGPU.Grid.IdxX, thread = Group.IdxX, lane = thread & 31;
        WindowGrid grid = a.Grid;
        int query = window * a.Channels, count = grid.Window, map = window * count;
        // Where the patches lie; behind the last it is that one again, up to a whole number of fours.
        if (thread < count + 4)
            rows[thread] = grid.Patch(window, Math.Min(thread, count - 1)) * a.Channels;
        Group.Barrier(); // all rows are known
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        for (int i = thread >> 5; i < count; i += WindowWarps)
        {
            int key = rows[i];
            float score = 0f;
            for (int d = 4 * lane; d < a.Channels; d += 128)
                score = WeightVectors.Dot(WeightVectors.Inputs(a.Q, query + d), TFormat.LoadQuad(a.K, key + d), score);
            score = WarpSums.Sum(score);
            if (lane == 0)
                scores[i] = score * scale;
        }
        Group.Barrier(); // all scores of the window are there

        float largest = float.NegativeInfinity, sum = 0f;
        for (int i = 0; i < count; i++)
            largest = MathF.Max(largest, scores[i]);
        for (int i = 0; i < count; i++)
            sum += DeviceMath.Exp(scores[i] - largest);
        float kept = ScalarInstructions.Divide(1f, 1f - a.DropoutRate);
        if (thread < count)
        {
            float weight = ScalarInstructions.Divide(DeviceMath.Exp(scores[thread] - largest), sum);
            a.Map[map + thread] = weight;
            weights[thread] = DropoutMask.Factor(a.DropoutSeed, map + thread, a.DropoutRate) == 0f ? 0f : weight;
        }
        else if (thread < count + 4)
            weights[thread] = 0f;
        Group.Barrier(); // all weights are there
        for (int d = 4 * thread; d < a.Channels; d += 4 * WindowThreads)
        {
            Float4 y = default;
            for (int i = 0; i < count; i += 4)
            {
                Float4 v0 = TFormat.LoadQuad(a.V, rows[i] + d), v1 = TFormat.LoadQuad(a.V, rows[i + 1] + d),
                    v2 = TFormat.LoadQuad(a.V, rows[i + 2] + d), v3 = TFormat.LoadQuad(a.V, rows[i + 3] + d);
                y = Attention.MultiplyAdd(weights[i], v0, y);
                y = Attention.MultiplyAdd(weights[i + 1], v1, y);
                y = Attention.MultiplyAdd(weights[i + 2], v2, y);
                y = Attention.MultiplyAdd(weights[i + 3], v3, y);
            }
            y.X *= kept;
            y.Y *= kept;
            y.Z *= kept;
            y.W *= kept;
            TFormat.StoreQuad(a.Y, query + d, y);
        }
    }
}
