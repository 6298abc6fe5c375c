// The table of scores with the columns of the reference's evaluation scripts, in their order.
using System.Globalization;
using CsvHelper;
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>Writes a row for each prediction (CSV).</summary>
internal static class ScoreTable
{
    static readonly (string Name, Func<SampleScore, object?> Of)[] All =
    [
        ("Question", s => s.Prediction.Question), ("Anatomy Type", s => s.WantedClass), ("Ground Truth", s => s.Prediction.Wanted),
        ("pred", s => s.Prediction.Text), ("bleu1", s => s.Bleu.Precisions[0]), ("bleu2", s => s.Bleu.Precisions[1]),
        ("bleu3", s => s.Bleu.Precisions[2]), ("bleu4", s => s.Bleu.Precisions[3]), ("rouge1", s => s.Rouge1.F),
        ("rougeL", s => s.RougeL.F), ("meteor", s => s.Meteor), ("bert_f1", s => s.Prediction.BertF1),
        ("acc_class", s => s.IsClassRight ? 1 : 0), ("acc_text", s => s.IsTextRight ? 1 : 0),
    ];

    static readonly string[] OfAnswersOnly = ["Anatomy Type", "rouge1", "acc_class", "acc_text"];

    /// <summary>Writes the table in place of what was there.</summary>
    /// <param name="file">The file.</param>
    /// <param name="scores">In the order of the rows.</param>
    /// <param name="answers">Whether they are answers: the reference has other columns for them than for reports.</param>
    /// <exception cref="HseNetFileException">It cannot be written.</exception>
    public static void Write(string file, IEnumerable<SampleScore> scores, bool answers)
    {
        var columns = Array.FindAll(All, column => answers || !OfAnswersOnly.Contains(column.Name));
        using var text = new MemoryStream();
        using (var csv = new CsvWriter(new StreamWriter(text), CultureInfo.InvariantCulture))
        {
            foreach (var (name, _) in columns)
                csv.WriteField(name);
            csv.NextRecord();
            foreach (var score in scores)
            {
                foreach (var (_, of) in columns)
                    csv.WriteField(of(score) is double value ? value.ToString("R", CultureInfo.InvariantCulture) : of(score));
                csv.NextRecord();
            }
        }
        AtomicFile.Write(file, text.ToArray());
    }
}
