// What a training stage minimises, seen from the loop: examples in, gradients and a loss out.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>One study with its text, ready for the device.</summary>
/// <param name="Row">Row of the manifest.</param>
/// <param name="Volume">[D, H, W] normalised volume.</param>
/// <param name="SliceFeatures">[slices, channels]; empty for a stage that does not read them.</param>
/// <param name="Ids">Token ids of the text.</param>
/// <param name="Labels">As long as the ids and not yet shifted: −100 where a position is not learned; empty for the contrastive
/// stages.</param>
sealed record TrainingExample(int Row, ReadOnlyMemory<float> Volume, ReadOnlyMemory<float> SliceFeatures, int[] Ids, int[] Labels)
{
    /// <summary>Where the frozen encoders' output for this study is kept; none where it is another one each time.</summary>
    public FrozenFeatures? Frozen { get; init; }

    /// <summary>What is there and where; none where no label is learned.</summary>
    public StudyLabels Study { get; init; } = new([]);

    /// <summary>What the outputs should be, where it does not follow from <see cref="Study"/>.</summary>
    public LabelTargets? Targets { get; init; }

    /// <summary>
    /// How much the example counts in the mean of a step: its label tokens (a label is learned from the position before it, so the first
    /// one never counts), or 1 where there are no labels.
    /// </summary>
    public long Weight => Labels.Length == 0 ? 1 : Labels.Skip(1).LongCount(label => label >= 0);
}

/// <summary>Which step of which run: what the random numbers of dropout and augmentation depend on.</summary>
/// <param name="Step">Optimizer steps that are done.</param>
/// <param name="Seed">Seed of the run.</param>
readonly record struct StepContext(long Step, long Seed)
{
    /// <summary>Seeds of all dropouts of the example in this row of the manifest.</summary>
    public DropoutSeeds Seeds(int row) => DropoutSeeds.For(Seed, Step, row);
}

/// <summary>The loss of a batch.</summary>
/// <param name="Loss">Mean over its label tokens or its examples.</param>
/// <param name="Tokens">Tokens that were read, visual ones included.</param>
/// <param name="Weight">Sum of <see cref="TrainingExample.Weight"/>: how much this mean counts among others.</param>
readonly record struct BatchLoss(double Loss, long Tokens, long Weight);

/// <summary>A training stage on a device.</summary>
interface ITrainingObjective : IDisposable
{
    /// <summary>What is trained.</summary>
    ParameterSet Parameters { get; }

    /// <summary>All memory that a step needs beside weights and parameters.</summary>
    MemoryPlan Plan { get; }

    /// <summary>Bytes of the weights that a step reads and does not train.</summary>
    long FrozenBytes { get; }

    /// <summary>Adds <paramref name="share"/> × the gradient of the batch's mean loss to the parameters' gradients.</summary>
    /// <param name="batch">One of the batches that make up a step.</param>
    /// <param name="step">Which step.</param>
    /// <param name="share">The batch's weight as a share of the whole step's (<see cref="TrainingExample.Weight"/>): 1 without
    /// accumulation.</param>
    BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share);

    /// <summary>The mean loss of a batch without gradients, dropout and augmentation.</summary>
    BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step);

    /// <summary>How well labels were told since the last call, by kind; null where none are learned.</summary>
    IReadOnlyDictionary<string, LabelScore>? TakeScores() => null;
}
