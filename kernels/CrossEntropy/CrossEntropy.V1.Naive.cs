// Computes  losses[t] = logsumexp(head·x[t]) − (head·x[t])[label],  gradX = Scale · (Σᵥ softmaxᵥ · head[v] − head[label])
// Idea      a group for each token. First a thread for every 128th logit, with largest and sum in one pass; then 128 probabilities at a
//           time in shared memory, and a thread for every 128th channel of the gradient: a logit is computed twice, and none is stored
// Numerics  a thread scales its sum when its largest logit grows; sums in f32, fused multiply-adds, 128 partial sums left to right
using ILGPU;

namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    static void ForwardV1<TFormat>(CrossEntropyArguments a) where TFormat : struct, IWeightFormat
    {
        var shared = SharedMemory.Allocate<float>(GroupSize);
        var sharedSums = SharedMemory.Allocate<float>(GroupSize);
        int t = Grid.IdxX, thread = Group.IdxX;
        int row = t * a.Channels, channels = a.GradX.Length != 0 ? a.Channels : 0;
        int label = a.Labels[t];
        if (label < 0)
        {
            for (int c = thread; c < channels; c += GroupSize)
                a.GradX[row + c] = 0f;
            if (thread == 0)
                a.Losses[t] = 0f;
            return; // the whole group
        }

        float largest = float.NegativeInfinity, sum = 0f;
        for (int v = thread; v < a.Vocabulary; v += GroupSize)
        {
            float logit = Logit<TFormat>(a, row, v);
            float before = largest;
            largest = logit > before ? logit : before;
            sum = ScalarInstructions.FusedMultiplyAdd(sum, DeviceMath.Exp(before - largest), DeviceMath.Exp(logit - largest));
        }
        shared[thread] = largest;
        sharedSums[thread] = sum;
        Group.Barrier(); // every thread reads the largest logits and the sums of all
        for (int i = 0; i < GroupSize; i++)
            largest = shared[i] > largest ? shared[i] : largest;
        sum = 0f;
        for (int i = 0; i < GroupSize; i++)
            sum = ScalarInstructions.FusedMultiplyAdd(sharedSums[i], DeviceMath.Exp(shared[i] - largest), sum);
        if (thread == 0)
            a.Losses[t] = largest - Logit<TFormat>(a, row, label) + DeviceMath.Log(sum);

        // A thread owns every 128th channel: nobody else reads or writes it.
        for (int c = thread; c < channels; c += GroupSize)
            a.GradX[row + c] = -a.Scale * TFormat.Load(a.Head, label * a.Channels + c);
        float factor = ScalarInstructions.Divide(a.Scale, sum);
        int ids = a.GradX.Length != 0 ? a.Vocabulary : 0;
        for (int first = 0; first < ids; first += GroupSize)
        {
            int count = Math.Min(GroupSize, ids - first);
            Group.Barrier(); // all have read what stood in shared memory
            if (thread < count)
                shared[thread] = factor * DeviceMath.Exp(Logit<TFormat>(a, row, first + thread) - largest);
            Group.Barrier(); // every thread reads the gradients of these logits
            for (int c = thread; c < channels; c += GroupSize)
            {
                float gradient = a.GradX[row + c];
                for (int i = 0; i < count; i++)
                    gradient = ScalarInstructions.FusedMultiplyAdd(shared[i], TFormat.Load(a.Head, (first + i) * a.Channels + c), gradient);
                a.GradX[row + c] = gradient;
            }
        }
    }

    static float Logit<TFormat>(CrossEntropyArguments a, int row, int id) where TFormat : struct, IWeightFormat
    {
        float logit = 0f;
        for (int c = 0; c < a.Channels; c++)
            logit = ScalarInstructions.FusedMultiplyAdd(a.X[row + c], TFormat.Load(a.Head, id * a.Channels + c), logit);
        return logit;
    }
}
