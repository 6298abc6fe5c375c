// The memory of an encoded study, planned from the configuration alone.
namespace HSENet.Runtime;

/// <summary>Plans what is kept of a study between questions.</summary>
static class EncodedMemory
{
    /// <summary>Reserves everything: features once, and for an adapter its visual tokens and one cache per set of rotary factors.</summary>
    public static void Reserve(MemoryPlan plan, ModelConfig config, int sets)
    {
        Features(plan, config);
        ReserveAdapter(plan, config, sets);
    }

    /// <summary>Reserves what is kept of one adapter.</summary>
    public static void ReserveAdapter(MemoryPlan plan, ModelConfig config, int sets)
    {
        VisualTokens(plan, config);
        for (int i = 0; i < sets; i++)
            Cache(plan, config.LanguageModel, config.PrefixTokens);
    }

    /// <summary>[encoders, patches, channels], shared by adapters.</summary>
    public static PlannedBuffer Features(MemoryPlan plan, ModelConfig config) =>
        plan.ReserveActivations("study.features", config.EncoderCount * config.FeaturesPerEncoder);

    /// <summary>[visual tokens, width] of one adapter's projectors.</summary>
    public static PlannedBuffer VisualTokens(MemoryPlan plan, ModelConfig config) =>
        plan.Reserve("study.visual_tokens", (long)config.VisualTokens * config.LanguageModel.HiddenSize);

    /// <summary>Keys and values, [layers, positions, key heads × head size] each.</summary>
    public static (PlannedBuffer Keys, PlannedBuffer Values) Cache(MemoryPlan plan, LanguageModelConfig config, int positions)
    {
        long elements = (long)config.NumHiddenLayers * positions * config.CacheChannels;
        return (plan.ReserveActivations("study.keys", elements), plan.ReserveActivations("study.values", elements));
    }
}
