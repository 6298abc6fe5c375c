// From a row's words to token ids and labels: what fine-tuning and the contrastive stages read of a sample.
using HSENet.Runtime;

namespace HSENet.Training;

static class TrainingText
{
    /// <summary>A report without the characters that the reference deletes from reports (not from answers): quotes, apostrophes,
    /// parentheses.</summary>
    public static string Clean(string report) => string.Concat(report.Split('"', '\'', '(', ')'));

    /// <summary>
    /// Prompt, a space and the answer, with the end token behind them. Labels are the ids from the answer on; what is longer than
    /// <paramref name="maxLength"/> is cut and then has no end token (reference: CapDataset_CT_Rate, whose end token takes the place of the
    /// first padding token).
    /// </summary>
    public static (int[] Ids, int[] Labels) Answered(LanguageTokenizer tokenizer, int visualTokens, string question, string answer,
        int maxLength)
    {
        int[] whole = Prompt.Build(tokenizer, visualTokens, $"{question} {answer}");
        bool ends = whole.Length < maxLength;
        int[] ids = ends ? [.. whole, tokenizer.EndOfText] : whole[..maxLength];
        int[] labels = [.. ids];
        labels.AsSpan(0, Math.Min(ids.Length, Prompt.Build(tokenizer, visualTokens, question).Length)).Fill(LanguageModel.IgnoredLabel);
        // The reference pads with the end token: within the answer it is not learned.
        labels.AsSpan().Replace(tokenizer.EndOfText, LanguageModel.IgnoredLabel);
        if (ends)
            labels[^1] = tokenizer.EndOfText;
        return (ids, labels);
    }

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
