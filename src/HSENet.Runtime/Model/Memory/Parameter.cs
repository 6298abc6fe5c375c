// A tensor that is trained: its master values, the copy that kernels read, its gradient and the optimizer's moments.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What is to be trained, before anything is allocated.</summary>
/// <param name="Name">This project's name of the tensor.</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a scalar.</param>
/// <param name="Decays">Whether weight decay applies: to everything but biases and norms.</param>
sealed record TrainableTensor(string Name, long[] Shape, bool Decays)
{
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Whether kernels read it as a matrix, which may be bf16; vectors are always f32.</summary>
    public bool IsMatrix => Shape.Count(size => size > 1) > 1;

    public static TrainableTensor Of(string name, params long[] shape) => new(name, shape, DecaysByName(name));

    /// <summary>The reference's groups: no decay for biases and for the parameters of norms, whose names hold "norm" in any case.</summary>
    public static bool DecaysByName(string name) =>
        !name.EndsWith(".bias", StringComparison.Ordinal)
            && !name[..Math.Max(0, name.LastIndexOf('.'))].Split('.')[^1].Contains("norm", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A trained tensor on the device; all views but <see cref="Rounded"/> are [elements] of f32.</summary>
/// <param name="Name">This project's name of the tensor.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Master values.</param>
/// <param name="Gradient">Gradient of the running step: backward operations add to it.</param>
/// <param name="FirstMoment">AdamW's running mean of the gradient.</param>
/// <param name="SecondMoment">AdamW's running mean of its square.</param>
/// <param name="Rounded">The bf16 copy that kernels read; empty where they read the master values.</param>
/// <param name="Decays">Whether weight decay applies.</param>
sealed record Parameter(
    string Name, long[] Shape, View<float> Values, View<float> Gradient, View<float> FirstMoment, View<float> SecondMoment,
        View<byte> Rounded, bool Decays)
{
    /// <summary>What kernels read of a matrix.</summary>
    public Weights Weights => Rounded.IsEmpty ? new Weights(Values) : new Weights(Rounded, WeightType.BF16);
}
