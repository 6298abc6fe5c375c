// Results of "bench training": a new measurement replaces the one of its name; the page holds nothing that the JSON does not.
using System.Text.Json;
using HSENet.Cli;
using HSENet.Runtime;

namespace HSENet.Bench;

sealed class TrainingReport(List<TrainingResult> results)
{
    public const string Name = "training";

    public IReadOnlyList<TrainingResult> Results => results;

    /// <summary>The results of a machine so far; none without its folder.</summary>
    public static TrainingReport Open(string? folder)
    {
        string? path = folder is null ? null : Path.Combine(folder, Name + ".json");
        try
        {
            return new(path is not null && File.Exists(path)
                ? JsonSerializer.Deserialize<List<TrainingResult>>(File.ReadAllBytes(path), BenchFile.Json)! : []);
        }
        catch (JsonException e)
        {
            throw new HseNetFileException(path!, $"holds no results ({e.Message.Split(" Path:")[0]})", "what 'training' wrote", e);
        }
    }

    /// <summary>Keeps a result and prints it.</summary>
    public void Add(TrainingResult result)
    {
        int at = results.FindIndex(other => other.Name == result.Name);
        if (at < 0)
            results.Add(result);
        else
            results[at] = result;
        Console.WriteLine(Page.Text($"{result.Name}: {Step(result)} a step, {result.SamplesPerSecond:0.00} samples/s; planned ")
            + Page.Text($"{Page.Bytes(result.Planned)}, peak {Page.Bytes(result.PeakResident)}"));
        foreach (var share in result.Operations.Take(8))
            Console.WriteLine(Page.Text($"    {share.Operation,-32} {share.Share,6:P1}"));
    }

    public Page ToPage()
    {
        var page = new Page("Steps of training");
        page.Paragraph($"""
            Made-up samples on synthetic weights (`hsenet weights synth`), bf16 weights with f32 masters, dropout on. Times: median of the
            steps, quartiles in brackets; of a single step just its time. Planned: activations and scratch, trained tensors with gradient
            and moments, frozen weights that are read. Peak: the most that was resident during the steps, weights that were mapped and read
            included. Machine and command of each row: `{Name}.json`.
            """);
        page.Table(["step", "batch, tokens", "a step", "samples/s", "planned (activations, trained, frozen)", "peak", "share of time",
            "commit, date; time that others took"],
            results.Select(result => (string[])
            [
                result.Name, $"{result.Batch}, {result.Tokens}", Step(result), Page.Text($"{result.SamplesPerSecond:0.000}"),
                $"{Page.Bytes(result.Planned)} ({Page.Bytes(result.PlannedActivations)}, {Page.Bytes(result.PlannedParameters)}, "
                    + $"{Page.Bytes(result.FrozenWeights)})", Page.Bytes(result.PeakResident),
                // Down to a hundredth of the whole.
                string.Join("<br>", result.Operations.Where(operation => operation.Share >= 0.01)
                    .Select(operation => Page.Text($"{operation.Operation} {operation.Share:P1}"))),
                $"{result.Measured.Commit}, {result.Measured.Date}; {result.Measured.OthersText()}",
            ]));
        return page;
    }

    static string Step(TrainingResult result) =>
        result.Seconds.Rounds == 1 ? BenchFile.Time(result.Seconds.Median)
        : Page.Spread(result.Seconds.Median, result.Seconds.Lower, result.Seconds.Upper);
}
