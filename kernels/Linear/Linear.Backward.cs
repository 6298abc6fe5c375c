// Linear.Backward: the gradients of a product, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Linear.Backward"/>. M rows (tokens), K inputs, N outputs. Every gradient is optional; at least one is
/// asked for.</summary>
public struct LinearBackwardArguments
{
    /// <summary>[M, N] gradient of the output before its activation.</summary>
    public View<float> GradY;

    /// <summary>[N, K] weights; needed for <see cref="GradX"/>, and name the rung.</summary>
    public Weights W;

    /// <summary>[M, K] input; needed for <see cref="GradW"/>.</summary>
    public View<float> X;

    /// <summary>[M, K] added to <see cref="GradX"/>, or none; may be GradX.</summary>
    public View<float> Residual;

    /// <summary>[M, K] gradient of the input, or none: overwritten.</summary>
    public View<float> GradX;

    /// <summary>[N, K] gradient of the weights, or none: added to.</summary>
    public View<float> GradW;

    /// <summary>[N] gradient of the bias, or none: added to.</summary>
    public View<float> GradBias;

    /// <summary>M, rows.</summary>
    public int Rows;

    /// <summary>K, inputs.</summary>
    public int Inputs;

    /// <summary>N, outputs.</summary>
    public int Outputs;
}

public static partial class Linear
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<LinearBackwardArguments> BackwardOperation = new("Linear.Backward", Check,
        Rung.Host<LinearBackwardArguments>("Host", HostBackward),
        BackwardRung(BackwardV1<F32Weights>, WeightType.F32),
        BackwardRung(BackwardV1<BF16Weights>, WeightType.BF16),
        BackwardRung(BackwardV1<Int8Weights>, WeightType.Int8));

    /// <summary>gradX = residual + gradY · W (overwritten); gradW += gradYᵀ · x and gradBias += Σ over rows of gradY (added to).</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other, or no gradient is asked for.</exception>
    public static void Backward(Device device, in LinearBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static Rung<LinearBackwardArguments> BackwardRung(Action<LinearBackwardArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel).WithThreads(128, static a => a.GradX.Length + a.GradW.Length + a.GradBias.Length)
            with
        { Weights = type, Accepts = a => a.W.Type == type };

    static void Check(LinearBackwardArguments a)
    {
        const string name = "Linear.Backward";
        var (input, weights, output) = CheckSizes(name, a.Rows, a.Inputs, a.Outputs);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, output, "M × N");
        Require.OptionalLength(name, nameof(a.GradX), a.GradX.Length, input, "M × K");
        Require.OptionalLength(name, nameof(a.GradW), a.GradW.Length, weights, "N × K");
        Require.OptionalLength(name, nameof(a.GradBias), a.GradBias.Length, a.Outputs, "N");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, a.GradX.Length, "as many as GradX");
        Require.OptionalLength(name, nameof(a.W), a.W.Length, weights, "N × K");
        Require.OptionalLength(name, nameof(a.X), a.X.Length, input, "M × K");
        Require.That(a.GradX.IsEmpty || !a.W.IsEmpty, name, nameof(a.W), "N × K weights when GradX is asked for", a.W.Length);
        Require.That(a.GradW.IsEmpty || !a.X.IsEmpty, name, nameof(a.X), "M × K inputs when GradW is asked for", a.X.Length);
        long gradients = a.GradX.Length + a.GradW.Length + a.GradBias.Length;
        Require.That(gradients > 0, name, nameof(a.GradX), "at least one gradient", gradients);
        Require.Indexable(name, "elements of all gradients", gradients);
        Require.ScaleGroups(name, nameof(a.Inputs), a.Inputs, a.W.Type);
    }
}
