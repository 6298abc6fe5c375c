// Prompts are built as the reference builds them.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class PromptGoldenTests
{
    static readonly LanguageTokenizer Tokenizer = LanguageTokenizer.Open(GoldenFolder.At("tiny/phi4-mini"));

    [Fact]
    public void Builds_the_ids_of_the_reference()
    {
        JsonElement generate = GoldenFolder.Json("tiny/golden/generate.json");
        string prompt = generate.GetProperty("prompt").GetString()!;
        int[] expected = [.. generate.GetProperty("prompt_ids").EnumerateArray().Select(i => i.GetInt32())];
        string question = prompt[(prompt.LastIndexOf("<im_patch>", StringComparison.Ordinal) + "<im_patch>".Length)..];
        Assert.Equal(expected, Prompt.Build(Tokenizer, generate.GetProperty("visual_tokens").GetInt32(), question));
        Assert.Equal(expected, Tokenizer.Encode(prompt));
    }

    [Fact]
    public void Asks_for_a_report_by_default()
    {
        Assert.Equal(Prompt.DefaultQuestion, Prompt.ReportQuestions[0]);
        Assert.Equal(Prompt.ReportQuestions.Count, Prompt.ReportQuestions.Distinct().Count());
        Assert.EndsWith(Prompt.DefaultQuestion, Tokenizer.Decode(Prompt.Build(Tokenizer, 2)));
    }

    [Fact]
    public void Refuses_a_prompt_without_a_question()
    {
        Assert.Throws<ArgumentException>(() => Prompt.Build(Tokenizer, 2, " \n"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Prompt.Build(Tokenizer, -1));
    }
}
