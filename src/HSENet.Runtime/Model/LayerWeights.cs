// The two small layers that every part of the model is made of: a linear layer and a LayerNorm, with their weights.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A linear layer: weights [outputs, inputs] and an optional bias.</summary>
readonly record struct LinearLayer(Weights W, View<float> Bias, int Inputs, int Outputs)
{
    /// <summary>Binds <c>name.weight</c>, and <c>name.bias</c> unless told otherwise.</summary>
    public static LinearLayer Bind(WeightStore weights, string name, int inputs, int outputs, bool bias = true) => new(
        weights.Matrix(name + ".weight", outputs, inputs), bias ? weights.Vector(name + ".bias", outputs) : default, inputs, outputs);

    /// <summary>y = residual + activation(x · Wᵀ + bias) for <paramref name="rows"/> rows.</summary>
    public void Forward(Device device, View<float> x, View<float> y, int rows, View<float> residual = default, LinearActivation activation = LinearActivation.None) =>
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
}

/// <summary>A LayerNorm.</summary>
readonly record struct LayerNormLayer(View<float> Gamma, View<float> Beta, int Channels, float Epsilon)
{
    /// <summary>Binds <c>name.weight</c> and <c>name.bias</c>.</summary>
    public static LayerNormLayer Bind(WeightStore weights, string name, int channels, float epsilon) =>
        new(weights.Vector(name + ".weight", channels), weights.Vector(name + ".bias", channels), channels, epsilon);

    /// <summary>Normalises <paramref name="rows"/> rows; y may be x.</summary>
    public void Forward(Device device, View<float> x, View<float> y, int rows) => LayerNorm.Forward(device, new LayerNormArguments
    {
        X = x,
        Gamma = Gamma,
        Beta = Beta,
        Y = y,
        Rows = rows,
        Channels = Channels,
        Epsilon = Epsilon,
    });
}
