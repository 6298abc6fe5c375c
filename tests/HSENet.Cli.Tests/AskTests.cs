// hsenet ask: several questions of one encoding, lines of the input, a study that was saved.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class AskTests
{
    static readonly string[] Options = ["--weights", Hsenet.Demo, "--max-tokens", "6", "--temperature", "5", "--seed", "2"];

    static JsonElement[] Lines(Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    static string[] Texts(IEnumerable<JsonElement> lines) => [.. lines.Select(line => line.GetProperty("text").GetString()!)];

    [Fact]
    public void Several_questions_get_the_answers_that_they_get_alone_and_the_study_is_encoded_once()
    {
        var lines = Lines(Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "Is there a nodule?", "--json", .. Options]));
        Assert.Equal(["What is seen?", "Is there a nodule?"], lines.Select(line => line.GetProperty("question").GetString()));
        Assert.Equal(0, lines[1].GetProperty("seconds").GetProperty("encoding").GetDouble());
        var alone = Lines(Hsenet.Run(["ask", Hsenet.Scan, "Is there a nodule?", "--json", .. Options]));
        Assert.Equal(Texts(alone)[0], Texts(lines)[1]);
    }

    [Fact]
    public void A_saved_study_is_asked_without_the_scan()
    {
        using var folder = new TemporaryFolder();
        string saved = folder.At("study.safetensors");
        var first = Lines(Hsenet.Run(["ask", Hsenet.Scan, "Where?", "What is seen?", "--save", saved, "--json", .. Options]));
        var later = Hsenet.Run(["ask", saved, "What is seen?", "--json", "--stats", .. Options]);
        Assert.Equal(Texts(first)[1], Texts(Lines(later))[0]);
        Assert.Contains("turned from RAS to LPS", later.Error, StringComparison.Ordinal);
        Assert.Contains($"prefill of {Lines(later)[0].GetProperty("prompt_tokens").GetInt32() - 33} tokens", later.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetFileName(Hsenet.Scan), later.Error, StringComparison.Ordinal);

        byte[] bytes = File.ReadAllBytes(saved);
        bytes[^100] ^= 1;
        File.WriteAllBytes(saved, bytes);
        Hsenet.Run(["ask", saved, "What is seen?", .. Options]).IsRefused("study.safetensors", "checksum");
        Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "--save", "study.bin", .. Options]).IsRefused("--save", ".safetensors");
    }

    [Fact]
    public void What_is_told_of_each_token_and_where_the_text_stops_are_options()
    {
        string[] more = ["--repetition-penalty", "1.2", "--min-p", "0.05", "--verify-weights"];
        var line = Lines(Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "--json", "--log-probabilities", .. more, .. Options]))[0];
        Assert.Equal(line.GetProperty("ids").GetArrayLength(), line.GetProperty("log_probabilities").GetArrayLength());
        string text = line.GetProperty("text").GetString()!;
        var stopped = Lines(Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "--json", "--stop", text[3..], .. more, .. Options]))[0];
        Assert.Equal(text[..text.IndexOf(text[3..], StringComparison.Ordinal)], stopped.GetProperty("text").GetString());
        Assert.False(stopped.TryGetProperty("log_probabilities", out _));
        Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "--log-probabilities", .. Options]).IsRefused("--log-probabilities", "--json");
        Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", "--min-p", "1", .. Options]).IsRefused("min-p 1");
    }

    [Fact]
    public void An_empty_question_is_refused_before_anything_runs() =>
        Hsenet.Run(["ask", Hsenet.Scan, "What is seen?", " ", .. Options]).IsRefused("question 2 is empty");

    [Fact]
    public void Lines_of_the_input_are_asked_one_after_another_and_a_bad_one_does_not_stop_the_rest()
    {
        string tooLong = string.Join(' ', Enumerable.Repeat("lung", 1200));
        var outcome = Hsenet.Run($"What is seen?\n\n{tooLong}\nWhere?\n", [], ["ask", Hsenet.Scan, .. Options, "--chat", "--json"]);
        Assert.Equal(2, outcome.Code);
        JsonElement[] lines = [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["What is seen?", tooLong, "Where?"], lines.Select(line => line.GetProperty("question").GetString()));
        Assert.Contains("the conversation has", lines[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        // The second turn follows the first.
        int first = lines[0].GetProperty("prompt_tokens").GetInt32() + lines[0].GetProperty("ids").GetArrayLength();
        Assert.True(lines[2].GetProperty("prompt_tokens").GetInt32() > first);
    }
}
