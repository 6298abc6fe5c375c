// A linear layer of the decoder with its low-rank adapter, if it has one: y = W·x + (alpha/r)·B(A·dropout(x)).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What adapters need beside their input and output. Generation only has the first.</summary>
/// <param name="LowRank">[rows, r], in training [3, rows, r].</param>
/// <param name="Dropped">[rows, widest input] of training with dropout, otherwise empty.</param>
/// <param name="GradDropped">[rows, widest input] likewise.</param>
/// <param name="Seeds">Of the example; off by default.</param>
/// <param name="DropoutRate">Share of an adapter's input that is dropped where the seeds are on.</param>
readonly record struct AdapterScratch(
    View<float> LowRank, View<float> Dropped = default, View<float> GradDropped = default, DropoutSeeds Seeds = default,
        float DropoutRate = 0)
{
    /// <summary>The rate of this pass.</summary>
    public float Rate => Seeds.Rate(DropoutRate);
}

/// <summary>A decoder linear without bias, and LoRA beside it when the folder has it unmerged.</summary>
sealed class AdaptedLinear
{
    readonly LinearLayer _base;
    readonly Weights _a, _b;
    readonly View<float> _gradA, _gradB;
    readonly LoraConfig? _lora;
    readonly long _site;

    public AdaptedLinear(WeightStore weights, string name, int inputs, int outputs, LoraConfig? lora)
    {
        _base = LinearLayer.Bind(weights, name, inputs, outputs, bias: false);
        // An adapter need not cover every layer.
        if (lora is null || !weights.Has($"{name}.lora_A.weight"))
            return;
        _lora = lora;
        _a = weights.Matrix($"{name}.lora_A.weight", lora.R, inputs);
        _b = weights.Matrix($"{name}.lora_B.weight", outputs, lora.R);
        (_gradA, _gradB) = (weights.Gradient($"{name}.lora_A.weight"), weights.Gradient($"{name}.lora_B.weight"));
        _site = DropoutSeeds.Site($"{name}.lora_dropout");
    }

    /// <summary>Whether an adapter stands beside the weights, so that nothing can be fused behind the product.</summary>
    public bool Adapted => _lora is not null;

    /// <summary>y = residual + activation(W·x + adapter); an activation only without an adapter.</summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="scratch">Not read without an adapter.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">[rows, outputs].</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="residual">[rows, outputs] or none; may be y.</param>
    /// <param name="activation">What is done with a sum before it is stored.</param>
    public void Forward(Device device, AdapterScratch scratch, Activations x, Activations y, int rows, View<float> residual = default,
        LinearActivation activation = LinearActivation.None)
    {
        _base.Forward(device, x, y, rows, residual, activation);
        if (_lora is null)
            return;
        Lora.Forward(device, new LoraArguments
        {
            X = scratch.Rate == 0 ? x : Dropped(device, scratch, x.Floats),
            A = _a,
            B = _b,
            Scratch = scratch.LowRank.Slice(0, (long)rows * _lora.R),
            Y = y,
            Rows = rows,
            Inputs = _base.Inputs,
            Outputs = _base.Outputs,
            Rank = _lora.R,
            Scale = _lora.Scale,
        });
    }

    /// <summary>gradX = residual + Wᵀ·gradY + what comes back through the adapter; the adapter's gradients are added to.</summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="scratch">With the seeds of the forward.</param>
    /// <param name="gradY">[rows, outputs].</param>
    /// <param name="x">[rows, inputs] of the forward.</param>
    /// <param name="gradX">[rows, inputs], overwritten.</param>
    /// <param name="rows">Tokens.</param>
    public void Backward(Device device, AdapterScratch scratch, View<float> gradY, View<float> x, View<float> gradX, int rows)
    {
        _base.Backward(device, gradY, x, gradX, rows);
        if (_lora is null)
            return;
        bool drops = scratch.Rate > 0;
        View<float> dropped = Dropped(device, scratch, x), gradDropped = drops ? scratch.GradDropped.Slice(0, x.Length) : gradX;
        if (drops)
            device.Clear(gradDropped.As<byte>());
        Lora.Backward(device, new LoraBackwardArguments
        {
            X = dropped,
            A = _a,
            B = _b,
            GradY = gradY,
            Scratch = scratch.LowRank.Slice(0, 3L * rows * _lora.R),
            GradA = _gradA,
            GradB = _gradB,
            GradX = gradDropped,
            Rows = rows,
            Inputs = _base.Inputs,
            Outputs = _base.Outputs,
            Rank = _lora.R,
            Scale = _lora.Scale,
        });
        if (drops)
            Drop(device, scratch, gradDropped, gradX, residual: gradX);
    }

    View<float> Dropped(Device device, AdapterScratch scratch, View<float> x)
    {
        if (scratch.Rate == 0)
            return x;
        var dropped = scratch.Dropped.Slice(0, x.Length);
        Drop(device, scratch, x, dropped);
        return dropped;
    }

    void Drop(Device device, AdapterScratch scratch, View<float> x, View<float> y, View<float> residual = default) =>
        Dropout.Forward(device, new DropoutArguments
        {
            X = x,
            Residual = residual,
            Y = y,
            Count = (int)x.Length,
            Rate = scratch.Rate,
            Seed = scratch.Seeds.At(_site),
        });
}
