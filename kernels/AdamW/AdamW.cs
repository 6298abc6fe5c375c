// AdamW: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="AdamW"/>. n elements of one parameter. The constants are double, as in the reference: each is rounded to f32
/// once.
/// </summary>
public struct AdamWArguments
{
    /// <summary>[n] f32 master weights: updated.</summary>
    public View<float> Values;

    /// <summary>[n] bf16 copy of the updated weights (2n bytes), or none.</summary>
    public View<byte> Rounded;

    /// <summary>[n] gradient.</summary>
    public View<float> Gradient;

    /// <summary>[n] running mean of the gradient: updated.</summary>
    public View<float> FirstMoment;

    /// <summary>[n] running mean of the gradient's square: updated.</summary>
    public View<float> SecondMoment;

    /// <summary>n, elements.</summary>
    public int Count;

    /// <summary>Learning rate of this step.</summary>
    public double LearningRate;

    /// <summary>β₁: what the first moment keeps.</summary>
    public double Beta1;

    /// <summary>β₂: what the second moment keeps.</summary>
    public double Beta2;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon;

    /// <summary>Decoupled weight decay; 0 for biases and norms.</summary>
    public double WeightDecay;

    /// <summary>1 − β₁ᵗ at the t-th step, counted from 1.</summary>
    public double Correction1;

    /// <summary>1 − β₂ᵗ at the t-th step, counted from 1.</summary>
    public double Correction2;

    /// <summary>Multiplies the gradient first: the clipping of its norm.</summary>
    public double GradientScale;
}

/// <summary>
/// One step of AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101; torch.optim.AdamW, in its order of operations).
/// </summary>
public static partial class AdamW
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<AdamWArguments> ForwardOperation = new("AdamW", Check,
        Rung.Host<AdamWArguments>("Host", HostForward),
        Rung.Gpu<AdamWArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Count));

    /// <summary>Updates weights and moments.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other, or a constant is out of its range.</exception>
    public static void Forward(Device device, in AdamWArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(AdamWArguments a)
    {
        const string name = "AdamW";
        Require.Elements(name, "n", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.Values), a.Values.Length, a.Count, "n");
        Require.OptionalLength(name, nameof(a.Rounded), a.Rounded.Length, 2L * a.Count, "2n bytes");
        Require.Length(name, nameof(a.Gradient), a.Gradient.Length, a.Count, "n");
        Require.Length(name, nameof(a.FirstMoment), a.FirstMoment.Length, a.Count, "n");
        Require.Length(name, nameof(a.SecondMoment), a.SecondMoment.Length, a.Count, "n");
        Require.That(a.Beta1 is >= 0 and < 1, name, nameof(a.Beta1), "at least 0 and less than 1", a.Beta1);
        Require.That(a.Beta2 is >= 0 and < 1, name, nameof(a.Beta2), "at least 0 and less than 1", a.Beta2);
        Require.That(a.Epsilon > 0, name, nameof(a.Epsilon), "more than 0", a.Epsilon);
        Require.That(a.Correction1 is > 0 and <= 1, name, nameof(a.Correction1), "more than 0 and at most 1", a.Correction1);
        Require.That(a.Correction2 is > 0 and <= 1, name, nameof(a.Correction2), "more than 0 and at most 1", a.Correction2);
    }
}
