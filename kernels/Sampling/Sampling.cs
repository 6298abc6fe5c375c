// Sampling: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Sampling"/>. V ids of the vocabulary.</summary>
public struct SamplingArguments
{
    /// <summary>[V] logits of the last position; numbers or −∞ (never chosen unless all are).</summary>
    public View<float> Logits;

    /// <summary>
    /// [V] after a launch with a temperature: what each kept id weighs, e^((logit − largest) / temperature), and 0 for the others;
    /// divided by their sum these are the probabilities. Not used, and may be none, at temperature 0.
    /// </summary>
    public View<float> Scratch;

    /// <summary>What stages of a launch pass on; the launch fills it in.</summary>
    public View<byte> Parts;

    /// <summary>[1] the chosen id.</summary>
    public View<int> Id;

    /// <summary>V, at most 2^24.</summary>
    public int Vocabulary;

    /// <summary>How many of the most probable ids stay; 0: all.</summary>
    public int TopK;

    /// <summary>Divides the logits; 0: the id of the largest logit, whatever else is set.</summary>
    public float Temperature;

    /// <summary>Of those the smallest number of most probable ids stays whose probability reaches this; 1: all.</summary>
    public float TopP;

    /// <summary>Random number in [0, 1) that chooses among the ids that stay.</summary>
    public float Uniform;
}

/// <summary>
/// The next id from logits: temperature, then top-k, then top-p, in the order of transformers' generate. Of equal logits the
/// lower id counts as the more probable. The chosen id is the first, in the order of ids, at which the summed probability of the kept
/// ids exceeds <see cref="SamplingArguments.Uniform"/>.
/// </summary>
public static partial class Sampling
{
    const int GroupSize = 128;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SamplingArguments> ForwardOperation = new("Sampling", Check,
        Rung.Host<SamplingArguments>("Host", HostForward),
        Rung.Gpu<SamplingArguments>("V1.Naive", ForwardV1) with
        {
            Group = GroupSize,
            Launch = static _ => new(1),
            Claims = new() { NoBankConflicts = true },
        },
        Greedy(),
        Histogram());

    /// <summary>Chooses an id.</summary>
    /// <exception cref="KernelArgumentException">Sizes or options are out of range; on the host also a logit that is not a
    /// number.</exception>
    public static void Forward(Device device, in SamplingArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(SamplingArguments a)
    {
        const string name = "Sampling";
        Require.Positive(name, nameof(a.Vocabulary), a.Vocabulary);
        // Ids are counted in f32, which is exact up to here.
        Require.That(a.Vocabulary <= 1 << 24, name, nameof(a.Vocabulary), "at most 2^24", a.Vocabulary);
        Require.Length(name, nameof(a.Logits), a.Logits.Length, a.Vocabulary, "V");
        Require.Length(name, nameof(a.Id), a.Id.Length, 1, "1");
        Require.That(a.Temperature >= 0 && float.IsFinite(a.Temperature), name, nameof(a.Temperature), "0 or more", a.Temperature);
        if (a.Temperature == 0)
            return;
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, a.Vocabulary, "V");
        Require.That(a.TopK >= 0, name, nameof(a.TopK), "0 or more", a.TopK);
        Require.That(a.TopP is > 0 and <= 1, name, nameof(a.TopP), "more than 0 and at most 1", a.TopP);
        Require.That(a.Uniform is >= 0 and < 1, name, nameof(a.Uniform), "at least 0 and less than 1", a.Uniform);
    }
}
