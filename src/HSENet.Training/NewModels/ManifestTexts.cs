// What a tokenizer is learned from: everything that manifests let a training read, and what it asks of itself.
using HSENet.Runtime;

namespace HSENet.Training;

static class ManifestTexts
{
    /// <summary>The texts of the training rows of manifests as a training reads them: the questions that are drawn from take turns in
    /// front of reports and places.</summary>
    /// <exception cref="HseNetFileException">A manifest cannot be read, a row is broken, or none says anything.</exception>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> manifests)
    {
        List<string> texts = [];
        foreach (string manifest in manifests)
        {
            int before = texts.Count;
            foreach (var row in Manifest.ReadTexts(manifest))
                texts.AddRange(Texts(row, texts.Count));
            if (texts.Count == before)
                throw new HseNetFileException(manifest, "has no text to learn from",
                    "rows with \"text\", or \"question\" and \"answer\", or \"abnormality\" and \"anatomy\"");
        }
        return texts;
    }

    // An answer follows its question behind a space.
    static IEnumerable<string> Texts(ManifestRow row, int turn)
    {
        if (row.Text is { } report)
            yield return $"{QuestionTemplates.Report.At(turn, null)} {ReportText.Clean(report)}";
        if (row.Question is { } asked && row.Answer is { } answer)
            yield return $"{asked} {answer}";
        if (row.Abnormality is { } abnormality && row.Anatomy is { } anatomy)
            yield return $"{QuestionTemplates.Location.At(turn, abnormality)} {anatomy}";
    }
}
