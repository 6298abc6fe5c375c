// All scores of one generated text.

namespace HSENet.Evaluation;

/// <summary>The scores of a prediction. Both texts are trimmed first, as the reference does.</summary>
internal sealed class SampleScore
{
    /// <summary>Scores a prediction.</summary>
    /// <param name="prediction">The texts.</param>
    /// <param name="synonyms">For METEOR.</param>
    public SampleScore(Prediction prediction, WordNet? synonyms)
    {
        Prediction = prediction;
        string wanted = prediction.Wanted.Trim(), text = prediction.Text.Trim();
        Counts = BleuCounts.Of(wanted, text);
        Bleu = Counts.Score();
        Rouge1 = RougeScore.Sequence(wanted, text, 1);
        Rouge2 = RougeScore.Sequence(wanted, text, 2);
        RougeL = RougeScore.LongestCommon(wanted, text);
        Meteor = Evaluation.Meteor.Score(wanted, text, synonyms);
        IsClassRight = AnswerMetrics.IsClassRight(prediction.Wanted, prediction.Text);
        IsTextRight = AnswerMetrics.IsTextRight(prediction.Wanted, prediction.Text);
        WantedClass = AnswerMetrics.ClassOf(prediction.Wanted);
        PredictedClass = AnswerMetrics.ClassOf(prediction.Text);
    }

    public Prediction Prediction { get; }

    public BleuCounts Counts { get; }

    public BleuScore Bleu { get; }

    public RougeScore Rouge1 { get; }

    public RougeScore Rouge2 { get; }

    public RougeScore RougeL { get; }

    public double Meteor { get; }

    public bool IsClassRight { get; }

    public bool IsTextRight { get; }

    public string WantedClass { get; }

    public string PredictedClass { get; }

    /// <summary>Scores all predictions, on all processors.</summary>
    public static SampleScore[] Of(IReadOnlyList<Prediction> predictions, WordNet? synonyms, CancellationToken cancellation = default) =>
        [.. predictions.AsParallel().AsOrdered().WithCancellation(cancellation)
            .Select(prediction => new SampleScore(prediction, synonyms))];
}
