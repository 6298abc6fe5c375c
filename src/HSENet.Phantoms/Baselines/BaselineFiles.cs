// Predictions that need no model, for the test phantoms of a set: what 'hsenet score' makes of them are the floors and the ceiling of a
// model's figures.
using System.Text.Encodings.Web;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Phantoms;

/// <summary>Writes files of predictions, one for each reader, in the form that 'hsenet score' takes.</summary>
static class BaselineFiles
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes all.</summary>
    /// <param name="phantoms">The folder of the set.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="notes">What was not written, and why.</param>
    /// <param name="cancellation">Ends it between volumes.</param>
    /// <returns>The files and how many rows each has.</returns>
    /// <exception cref="HseNetException">The set has no phantoms for the test or none to learn from, or a file cannot be used.</exception>
    public static IReadOnlyList<(string File, int Rows)> Write(string phantoms, string folder, out IReadOnlyList<string> notes,
        CancellationToken cancellation = default)
    {
        var all = PhantomTruth.ReadAll(phantoms);
        PhantomTruth[] train = [.. all.Where(phantom => phantom.Split == "train")],
            test = [.. all.Where(phantom => phantom.Split == "test")];
        if (train.Length == 0 || test.Length == 0)
            throw new HseNetFileException(phantoms, $"has {train.Length} phantoms for training and {test.Length} for the test",
                "both: a set that was drawn with a share for training and one for the test");
        var written = new List<(string, int)>
        {
            Reports("reports.normal.jsonl", _ => PhantomReport.WriteStructured([])),
            Reports("reports.oracle.jsonl", phantom => PhantomReport.WriteStructured(phantom.Findings)),
        };
        notes = [];
        if (test.All(phantom => phantom.Image.EndsWith(".npy", StringComparison.Ordinal)))
        {
            var reader = new RidgeReader(train, [.. train.Select(Features)]);
            written.Add(Reports("reports.ridge.jsonl", phantom => PhantomReport.WriteStructured(reader.Read(Features(phantom)))));
        }
        else
            notes = ["no ridge regression: it reads prepared volumes, and these are scans"];
        var commonest = train.SelectMany(phantom => phantom.Questions).GroupBy(question => question.Type)
            .ToDictionary(group => group.Key, group => group.CountBy(question => question.Answer)
                .OrderByDescending(answer => answer.Value).ThenBy(answer => answer.Key, StringComparer.Ordinal).First().Key);
        written.Add(Answers("answers.yes.jsonl", _ => "Yes"));
        written.Add(Answers("answers.commonest.jsonl", question => commonest.GetValueOrDefault(question.Type, "Yes")));
        written.Add(Answers("answers.oracle.jsonl", question => question.Answer));
        return written;

        float[] Features(PhantomTruth phantom)
        {
            cancellation.ThrowIfCancellationRequested();
            return RidgeReader.FeaturesOf(Path.Combine(phantoms, phantom.Image));
        }

        (string, int) Reports(string file, Func<PhantomTruth, string> said) =>
            Rows(file, test.Select(phantom => (object)new
            {
                image = phantom.Image,
                reference = phantom.Report,
                prediction = said(phantom),
            }));

        (string, int) Answers(string file, Func<PhantomQuestion, string> said) => Rows(file, test.SelectMany(phantom =>
            phantom.Questions.Select(question => (object)new
            {
                image = phantom.Image,
                type = question.Type,
                question = question.Question,
                reference = question.Answer,
                prediction = said(question),
            })));

        (string, int) Rows(string file, IEnumerable<object> rows)
        {
            byte[][] lines = [.. rows.Select(row => (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(row, Json), (byte)'\n'])];
            string path = Path.Combine(folder, file);
            AtomicFile.Write(path, [.. lines.SelectMany(line => line)]);
            return (path, lines.Length);
        }
    }
}
