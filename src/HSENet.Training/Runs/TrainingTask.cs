// What is trained.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The trainings: four of HSENet, and what a model from nothing needs before them.</summary>
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

    /// <summary>All of the decoder, on text alone.</summary>
    Language,

    /// <summary>The slice encoder, on labels of slices.</summary>
    Slices,
}

static class TrainingTasks
{
    /// <summary>What a row of the manifest must have for a training.</summary>
    public static RowContent Content(this TrainingTask task) => task switch
    {
        TrainingTask.Vqa => RowContent.Answer,
        TrainingTask.Language => RowContent.Words,
        TrainingTask.Slices => RowContent.Study,
        _ => RowContent.Report,
    };

    /// <summary>Whether a training looks at studies.</summary>
    public static bool Sees(this TrainingTask task) => task != TrainingTask.Language;

    /// <summary>Whether a training reads what is said of studies.</summary>
    public static bool Reads(this TrainingTask task) => task != TrainingTask.Slices;

    /// <summary>Whether it learns labels if it is told to.</summary>
    public static bool Labels(this TrainingTask task) => task.IsStage() || task == TrainingTask.Slices;

    /// <summary>Whether it trains encoders on pairs or labels.</summary>
    public static bool IsStage(this TrainingTask task) => task is TrainingTask.Stage1 or TrainingTask.Stage2;
}
