// Computes  InfoNCE over rows and columns of logits = scale · images·textsᵀ, the mean of (frozen − logits)², and their gradients
// Idea      three products on Linear's own host rungs; what is between them is N² small against N²·C, a row or a column an item
// Numerics  products as Linear's; the logarithm of a sum is rounded once more before it is subtracted in an exponent
namespace HSENet.Kernels;

public static partial class ContrastiveLoss
{
    static unsafe void HostForward(HostDevice device, ContrastiveLossArguments a)
    {
        int n = a.Rows;
        View<float> cosines = a.Scratch.Slice(0, (long)n * n), gradient = a.Scratch.Slice((long)n * n, (long)n * n);
        var sums = new HostSums(a);
        Linear.HostForward(device, new LinearArguments
        {
            X = a.Images,
            W = new Weights(a.Texts),
            Y = cosines,
            Rows = n,
            Inputs = a.Channels,
            Outputs = n
        });
        float scale = a.LogitScale.Pointer[0];
        for (long i = 0; i < cosines.Length; i++)
            a.Logits.Pointer[i] = scale * cosines.Pointer[i];
        device.For(2 * n, new LogSumWork(a, sums));
        device.For(n, new GradientWork(a, sums, cosines.Pointer, gradient.Pointer));

        float contrastive = 0, relation = 0, gradScale = 0;
        for (int i = 0; i < n; i++)
        {
            float diagonal = a.Logits.Pointer[(long)i * n + i];
            contrastive += sums.LogSums[i] - diagonal + (sums.LogSums[n + i] - diagonal);
            relation += sums.Relation[i];
            gradScale += sums.GradScale[i];
        }
        a.Loss.Pointer[0] = contrastive / (2 * n);
        a.Loss.Pointer[1] = relation / ((float)n * n);
        if (!a.GradLogitScale.IsEmpty)
            a.GradLogitScale.Pointer[0] += gradScale;
        if (!a.GradImages.IsEmpty)
            Linear.HostProduct(device, new LinearArguments
            {
                X = gradient,
                W = new Weights(a.Texts),
                Y = a.GradImages,
                Rows = n,
                Inputs = n,
                Outputs = a.Channels
            }, across: true);
        if (a.GradTexts.IsEmpty)
            return;
        a.GradTexts.AsSpan().Clear();
        Linear.HostAddOuter(device, gradient, a.Images, a.GradTexts, n, a.Channels, n);
    }

    /// <summary>The sums behind the two matrices in the scratch memory.</summary>
    readonly unsafe struct HostSums(in ContrastiveLossArguments a)
    {
        public readonly float* LogSums = a.Scratch.Pointer + 2L * a.Rows * a.Rows; // of rows, then of columns
        public readonly float* Relation = a.Scratch.Pointer + 2L * a.Rows * a.Rows + 2L * a.Rows;
        public readonly float* GradScale = a.Scratch.Pointer + 2L * a.Rows * a.Rows + 3L * a.Rows;
    }

    readonly unsafe struct LogSumWork(ContrastiveLossArguments a, HostSums sums) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int n = a.Rows;
            bool row = index < n;
            float* logits = a.Logits.Pointer + (row ? (long)index * n : index - n);
            int stride = row ? 1 : n;
            float largest = float.NegativeInfinity, sum = 0;
            for (int i = 0; i < n; i++)
                largest = MathF.Max(largest, logits[(long)i * stride]);
            for (int i = 0; i < n; i++)
                sum += DeviceMath.Exp(logits[(long)i * stride] - largest);
            sums.LogSums[index] = largest + DeviceMath.Log(sum);
        }
    }

    /// <summary>A row of scale · gradient of the logits, its share of the relation loss and of the scale's gradient.</summary>
    readonly unsafe struct GradientWork(ContrastiveLossArguments a, HostSums sums, float* cosines, float* gradient) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int n = a.Rows;
            float scale = a.LogitScale.Pointer[0], half = a.Scale * 0.5f / n, pull = a.Scale * a.RelationWeight * 2f / ((float)n * n),
                relation = 0, gradScale = 0;
            float* frozen = a.FrozenLogits.IsEmpty ? null : a.FrozenLogits.Pointer + (long)index * n,
                logits = a.Logits.Pointer + (long)index * n;
            for (int j = 0; j < n; j++)
            {
                float value = half * (DeviceMath.Exp(logits[j] - sums.LogSums[index]) + DeviceMath.Exp(logits[j] - sums.LogSums[n + j])
                    - (index == j ? 2f : 0f));
                if (frozen != null)
                {
                    float difference = logits[j] - frozen[j];
                    relation += difference * difference;
                    value += pull * difference;
                }
                gradScale += value * cosines[(long)index * n + j];
                gradient[(long)index * n + j] = scale * value;
            }
            sums.Relation[index] = relation;
            sums.GradScale[index] = gradScale;
        }
    }
}
