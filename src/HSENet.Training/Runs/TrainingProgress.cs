// What a training tells while it runs, and how it ends other than well.

namespace HSENet.Training;

/// <summary>Where a training stands.</summary>
/// <param name="Step">Steps that are done.</param>
/// <param name="Steps">Steps in all.</param>
public sealed record TrainingProgress(long Step, long Steps)
{
    /// <summary>Loss of the last step; none before the first.</summary>
    public double? Loss { get; init; }

    /// <summary>Last validation loss; none before the first.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Tokens read per second in the last step.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Memory of the whole process on the host, in use now.</summary>
    public long ProcessBytes { get; init; }

    /// <summary>Memory of a step by its plan: activations, trained tensors, frozen weights.</summary>
    public long PlannedBytes { get; init; }

    /// <summary>Checkpoint that was just written.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Something that a person should know.</summary>
    public string? Note { get; init; }
}

/// <summary>A loss or gradient that is not finite ended the training. The message says step, samples and the last good
/// checkpoint.</summary>
public sealed class TrainingDivergedException : HseNetException
{
    internal TrainingDivergedException(string message) : base(message)
    {
    }
}
