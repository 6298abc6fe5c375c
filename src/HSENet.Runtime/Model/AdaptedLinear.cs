// A linear layer of the decoder with its low-rank adapter, if it has one: y = W·x + (alpha/r)·B(A·x).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A decoder linear without bias, and LoRA beside it when the folder has it unmerged.</summary>
sealed class AdaptedLinear
{
    readonly LinearLayer _base;
    readonly Weights _a, _b;
    readonly LoraConfig? _lora;

    public AdaptedLinear(WeightStore weights, string name, int inputs, int outputs, LoraConfig? lora)
    {
        _base = LinearLayer.Bind(weights, name, inputs, outputs, bias: false);
        // An adapter need not cover every layer.
        if (lora is null || !weights.Has($"{name}.lora_A.weight"))
            return;
        _lora = lora;
        _a = weights.Matrix($"{name}.lora_A.weight", lora.R, inputs);
        _b = weights.Matrix($"{name}.lora_B.weight", outputs, lora.R);
    }

    /// <summary>Whether an adapter stands beside the weights, so that nothing can be fused behind the product.</summary>
    public bool Adapted => _lora is not null;

    /// <summary>y = residual + activation(W·x + adapter); an activation only without an adapter.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="scratch">[rows, r]; not read without an adapter.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">[rows, outputs].</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="residual">[rows, outputs] or none; may be y.</param>
    /// <param name="activation">What is done with a sum before it is stored.</param>
    public void Forward(in Pass pass, View<float> scratch, View<float> x, View<float> y, int rows, View<float> residual = default, LinearActivation activation = LinearActivation.None)
    {
        _base.Forward(pass.Device, x, y, rows, residual, activation);
        if (_lora is not null)
            Lora.Forward(pass.Device, new LoraArguments
            {
                X = x,
                A = _a,
                B = _b,
                Scratch = scratch.Slice(0, (long)rows * _lora.R),
                Y = y,
                Rows = rows,
                Inputs = _base.Inputs,
                Outputs = _base.Outputs,
                Rank = _lora.R,
                Scale = _lora.Scale,
            });
    }
}
