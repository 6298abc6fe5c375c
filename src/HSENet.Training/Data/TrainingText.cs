// From a row's words to token ids and labels: what fine-tuning reads of a sample.
using HSENet.Runtime;

namespace HSENet.Training;

static class TrainingText
{
    /// <summary>Question and answer between end tokens, of which all but the first are learned; what is longer is cut.</summary>
    public static (int[] Ids, int[] Labels) Whole(LanguageTokenizer tokenizer, string question, string answer, int maxLength)
    {
        int[] whole = [.. Prompt.Build(tokenizer, 0, $"{question} {answer}"), tokenizer.EndOfText],
            ids = whole[..Math.Min(whole.Length, maxLength)];
        return (ids, [LanguageModel.IgnoredLabel, .. ids[1..]]);
    }

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
}
