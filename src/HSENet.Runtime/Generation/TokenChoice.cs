// Chooses ids from logits, one after another: penalties and filters before the operation that samples, and what is told of each choice.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>The choices of one answer.</summary>
/// <param name="sampling">How ids are chosen.</param>
/// <param name="keepsLogProbabilities">Whether the probability of each choice is kept.</param>
/// <param name="keepsLogits">Whether all logits are.</param>
sealed class TokenChoice(SamplingOptions sampling, bool keepsLogProbabilities = false, bool keepsLogits = false)
{
    readonly List<float[]> _logits = [];
    readonly List<float> _logProbabilities = [];
    readonly HashSet<int> _chosen = [];
    float[] _values = [];
    int _step;

    /// <summary>Logits of each choice [vocabulary] as the model gave them, if they are kept.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Logits =>
        keepsLogits ? [.. _logits.Select(logits => (ReadOnlyMemory<float>)logits)] : null;

    /// <summary>Natural logarithm of what the model gave each chosen id, if it is kept.</summary>
    public IReadOnlyList<float>? LogProbabilities => keepsLogProbabilities ? _logProbabilities : null;

    bool Changes => sampling.RepetitionPenalty != 1 && _chosen.Count > 0 || sampling is { MinP: > 0, Temperature: > 0 };

    /// <summary>The next id; waits for the device.</summary>
    public int Next(in Pass pass, InferencePlan plan, View<float> logits)
    {
        bool changes = Changes;
        if (changes || keepsLogProbabilities || keepsLogits)
        {
            if (_values.Length == 0 || keepsLogits)
                _values = new float[logits.Length];
            pass.Device.Download(logits, _values);
        }
        double logSum = keepsLogProbabilities ? LogSumOfExponentials(_values) : 0;
        if (changes)
        {
            float[] changed = keepsLogProbabilities || keepsLogits ? [.. _values] : _values;
            Change(changed);
            pass.Device.Upload<float>(changed, logits);
        }
        int id = Sample(pass, plan, logits);
        if (keepsLogProbabilities)
            _logProbabilities.Add((float)(_values[id] - logSum));
        if (keepsLogits)
            _logits.Add(_values);
        if (sampling.RepetitionPenalty != 1)
            _chosen.Add(id);
        _step++;
        return id;
    }

    void Change(float[] logits)
    {
        if (sampling.RepetitionPenalty != 1)
            foreach (int id in _chosen)
                logits[id] = logits[id] < 0 ? logits[id] * sampling.RepetitionPenalty : logits[id] / sampling.RepetitionPenalty;
        if (sampling is not { MinP: > 0, Temperature: > 0 })
            return;
        // p ≥ m · largest p, in logits that the temperature still divides.
        float least = logits.Max() + sampling.Temperature * MathF.Log(sampling.MinP);
        for (int i = 0; i < logits.Length; i++)
            if (logits[i] < least)
                logits[i] = float.NegativeInfinity;
    }

    static double LogSumOfExponentials(float[] logits)
    {
        double largest = logits.Max();
        return largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
    }

    int Sample(in Pass pass, InferencePlan plan, View<float> logits)
    {
        var id = pass.Arena.Integers(plan.SampledId);
        Sampling.Forward(pass.Device, new SamplingArguments
        {
            Logits = logits,
            Id = id,
            Scratch = pass[plan.SamplingScratch],
            Vocabulary = (int)logits.Length,
            TopK = sampling.TopK,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            Uniform = sampling.Uniform(_step),
        });
        Span<int> sampled = stackalloc int[1];
        pass.Device.Download(id, sampled);
        return sampled[0];
    }
}
