// Sampling in double precision: sorts all ids and takes them from the top.
namespace HSENet.Kernels;

public static partial class Sampling
{
    /// <summary>
    /// The chosen id, the weights of all ids as in <see cref="SamplingArguments.Scratch"/>, and the smallest distance, as a share of the
    /// summed weight, from a boundary at which top-p or the choice would fall on a neighbour. The arguments must lie in host memory.
    /// </summary>
    internal static (int Id, double[] Weights, double Margin) Reference(in SamplingArguments a)
    {
        var logits = a.Logits.AsSpan().ToArray();
        int[] order = [.. Enumerable.Range(0, a.Vocabulary).OrderByDescending(id => logits[id]).ThenBy(id => id)];
        if (a.Temperature == 0 || float.IsInfinity(logits[order[0]]))
            return (order[0], [], 1);

        double temperature = a.Temperature, largest = logits[order[0]], margin = 1;
        var weights = Array.ConvertAll(logits, logit => Math.Exp((logit - largest) / temperature));
        int kept = a.TopK == 0 ? a.Vocabulary : Math.Min(a.TopK, a.Vocabulary);
        if (a.TopP < 1)
        {
            double all = order.Take(kept).Sum(id => weights[id]), sum = 0;
            int count = 0;
            while (count < kept && sum < a.TopP * all)
            {
                sum += weights[order[count++]];
                margin = Math.Min(margin, Math.Abs(sum / all - a.TopP));
            }
            kept = count;
        }
        foreach (int id in order.Skip(kept))
            weights[id] = 0;

        double total = weights.Sum(), passed = 0;
        for (int id = 0; id < a.Vocabulary; id++)
        {
            passed += weights[id];
            if (weights[id] > 0)
                margin = Math.Min(margin, Math.Abs(passed / total - a.Uniform));
            if (passed > a.Uniform * total)
                return (id, weights, margin);
        }
        return (order[0], weights, 0);
    }
}
