// Computes  gradHead[v] += Scale · Σ_t (softmax(head·x[t])ᵥ − [v = label[t]]) · x[t]
// Idea      rows that count, side by side; for each part of the vocabulary their logits by Linear's product, e^(logit − ln sum), which the
//           forward's loss and the label's logit give, and gradientᵀ · x by Linear's outer product
// Numerics  products as Linear's; the logarithm of a sum is the loss and the label's logit, each rounded once
namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    static unsafe void HostBackward(HostDevice device, CrossEntropyBackwardArguments a)
    {
        // Rows of x, rows of the head that their labels name, logits of a part, and of a row its label and logarithm of the sum.
        float* rows = a.Scratch.Pointer, heads = rows + (long)a.Tokens * a.Channels, logits = heads + (long)a.Tokens * a.Channels;
        float* logSums = a.Scratch.Pointer + a.Scratch.Length - a.Tokens;
        int* labels = (int*)(logSums - a.Tokens);
        int count = 0;
        for (int t = 0; t < a.Tokens; t++)
        {
            int label = a.Labels.Pointer[t];
            Require.That(label < a.Vocabulary, "CrossEntropy.Backward", nameof(a.Labels), "ids below the vocabulary's size", label);
            if (label < 0)
                continue;
            a.X.Slice((long)t * a.Channels, a.Channels).AsSpan().CopyTo(new Span<float>(rows + (long)count * a.Channels, a.Channels));
            (labels[count], logSums[count]) = (label, a.Losses.Pointer[t]);
            count++;
        }
        if (count == 0)
            return;
        var x = new View<float>((long)rows, (long)count * a.Channels);
        device.ForVectors(count, new LogSumWork(a, rows, heads, labels, logSums));
        for (int first = 0; first < a.Vocabulary; first += HostChunk)
        {
            int ids = Math.Min(HostChunk, a.Vocabulary - first);
            var part = new View<float>((long)logits, (long)count * ids);
            Linear.HostProduct(device, new LinearArguments
            {
                X = x,
                W = a.Head.Rows(first, ids, a.Channels),
                Y = part,
                Rows = count,
                Inputs = a.Channels,
                Outputs = ids
            }, across: false);
            device.ForVectors(count, new GradientWork(a.Scale, logits, labels, logSums, first, ids));
            var gradPart = a.GradHead.Slice((long)first * a.Channels, (long)ids * a.Channels);
            Linear.HostAddOuter(device, part, x, gradPart, count, a.Channels, ids);
        }
    }

    /// <summary>A row's logarithm of the sum: the label's logit is added to its loss.</summary>
    readonly unsafe struct LogSumWork(CrossEntropyBackwardArguments a, float* rows, float* heads, int* labels, float* logSums)
        : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            float* head = heads + (long)index * a.Channels, x = rows + (long)index * a.Channels;
            HostVectors.Widen<TVector>(a.Head, (long)labels[index] * a.Channels, head, a.Channels);
            TVector sums = default;
            int c = 0;
            for (; c <= a.Channels - TVector.Count; c += TVector.Count)
                sums = TVector.MultiplyAdd(TVector.Load(head + c), TVector.Load(x + c), sums);
            float logit = TVector.Sum(sums);
            for (; c < a.Channels; c++)
                logit += head[c] * x[c];
            logSums[index] += logit;
        }
    }

    /// <summary>Turns a row's logits of a part of the vocabulary into their gradients.</summary>
    readonly unsafe struct GradientWork(float scale, float* logits, int* labels, float* logSums, int first, int ids) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            float* row = logits + (long)index * ids;
            Exponentials<TVector>(row, ids, logSums[index]);
            int label = labels[index] - first;
            if (label >= 0 && label < ids)
                row[label] -= 1;
            HostVectors.Scale<TVector>(scale, row, row, ids);
        }
    }
}
