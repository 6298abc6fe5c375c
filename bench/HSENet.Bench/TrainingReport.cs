// Results of "bench training": a new measurement replaces the one of its name; the table holds nothing that the JSON does not.
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HSENet.Bench;

sealed class TrainingReport(string folder, List<TrainingResult> results)
{
    static readonly JsonSerializerOptions Json = new(HostReport.Json) { IgnoreReadOnlyProperties = true };

    static string At(string folder) => Path.Combine(folder, "training.json");

    /// <summary>The results of a machine so far.</summary>
    public static TrainingReport Open(string folder) =>
        new(folder, File.Exists(At(folder)) ? JsonSerializer.Deserialize<List<TrainingResult>>(File.ReadAllBytes(At(folder)), Json)! : []);

    public void Add(TrainingResult result)
    {
        int at = results.FindIndex(other => other.Name == result.Name);
        if (at < 0)
            results.Add(result);
        else
            results[at] = result;
    }

    public void Write()
    {
        Directory.CreateDirectory(folder);
        HostReport.Replace(At(folder), JsonSerializer.Serialize(results, Json) + "\n");
        HostReport.Replace(Path.ChangeExtension(At(folder), ".md"), Table());
        Console.WriteLine($"written: {At(folder)}, training.md");
    }

    public static string Line(TrainingResult result) => Text(
        $"{result.Name}: {result.SecondsPerStep:0.000} s a step, {result.SamplesPerSecond:0.00} samples/s; planned {Size(result.Planned)}, peak {Size(result.PeakResident)}");

    string Table()
    {
        var text = new StringBuilder("""
            # Steps of training

            Written by `dotnet run -c Release --project bench/HSENet.Bench -- training`, made-up samples on synthetic weights (`hsenet weights synth`), bf16
            weights with f32 masters, dropout on. Planned: activations and scratch, trained tensors with gradient and moments, frozen weights that are read.
            Peak: the largest resident size of the process, weights that it mapped and read included.

            | step | batch, tokens | s a step | samples/s | planned (activations, trained, frozen) | peak | share of time | commit, load before and after |
            |---|---|---|---|---|---|---|---|

            """);
        foreach (var result in results)
            text.Append(Text($"""
                | {result.Name} | {result.Batch}, {result.Tokens} | {result.SecondsPerStep:0.000} | {result.SamplesPerSecond:0.000} | {Size(result.Planned)} ({Size(result.PlannedActivations)}, {Size(result.PlannedParameters)}, {Size(result.FrozenWeights)}) | {Size(result.PeakResident)} | {Shares(result)} | {result.Machine?.Commit}, {result.Machine?.LoadAtStart}, {result.Machine?.LoadAtEnd} |

                """));
        return text.ToString();
    }

    // Down to a hundredth of the whole.
    static string Shares(TrainingResult result) => string.Join("<br>", result.Operations.Where(operation => operation.Share >= 0.01).Select(operation => Text($"{operation.Operation} {operation.Share:P1}")));

    static string Size(long bytes) => bytes >= 1e9 ? Text($"{bytes / 1e9:0.00} GB") : Text($"{bytes / 1e6:0.0} MB");

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
