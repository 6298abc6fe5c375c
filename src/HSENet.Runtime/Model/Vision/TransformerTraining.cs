// Memory of a vision transformer in training, and its blocks forwards and backwards with and without checkpointing.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What a block keeps for its backward.</summary>
readonly record struct KeptBlock(
    PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Mixed, PlannedBuffer Attended, PlannedBuffer MlpNormed,
        PlannedBuffer Up, PlannedBuffer Hidden)
{
    public static KeptBlock Reserve(MemoryPlan plan, string name, long rows, BlockSize size) => new(
        plan.Reserve($"{name}.normed", rows * size.Channels), plan.Reserve($"{name}.qkv", rows * 3 * size.Channels),
            plan.Reserve($"{name}.mixed", rows * size.Channels),
        plan.Reserve($"{name}.attended", rows * size.Channels), plan.Reserve($"{name}.mlp_normed", rows * size.Channels),
        plan.Reserve($"{name}.up", rows * size.MlpChannels), plan.Reserve($"{name}.mlp", rows * size.MlpChannels));

    public BlockTensors Tensors(in Pass pass, View<float> input, View<float> output) =>
        new(input, pass[Normed], pass[QueryKeyValue], pass[Mixed], pass[Attended], pass[MlpNormed], pass[Up], pass[Hidden], output);
}

/// <summary>Memory of the blocks in training.</summary>
/// <param name="Sequences">Sequences that go through the blocks at once.</param>
/// <param name="Checkpointing">Whether only the inputs of blocks are kept and the rest is computed again on the way back.</param>
/// <param name="Inputs">[sequences · tokens, channels] of each block, and the output of the last one.</param>
/// <param name="Blocks">What each block keeps; one for all with checkpointing.</param>
/// <param name="Grad">[sequences · tokens, channels] gradient on its way back.</param>
/// <param name="GradNormed">Inside a block.</param>
/// <param name="GradQueryKeyValue">Inside a block.</param>
/// <param name="GradHidden">Inside a block.</param>
/// <param name="AttentionScratch">Of attention's backward.</param>
/// <param name="NormScratch">Of LayerNorm's backward.</param>
sealed record BlockTrainingBuffers(
    int Sequences, bool Checkpointing, PlannedBuffer[] Inputs, KeptBlock[] Blocks, PlannedBuffer Grad, PlannedBuffer GradNormed,
        PlannedBuffer GradQueryKeyValue, PlannedBuffer GradHidden,
    PlannedBuffer AttentionScratch, PlannedBuffer NormScratch)
{
    /// <summary>Plans the memory of sequences of some tokens each.</summary>
    public static BlockTrainingBuffers Reserve(MemoryPlan plan, string name, int blocks, int tokens, BlockSize size, bool checkpointing,
        int sequences = 1)
    {
        int rows = sequences * tokens;
        long channels = (long)rows * size.Channels;
        PlannedBuffer[] inputs = [.. Enumerable.Range(0, blocks + 1).Select(i => plan.Reserve($"{name}.blocks.{i}.input", channels))];
        var kept = new KeptBlock[blocks];
        for (int i = 0; i < blocks; i++)
            kept[i] = checkpointing && i > 0 ? kept[0]
                : KeptBlock.Reserve(plan, checkpointing ? $"{name}.block" : $"{name}.blocks.{i}", rows, size);
        return new BlockTrainingBuffers(sequences, checkpointing, inputs, kept, plan.Reserve($"{name}.grad", channels),
            plan.Reserve($"{name}.grad_normed", channels),
            plan.Reserve($"{name}.grad_qkv", 3 * channels), plan.Reserve($"{name}.grad_mlp", (long)rows * size.MlpChannels),
            plan.Reserve($"{name}.attention_scratch", Attention.BackwardScratch(sequences, size.Heads, tokens)),
            plan.Reserve($"{name}.norm_scratch", LayerNorm.BackwardScratch(rows, size.Channels)));
    }

    /// <summary>Runs all blocks from the first input to the last output, keeping what backward needs.</summary>
    public void Forward(in Pass pass, ReadOnlySpan<TransformerBlock> blocks, int tokens)
    {
        for (int i = 0; i < blocks.Length; i++)
            blocks[i].Forward(pass, Tensors(pass, i), Sequences, tokens);
    }

    /// <summary>Turns the gradient of the last output, in <see cref="Grad"/>, into that of the first input, in place.</summary>
    public void Backward(in Pass pass, ReadOnlySpan<TransformerBlock> blocks, int tokens)
    {
        var gradients = new BlockGradients(pass[GradNormed], pass[GradQueryKeyValue], pass[GradHidden], pass[AttentionScratch],
            pass[NormScratch]);
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            // What the last block computed is still there.
            if (Checkpointing && i < blocks.Length - 1)
                blocks[i].Forward(pass, Tensors(pass, i), Sequences, tokens);
            blocks[i].Backward(pass, Tensors(pass, i), gradients, pass[Grad], Sequences, tokens);
        }
    }

    BlockTensors Tensors(in Pass pass, int block) => Blocks[block].Tensors(pass, pass[Inputs[block]], pass[Inputs[block + 1]]);
}
