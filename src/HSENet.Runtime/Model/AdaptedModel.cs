// The model as one adapter makes it: projectors and language model of their own over encoders and weights that all adapters share.
namespace HSENet.Runtime;

/// <summary>What a request runs on.</summary>
/// <param name="Name">Of the adapter; <see cref="BaseName"/> for what the folder's own weights are.</param>
/// <param name="Task">What it was trained for, if that is known.</param>
/// <param name="Config">Sizes and the rank of its adapters.</param>
/// <param name="Vision">Encoders and projectors.</param>
/// <param name="Language">The decoder.</param>
/// <param name="Hash">Over the checksums of all its weights, those that it shares included.</param>
sealed record AdaptedModel(string Name, string? Task, ModelConfig Config, VisionModel Vision, LanguageModel Language, string Hash)
{
    /// <summary>Name of the model without a named adapter.</summary>
    public const string BaseName = "base";
}
