// All memory of one request, planned from the configuration alone: vision first, then the decoder in the same place.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>The working memory of requests that read up to some tokens at a time and have up to some positions in all.</summary>
sealed record InferencePlan(MemoryPlan Memory, int Rows, int Positions, VisionModel.Buffers Vision, LanguageModel.Buffers Language,
    PlannedBuffer SampledId, PlannedBuffer SamplingScratch)
{
    /// <summary>Plans working memory; makes no allocation.</summary>
    public static InferencePlan For(ModelConfig config, int rows, int positions, ActivationType activations = ActivationType.F32) =>
        For(new MemoryPlan(activations), config, rows, positions);

    /// <summary>Plans all that a request of one study takes: what is kept of the study, too.</summary>
    public static InferencePlan ForRequest(ModelConfig config, int promptTokens, int positions, ActivationType activations)
    {
        var memory = new MemoryPlan(activations);
        EncodedMemory.Reserve(memory, config, sets: 1);
        return For(memory, config, RowsOf(config, promptTokens), positions);
    }

    /// <summary>How many tokens are read at a time: what all questions share, then the rest of the prompt.</summary>
    public static int RowsOf(ModelConfig config, int promptTokens) => Math.Max(config.PrefixTokens, promptTokens - config.PrefixTokens);

    static InferencePlan For(MemoryPlan memory, ModelConfig config, int rows, int positions)
    {
        var vision = VisionModel.Reserve(memory, config);
        var language = LanguageModel.Reserve(memory, config.WithLargestAdapter().LanguageModel, rows, positions);
        return new InferencePlan(memory, rows, positions, vision, language,
            memory.Reserve("decoder.sampled_id", 1, sizeof(int)), memory.Reserve("decoder.sampling", config.LanguageModel.VocabSize));
    }
}
