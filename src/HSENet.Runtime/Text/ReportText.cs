// What the models read of a report: without some characters, and shortened to what the text encoder takes.

namespace HSENet.Runtime;

static class ReportText
{
    /// <summary>A report without the characters that the reference deletes from reports (not from answers): quotes, apostrophes,
    /// parentheses.</summary>
    public static string Clean(string report) => string.Concat(report.Split('"', '\'', '(', ')'));

    /// <summary>
    /// Ids of a report for the text encoder, between [CLS] and [SEP]. Of a longer one the first sentence and random others are kept, as the
    /// reference's <c>truncate_text</c> does: each counts with two special tokens, the first one not at all, and none is taken twice.
    /// </summary>
    public static int[] Shortened(TextEncoderTokenizer tokenizer, string report, int maxLength, SeededDraws draws)
    {
        int[] ids = tokenizer.Encode(report);
        if (ids.Length <= maxLength)
            return ids;
        string[] sentences = report.Split('.');
        List<string> kept = [sentences[0]];
        int tokens = 0;
        foreach (int drawn in draws.Order(sentences.Length - 1))
        {
            string sentence = sentences[1 + drawn];
            int length = tokenizer.Encode(sentence).Length;
            if (tokens + length > maxLength || kept.Contains(sentence))
                continue;
            kept.Add(sentence);
            tokens += length;
        }
        ids = tokenizer.Encode(string.Join('.', kept));
        return ids.Length <= maxLength ? ids : [.. ids[..(maxLength - 1)], tokenizer.End];
    }
}
