// The small layers that every part of the model is made of: a linear layer, a LayerNorm and an RMSNorm, with their weights.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A linear layer: weights [outputs, inputs] and an optional bias.</summary>
readonly record struct LinearLayer(Weights W, View<float> Bias, int Inputs, int Outputs)
{
    /// <summary>Gradients of weights and bias, added to; empty where they are frozen.</summary>
    public View<float> GradW { get; init; }

    /// <inheritdoc cref="GradW"/>
    public View<float> GradBias { get; init; }

    /// <summary>Binds <c>name.weight</c>, and <c>name.bias</c> unless told otherwise.</summary>
    public static LinearLayer Bind(WeightStore weights, string name, int inputs, int outputs, bool bias = true) => new(
        weights.Matrix(name + ".weight", outputs, inputs), bias ? weights.Vector(name + ".bias", outputs) : default, inputs, outputs)
    {
        GradW = weights.Gradient(name + ".weight"),
        GradBias = bias ? weights.Gradient(name + ".bias") : default,
    };

    /// <summary>y = residual + activation(x · Wᵀ + bias) for <paramref name="rows"/> rows.</summary>
    public void Forward(Device device, Activations x, Activations y, int rows, View<float> residual = default,
        LinearActivation activation = LinearActivation.None) =>
        Linear.Forward(device, new LinearArguments
        {
            X = x,
            W = W,
            Bias = Bias,
            Residual = residual,
            Y = y,
            Rows = rows,
            Inputs = Inputs,
            Outputs = activation == LinearActivation.SwiGlu ? Outputs / 2 : Outputs,
            Activation = activation,
        });

    /// <summary>hidden = gelu(x · Wᵀ + bias); a training forward also keeps the sums before the activation in
    /// <paramref name="up"/>.</summary>
    public void ForwardGelu(Device device, Activations x, View<float> up, Activations hidden, int rows)
    {
        if (up.IsEmpty)
        {
            Forward(device, x, hidden, rows, activation: LinearActivation.Gelu);
            return;
        }
        Forward(device, x, up, rows);
        Gelu.Forward(device, new GeluArguments { X = up, Y = hidden.Floats, Count = (int)hidden.Length });
    }

    /// <summary>
    /// gradX = residual + gradY · W, overwritten; the weights' gradients are added to where they are trained. Nothing runs when nobody
    /// wants anything.
    /// </summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="gradY">[rows, outputs] gradient of the output before its activation.</param>
    /// <param name="x">[rows, inputs] input of the forward; may be empty where the weights are frozen.</param>
    /// <param name="gradX">[rows, inputs] or none.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="residual">[rows, inputs] or none; may be gradX.</param>
    public void Backward(Device device, View<float> gradY, View<float> x, View<float> gradX, int rows, View<float> residual = default)
    {
        if (gradX.IsEmpty && GradW.IsEmpty && GradBias.IsEmpty)
            return;
        Linear.Backward(device, new LinearBackwardArguments
        {
            GradY = gradY,
            W = W,
            X = GradW.IsEmpty ? default : x,
            Residual = residual,
            GradX = gradX,
            GradW = GradW,
            GradBias = GradBias,
            Rows = rows,
            Inputs = Inputs,
            Outputs = Outputs,
        });
    }

    /// <summary>The gradients of <see cref="ForwardGelu"/>; the gradient of the hidden values becomes that before the activation, in
    /// place.</summary>
    public void BackwardGelu(Device device, View<float> up, View<float> gradHidden, View<float> x, View<float> gradX, int rows,
        View<float> residual = default)
    {
        Gelu.Backward(device, new GeluBackwardArguments { X = up, GradY = gradHidden, GradX = gradHidden, Count = (int)gradHidden.Length });
        Backward(device, gradHidden, x, gradX, rows, residual);
    }
}

/// <summary>A LayerNorm.</summary>
readonly record struct LayerNormLayer(View<float> Gamma, View<float> Beta, int Channels, float Epsilon)
{
    /// <summary>Gradients of scale and shift, added to; empty where they are frozen.</summary>
    public View<float> GradGamma { get; init; }

    /// <inheritdoc cref="GradGamma"/>
    public View<float> GradBeta { get; init; }

    /// <summary>Binds <c>name.weight</c> and <c>name.bias</c>.</summary>
    public static LayerNormLayer Bind(WeightStore weights, string name, int channels, float epsilon) =>
        new(weights.Vector(name + ".weight", channels), weights.Vector(name + ".bias", channels), channels, epsilon)
        {
            GradGamma = weights.Gradient(name + ".weight"),
            GradBeta = weights.Gradient(name + ".bias"),
        };

    /// <summary>Normalises <paramref name="rows"/> rows; y may be x.</summary>
    public void Forward(Device device, View<float> x, Activations y, int rows) => LayerNorm.Forward(device, new LayerNormArguments
    {
        X = x,
        Gamma = Gamma,
        Beta = Beta,
        Y = y,
        Rows = rows,
        Channels = Channels,
        Epsilon = Epsilon,
    });

    /// <summary>gradX = residual + what comes back through the norm, overwritten; the gradients of scale and shift are added to where they
    /// are trained.</summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="x">[rows, channels] input of the forward.</param>
    /// <param name="gradY">[rows, channels]; not gradX.</param>
    /// <param name="gradX">[rows, channels].</param>
    /// <param name="scratch">At least <see cref="LayerNorm.BackwardScratch"/> floats; not used where scale and shift are frozen.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="residual">[rows, channels] or none; may be gradX.</param>
    public void Backward(Device device, View<float> x, View<float> gradY, View<float> gradX, View<float> scratch, int rows,
        View<float> residual = default) =>
        LayerNorm.Backward(device, new LayerNormBackwardArguments
        {
            X = x,
            Gamma = Gamma,
            GradY = gradY,
            Residual = residual,
            GradX = gradX,
            GradGamma = GradGamma,
            GradBeta = GradBeta,
            Scratch = GradGamma.IsEmpty && GradBeta.IsEmpty ? default : scratch.Slice(0, LayerNorm.BackwardScratch(rows, Channels)),
            Rows = rows,
            Channels = Channels,
            Epsilon = Epsilon,
        });
}

/// <summary>An RMSNorm.</summary>
readonly record struct RmsNormLayer(View<float> Gamma, int Channels, float Epsilon)
{
    /// <summary>Gradient of the scale, added to; empty where it is frozen.</summary>
    public View<float> GradGamma { get; init; }

    /// <summary>Binds <c>name.weight</c>.</summary>
    public static RmsNormLayer Bind(WeightStore weights, string name, int channels, float epsilon) =>
        new(weights.Vector(name + ".weight", channels), channels, epsilon) { GradGamma = weights.Gradient(name + ".weight") };

    /// <summary>Normalises <paramref name="rows"/> rows; y may be x.</summary>
    public void Forward(Device device, View<float> x, Activations y, int rows) => RmsNorm.Forward(device, new RmsNormArguments
    {
        X = x,
        Gamma = Gamma,
        Y = y,
        Rows = rows,
        Channels = Channels,
        Epsilon = Epsilon,
    });

    /// <summary>gradX = residual + what comes back through the norm, overwritten; the gradient of the scale is added to where it is
    /// trained.</summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="x">[rows, channels] input of the forward.</param>
    /// <param name="gradY">[rows, channels]; not gradX.</param>
    /// <param name="gradX">[rows, channels].</param>
    /// <param name="scratch">At least <see cref="RmsNorm.BackwardScratch"/> floats; not used where the scale is frozen.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="residual">[rows, channels] or none; may be gradX.</param>
    public void Backward(Device device, View<float> x, View<float> gradY, View<float> gradX, View<float> scratch, int rows,
        View<float> residual = default) =>
        RmsNorm.Backward(device, new RmsNormBackwardArguments
        {
            X = x,
            Gamma = Gamma,
            GradY = gradY,
            Residual = residual,
            GradX = gradX,
            GradGamma = GradGamma,
            Scratch = GradGamma.IsEmpty ? default : scratch.Slice(0, RmsNorm.BackwardScratch(rows, Channels)),
            Rows = rows,
            Channels = Channels,
            Epsilon = Epsilon,
        });
}
