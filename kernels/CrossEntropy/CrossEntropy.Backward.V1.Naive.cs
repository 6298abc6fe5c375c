// Computes  gradHead[v] += Scale · Σ_t (softmax(head·x[t])ᵥ − [v = label[t]]) · x[t]
// Idea      a thread owns a row of the head and walks the tokens: none writes what another does, and no atomic is needed. For each 128
//           tokens its group first computes, a token each, the logarithm of the sum: the loss and the label's logit
// Numerics  sums in f32, fused multiply-adds, in the order of the tokens, onto what is there
using ILGPU;

namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    static void BackwardV1<TFormat>(CrossEntropyBackwardArguments a) where TFormat : struct, IWeightFormat
    {
        var logSums = SharedMemory.Allocate<float>(GroupSize);
        int thread = Group.IdxX, v = Grid.IdxX * GroupSize + thread, row = v * a.Channels;
        for (int first = 0; first < a.Tokens; first += GroupSize)
        {
            int count = Math.Min(GroupSize, a.Tokens - first);
            Group.Barrier(); // all have read what stood in shared memory
            if (thread < count)
            {
                int label = a.Labels[first + thread];
                logSums[thread] = label < 0 ? 0f : a.Losses[first + thread] + Logit<TFormat>(a, first + thread, label);
            }
            Group.Barrier(); // every row of the head reads all tokens
            for (int i = 0; i < (v < a.Vocabulary ? count : 0); i++)
            {
                int t = first + i, label = a.Labels[t];
                if (label < 0)
                    continue;
                float gradient = a.Scale * (DeviceMath.Exp(Logit<TFormat>(a, t, v) - logSums[i]) - (v == label ? 1f : 0f));
                for (int c = 0; c < a.Channels; c++)
                    a.GradHead[row + c] = ScalarInstructions.FusedMultiplyAdd(gradient, a.X[t * a.Channels + c], a.GradHead[row + c]);
            }
        }
    }

    static float Logit<TFormat>(CrossEntropyBackwardArguments a, int token, int id) where TFormat : struct, IWeightFormat
    {
        float logit = 0f;
        for (int c = 0; c < a.Channels; c++)
            logit = ScalarInstructions.FusedMultiplyAdd(a.X[token * a.Channels + c], TFormat.Load(a.Head, id * a.Channels + c), logit);
        return logit;
    }
}
