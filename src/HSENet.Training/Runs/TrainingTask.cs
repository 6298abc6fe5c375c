// What is trained.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The four trainings of HSENet.</summary>
public enum TrainingTask
{
    /// <summary>LoRA and projectors, on reports.</summary>
    Report,

    /// <summary>LoRA and projectors, on questions and answers.</summary>
    Vqa,

    /// <summary>Encoder 1 and the text encoder, contrastive.</summary>
    Stage1,

    /// <summary>Encoder 2 and the text encoder, contrastive, with the relation to stage 1.</summary>
    Stage2,
}

static class TrainingTasks
{
    /// <summary>What a row of the manifest must have for a training.</summary>
    public static RowContent Content(this TrainingTask task) => task == TrainingTask.Vqa ? RowContent.Answer : RowContent.Report;
}
