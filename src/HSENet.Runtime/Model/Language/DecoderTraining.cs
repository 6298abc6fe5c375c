// Memory of the decoder layers in training: what each layer keeps for its backward, and the gradients that all layers share.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What a layer keeps; without checkpointing each layer has its own, with it all share one and fill it again on the way
/// back.</summary>
readonly record struct KeptBuffers(
    PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Keys, PlannedBuffer Values, PlannedBuffer Mixed,
        PlannedBuffer Attended, PlannedBuffer MlpNormed,
    PlannedBuffer GateUp, PlannedBuffer Hidden)
{
    public static KeptBuffers Reserve(MemoryPlan plan, string name, LanguageModelConfig config, long rows)
    {
        long channels = rows * config.HiddenSize, keys = rows * config.NumKeyValueHeads * config.HeadSize;
        return new KeptBuffers(
            plan.Reserve($"{name}.normed", channels), plan.Reserve($"{name}.qkv", rows * config.QueryKeyValueSize),
            plan.Reserve($"{name}.keys", keys), plan.Reserve($"{name}.values", keys),
                plan.Reserve($"{name}.mixed", rows * config.NumAttentionHeads * config.HeadSize),
            plan.Reserve($"{name}.attended", channels), plan.Reserve($"{name}.mlp_normed", channels),
            plan.Reserve($"{name}.gate_up", rows * 2 * config.IntermediateSize),
                plan.Reserve($"{name}.mlp", rows * config.IntermediateSize));
    }

    public DecoderTensors Tensors(in Pass pass, LanguageModelConfig config, View<float> input, View<float> output, int tokens) => new(
        input, pass.Rows(Normed, tokens, config.HiddenSize), pass.Rows(QueryKeyValue, tokens, config.QueryKeyValueSize),
        pass.Rows(Mixed, tokens, config.NumAttentionHeads * config.HeadSize), pass.Rows(Attended, tokens, config.HiddenSize),
            pass.Rows(MlpNormed, tokens, config.HiddenSize),
        pass.Rows(GateUp, tokens, 2 * config.IntermediateSize), pass.Rows(Hidden, tokens, config.IntermediateSize), output);
}

/// <summary>Gradients inside a layer, and what adapters need.</summary>
readonly record struct DecoderGradientBuffers(
    PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Keys, PlannedBuffer Values, PlannedBuffer Mixed, PlannedBuffer Hidden,
        PlannedBuffer AttentionScratch, PlannedBuffer NormScratch)
{
    public static DecoderGradientBuffers Reserve(MemoryPlan plan, LanguageModelConfig config, int rows)
    {
        long keys = (long)rows * config.NumKeyValueHeads * config.HeadSize;
        return new DecoderGradientBuffers(
            plan.Reserve("decoder.grad_normed", (long)rows * config.HiddenSize),
                plan.Reserve("decoder.grad_qkv", (long)rows * config.QueryKeyValueSize),
            plan.Reserve("decoder.grad_keys", keys), plan.Reserve("decoder.grad_values", keys),
            plan.Reserve("decoder.grad_mixed", (long)rows * config.NumAttentionHeads * config.HeadSize),
                plan.Reserve("decoder.grad_mlp", (long)rows * config.IntermediateSize),
            plan.Reserve("decoder.attention_scratch", Attention.BackwardScratch(1, config.NumAttentionHeads, rows)),
            plan.Reserve("decoder.norm_scratch", RmsNorm.BackwardScratch(rows, config.HiddenSize)));
    }

    public DecoderGradients Views(in Pass pass, LanguageModelConfig config, int tokens)
    {
        int keys = config.NumKeyValueHeads * config.HeadSize, mixed = config.NumAttentionHeads * config.HeadSize;
        return new DecoderGradients(
            pass.Rows(Normed, tokens, config.HiddenSize), pass.Rows(QueryKeyValue, tokens, config.QueryKeyValueSize),
                pass.Rows(Keys, tokens, keys), pass.Rows(Values, tokens, keys),
            pass.Rows(Mixed, tokens, mixed), pass.Rows(Hidden, tokens, config.IntermediateSize),
            pass[AttentionScratch].Slice(0, Attention.BackwardScratch(1, config.NumAttentionHeads, tokens)), pass[NormScratch]);
    }
}

/// <summary>Memory of the adapters in training.</summary>
readonly record struct AdapterBuffers(PlannedBuffer LowRank, PlannedBuffer Dropped, PlannedBuffer GradDropped)
{
    public static AdapterBuffers Reserve(MemoryPlan plan, LanguageModelConfig config, long rows, bool dropout)
    {
        long widest = Math.Max(config.IntermediateSize, Math.Max(config.HiddenSize, config.NumAttentionHeads * config.HeadSize));
        long dropped = dropout && config.Lora is not null ? rows * widest : 0;
        return new AdapterBuffers(plan.Reserve("decoder.lora", config.Lora is { } lora ? 3 * rows * lora.R : 0),
            plan.Reserve("decoder.lora_dropped", dropped), plan.Reserve("decoder.grad_lora_dropped", dropped));
    }

    public AdapterScratch Scratch(in Pass pass, DropoutSeeds seeds, float dropoutRate) =>
        new(pass[LowRank], pass[Dropped], pass[GradDropped], seeds, dropoutRate);
}
