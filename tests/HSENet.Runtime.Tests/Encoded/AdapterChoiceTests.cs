// Which adapter answers a request: by name, by task, by what the verb or the question is; and that all share one encoding.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class AdapterChoiceTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new(2);

    static readonly ReportOptions Options = new() { MaxTokens = 6, Sampling = new SamplingOptions { Temperature = 5, Seed = 2 } };

    // Under each name an adapter of its own.
    string Convert(params string[] names)
    {
        string model = _folder.At($"model{string.Join('-', names)}");
        ModelConverter.Convert(TinyModel.Options(model) with
        {
            Adapter = "",
            NamedAdapters = names.Select((name, i) => (name, kind: GoldenAdapter.Kinds[i])).ToDictionary(pair => pair.name,
                pair => GoldenAdapter.WithProjectors(pair.kind, _folder.At($"{Path.GetFileName(model)}-{pair.kind}"))),
        });
        return model;
    }

    // The same adapter as the only one of a folder.
    string Alone(int kind)
    {
        string model = _folder.At($"alone{kind}");
        ModelConverter.Convert(TinyModel.Options(model) with
        {
            Adapter = GoldenAdapter.WithProjectors(GoldenAdapter.Kinds[kind], _folder.At($"alone{kind}-adapter")),
        });
        return model;
    }

    [Fact]
    public void Reports_and_questions_take_their_adapters_with_the_ids_of_a_folder_of_each()
    {
        using var model = HseNetModel.Open(Convert("report", "vqa"), _device);
        using var study = FinishedStudy.Create(_folder, model.Config, 1);
        using var encoded = model.Encode(study);
        ReportResult report = encoded.Report(Options).Complete(), answer = encoded.Ask("Where?", Options).Complete();
        Assert.Equal(("report", "vqa"), (report.Adapter, answer.Adapter));
        Assert.NotEqual(report.Weights, answer.Weights);
        foreach (var (result, kind, question) in new[] { (report, 0, Prompt.DefaultQuestion), (answer, 1, "Where?") })
        {
            using var alone = HseNetModel.Open(Alone(kind), _device);
            Assert.Equal(alone.Report(study, Options with { Question = question }).Complete().Ids, result.Ids);
            Assert.Equal(result.Ids, model.Report(study, Options with { Question = question }).Complete().Ids);
        }
    }

    [Fact]
    public void A_further_adapter_takes_the_memory_of_its_own_tensors_alone()
    {
        string folder = Convert("report", "vqa");
        long two = Open(folder), one = Open(Convert("report"));
        using var further = TensorSource.Open(NamedAdapter.File(folder, "vqa"));
        Assert.Equal(further.Tensors.Sum(tensor => tensor.ByteLength), two - one);

        static long Open(string folder)
        {
            using var device = new ScarceDevice(-1);
            using var model = HseNetModel.Open(folder, device);
            return device.LivingBytes;
        }
    }

    [Fact]
    public void A_further_adapter_runs_its_projectors_and_its_prefix_but_no_encoder()
    {
        using var model = HseNetModel.Open(Convert("report", "vqa"), _device);
        using var study = FinishedStudy.Create(_folder, model.Config, 1);
        using var encoded = model.Encode(study);
        encoded.Report(Options).Complete();
        ReportResult first = null!;
        var log = LaunchLog.Of(_device, () => first = encoded.Ask("Where?", Options).Complete());
        Assert.Contains("WindowAttention", log.Operations);
        Assert.DoesNotContain("PatchEmbedding", log.Operations);
        Assert.Equal(first.PromptTokens, first.ReadTokens);
        Assert.Equal(first.PromptTokens - 1 - model.VisualTokens, encoded.Ask("Where?", Options).Complete().ReadTokens);
        Assert.InRange(encoded.Bytes, 1, model.PlanEncoded().TotalBytes - 1);
        foreach (string adapter in model.Adapters)
            encoded.Ask(EncodedStudyTests.LongQuestion, Options with { Adapter = adapter }).Complete();
        encoded.Ask("Where?", Options with { Adapter = "report" }).Complete();
        Assert.Equal(model.PlanEncoded().TotalBytes, encoded.Bytes);
    }

    [Fact]
    public void An_adapter_is_chosen_by_its_name_or_its_task()
    {
        string folder = Convert("first", "second", "third");
        NamedAdapterFile.Add(folder, "fourth", GoldenAdapter.WithProjectors(GoldenAdapter.Kinds[3], _folder.At("fourth")), "vqa");
        using var model = HseNetModel.Open(folder, _device);
        using var study = FinishedStudy.Create(_folder, model.Config, 1);
        using var encoded = model.Encode(study);
        Assert.Equal("second", encoded.Report(Options with { Adapter = "second" }).Complete().Adapter);
        Assert.Equal("fourth", encoded.Ask("Where?", Options).Complete().Adapter);
        Assert.Equal("fourth", encoded.Report(Options with { Adapter = "vqa" }).Complete().Adapter);
        // Nothing fits a report, and there is no base to fall back on.
        Refused(() => encoded.Report(Options), "no adapter for report", "first, fourth, second, third");
        Refused(() => model.Report(study, Options with { Adapter = "fifth" }), "no adapter 'fifth'", "first, fourth, second, third");
        NamedAdapterFile.Add(folder, "fifth", GoldenAdapter.WithProjectors(GoldenAdapter.Kinds[4], _folder.At("fifth")), "vqa");
        using var two = HseNetModel.Open(folder, _device);
        Refused(() => two.Report(study, Options with { Question = "Where?" }), "several adapters for vqa", "fifth, fourth");
    }

    [Fact]
    public void A_conversation_keeps_the_adapter_of_its_first_turn()
    {
        using var model = HseNetModel.Open(Convert("report", "vqa"), _device);
        using var study = FinishedStudy.Create(_folder, model.Config, 1);
        using var encoded = model.Encode(study);
        using var chat = encoded.Chat();
        Assert.Equal("report", chat.Ask("What is seen?", Options with { Adapter = "report" }).Complete().Adapter);
        Assert.Equal("report", chat.Ask("Where?", Options).Complete().Adapter);
        Refused(() => chat.Ask("Where?", Options with { Adapter = "vqa" }).Complete(), "began with the adapter report");
    }

    [Fact]
    public void A_saved_study_keeps_what_each_adapter_made_and_is_refused_where_one_is_another()
    {
        string folder = Convert("report", "vqa"), file = _folder.At("study.safetensors");
        using var model = HseNetModel.Open(folder, _device);
        using var study = FinishedStudy.Create(_folder, model.Config, 1);
        using var encoded = model.Encode(study);
        encoded.Report(Options).Complete();
        var answer = encoded.Ask("Where?", Options).Complete();
        encoded.Save(file);
        using var loaded = model.LoadEncoded(file);
        Assert.Equal(answer.Ids, loaded.Ask("Where?", Options).Complete().Ids);
        Assert.Equal(encoded.Bytes, loaded.Bytes);

        // The same base and names, but another adapter behind one of them.
        using var other = HseNetModel.Open(Replaced(), _device);
        Assert.Equal(model.WeightsHash, other.WeightsHash);
        Refused(() => other.LoadEncoded(file), "adapter.vqa is");
    }

    string Replaced()
    {
        string other = _folder.At("replaced");
        ModelConverter.Convert(TinyModel.Options(other) with
        {
            Adapter = "",
            NamedAdapters = new Dictionary<string, string>
            {
                ["report"] = GoldenAdapter.WithProjectors(GoldenAdapter.Kinds[0], _folder.At("same")),
                ["vqa"] = GoldenAdapter.WithProjectors(GoldenAdapter.Kinds[2], _folder.At("another")),
            },
        });
        return other;
    }

    static void Refused(Action action, params string[] words)
    {
        var error = Assert.ThrowsAny<HseNetException>(action);
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }
}
