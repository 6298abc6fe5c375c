// Model folders with several adapters: converted, extended, chosen by the verbs, merged, inspected.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class AdapterTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    // The arguments of a conversion, with these adapters instead of its own.
    string[] Convert(params string[] adapters)
    {
        string[] arguments = ConvertGoldenTests.Arguments(_folder.At("model"));
        int own = Array.IndexOf(arguments, "--adapter");
        return [.. arguments[..own], .. arguments[(own + 2)..], .. adapters.SelectMany(adapter => (string[])["--adapter", adapter])];
    }

    string Adapter(string kind) => GoldenAdapter.WithProjectors(kind, _folder.At(kind));

    static JsonElement Done(Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    JsonElement Write(string verb, params string[] more) =>
        Done(Hsenet.Run([verb, Hsenet.Scan, .. more, "--weights", _folder.At("model"), "--max-tokens", "3", "--json"]));

    [Fact]
    public void Report_and_ask_take_theirs_and_another_by_its_name()
    {
        var converted = Hsenet.Run(Convert($"report={Adapter("rslora")}", $"vqa={Adapter("norms")}"));
        Assert.True(converted.Code == 0, converted.Error);
        Assert.Equal("report", Write("report").GetProperty("adapter").GetString());
        Assert.Equal("report", Write("report", "--prompt", "What is seen?").GetProperty("adapter").GetString());
        Assert.Equal("vqa", Write("ask", "What is seen?").GetProperty("adapter").GetString());

        var added = Hsenet.Run("weights", "add-adapter", "--weights", _folder.At("model"), "--adapter", $"new={Adapter("patterns")}",
            "--task", "report");
        Assert.True(added.Code == 0, added.Error);
        Assert.Contains("adapters report, vqa, new", added.Output, StringComparison.Ordinal);
        string weights = Write("report", "--adapter", "new").GetProperty("weights").GetString()!;
        Assert.NotEqual(weights, Write("report").GetProperty("weights").GetString());
        Hsenet.Run("report", Hsenet.Scan, "--weights", _folder.At("model"), "--adapter", "none")
            .IsRefused("no adapter 'none'", "new, report, vqa");

        var inspected = Done(Hsenet.Run("inspect", _folder.At("model"), "--verify", "--json"));
        JsonElement[] tensors = [.. inspected.GetProperty("tensors").EnumerateArray()];
        Assert.Equal(tensors.Length, inspected.GetProperty("verified").GetInt32());
        Assert.Equal([null, "new", "report", "vqa"], tensors.Select(tensor => tensor.GetProperty("adapter").GetString()).Distinct());

        var merged = Hsenet.Run("weights", "merge", "--weights", _folder.At("model"), "--adapter", "vqa", "--out", _folder.At("tuned"));
        Assert.True(merged.Code == 0, merged.Error);
        GoldenAdapter.Agrees("norms", _folder.At("tuned"), merged: true, tolerance: 1e-2); // the folder is bf16
    }

    [Fact]
    public void A_training_starts_from_an_adapter_that_was_merged_or_from_scratch()
    {
        string image = JsonSerializer.Serialize(Hsenet.Scan);
        string manifest = _folder.Write("manifest.jsonl",
            System.Text.Encoding.UTF8.GetBytes($"{{\"image\": {image}, \"text\": \"The lungs are clear.\"}}\n"));
        Assert.Equal(0, Hsenet.Run(Convert($"report={Adapter("rslora")}", $"vqa={Adapter("norms")}")).Code);
        string[] Train(string weights, string run) => ["train", "report", "--manifest", manifest, "--weights", _folder.At(weights), "--out",
            _folder.At(run), "--steps", "1", "--max-length", "100", "--device", "cpu", "--cache", _folder.At("cache")];
        Hsenet.Run(Train("model", "run")).IsRefused("in its adapters alone (report, vqa)", "merged", "--init");
        Assert.False(Directory.Exists(_folder.At("run")));
        Assert.Equal(0, Hsenet.Run([.. Train("model", "scratch"), "--init", "scratch"]).Code);
        Assert.Equal(0, Hsenet.Run("weights", "merge", "--weights", _folder.At("model"), "--adapter", "report", "--out",
            _folder.At("merged")).Code);
        var trained = Hsenet.Run(Train("merged", "run"));
        Assert.True(trained.Code == 0, trained.Error);
    }

    [Fact]
    public void Names_that_cannot_be_used_are_refused_and_nothing_is_written()
    {
        string file = Adapter("rslora");
        Hsenet.Run(Convert($"report={file}", file)).IsRefused("NAME=FILE for each of several");
        Hsenet.Run(Convert($"report={file}", $"report={file}")).IsRefused("report is given twice");
        Hsenet.Run(Convert($"base={file}", $"vqa={file}")).IsRefused("'base'");
        Hsenet.Run([.. Convert($"report={file}", $"vqa={file}"), "--merge-lora"]).IsRefused("--merge-lora");
        Hsenet.Run("weights", "add-adapter", "--weights", Hsenet.Demo, "--adapter", file).IsRefused("expected NAME=FILE");
        Hsenet.Run("weights", "add-adapter", "--weights", Hsenet.Demo, "--adapter", $"x={file}", "--task", "more").IsRefused("--task more");
        Assert.False(Directory.Exists(_folder.At("model")));
    }

    public void Dispose() => _folder.Dispose();
}
