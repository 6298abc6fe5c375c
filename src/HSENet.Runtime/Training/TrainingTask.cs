// What is trained.
namespace HSENet.Runtime;

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
