// All memory of one request, planned from the configuration alone: vision first, then the decoder in the same place.
namespace HSENet.Runtime;

/// <summary>The memory of a request with up to some prompt tokens and some positions in all.</summary>
sealed record InferencePlan(MemoryPlan Memory, int PromptTokens, int Positions, VisionModel.Buffers Vision, LanguageModel.Buffers Language,
    PlannedBuffer SampledId, PlannedBuffer SamplingScratch)
{
    /// <summary>Plans a request; makes no allocation.</summary>
    public static InferencePlan For(ModelConfig config, int promptTokens, int positions)
    {
        var memory = new MemoryPlan();
        var vision = VisionModel.Reserve(memory, config);
        var language = LanguageModel.Reserve(memory, config.LanguageModel, promptTokens, positions);
        return new InferencePlan(memory, promptTokens, positions, vision, language,
            memory.Reserve("decoder.sampled_id", 1, sizeof(int)), memory.Reserve("decoder.sampling", config.LanguageModel.VocabSize));
    }
}
