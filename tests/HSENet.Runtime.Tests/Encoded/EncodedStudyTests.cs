// A study that is encoded once: the same ids as separate runs, no encoder for a further question, and of the prompt its own tokens only.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class EncodedStudyTests : IDisposable
{
    internal static readonly string Demo = GoldenFolder.Toy;
    static readonly string[] Questions = ["What is seen?", "Is there a pleural effusion on either side?", "Where?"];

    /// <summary>More tokens than the demo's short factors hold for.</summary>
    internal static readonly string LongQuestion = string.Join(' ', Enumerable.Repeat("Is there anything of note in the left lung?", 20));

    readonly TemporaryFolder _folder = new();
    readonly ModelConfig _config = ModelConfig.Read(Demo);
    readonly HostDevice _device = new(2);
    readonly HseNetModel _model;
    readonly CtStudy _study;

    public EncodedStudyTests()
    {
        _model = HseNetModel.Open(Demo, _device);
        _study = FinishedStudy.Create(_folder, _config, 1);
    }

    // Warm enough that a question and a seed show in the ids.
    static ReportOptions Options(int tokens, ulong seed = 0) =>
        new() { MaxTokens = tokens, Sampling = new SamplingOptions { Temperature = 5, Seed = seed } };

    int[] Alone(string question, ReportOptions options) =>
        [.. _model.Report(_study, options with { Question = question }).Complete().Ids];

    [Theory, InlineData("host"), InlineData("emulator")]
    public void Every_question_gets_the_ids_that_it_gets_alone(string name)
    {
        using Device device = name == "host" ? new HostDevice(2) : new EmulatorDevice();
        using var model = HseNetModel.Open(Demo, device);
        int tokens = name == "host" ? 12 : 2;
        string[] questions = name == "host" ? Questions : Questions[..2];
        using var encoded = model.Encode(_study);
        int[][] together = [.. questions.Select((question, i) =>
            encoded.Ask(question, Options(tokens, (ulong)i)).Complete().Ids.ToArray())];
        // The first makes what the others go on with.
        for (int i = 1; i < questions.Length; i++)
            Assert.Equal(model.Report(_study, Options(tokens, (ulong)i) with { Question = questions[i] }).Complete().Ids, together[i]);
        Assert.Equal(together.Length, together.Select(ids => string.Join(' ', ids)).Distinct().Count());
    }

    [Fact]
    public void A_report_is_that_of_the_study_itself()
    {
        using var encoded = _model.Encode(_study);
        var report = encoded.Report(new ReportOptions { MaxTokens = 20 }).Complete();
        var alone = _model.Report(_study, new ReportOptions { MaxTokens = 20 }).Complete();
        Assert.Equal(alone.Ids, report.Ids);
        Assert.Equal((alone.Text, alone.Weights, alone.Preprocessing, alone.PromptTokens),
            (report.Text, report.Weights, report.Preprocessing, report.PromptTokens));
        Assert.Equal(alone.PromptTokens, alone.ReadTokens);
    }

    [Fact]
    public void A_further_question_runs_no_encoder_and_reads_its_own_tokens_only()
    {
        int layers = _config.LanguageModel.NumHiddenLayers;
        using var encoded = _model.Encode(_study);
        ReportResult first = null!, second = null!;
        var began = LaunchLog.Of(_device, () => first = encoded.Ask(Questions[0], Options(3)).Complete());
        var went = LaunchLog.Of(_device, () => second = encoded.Ask(Questions[1], Options(3)).Complete());

        int own = second.PromptTokens - 1 - _config.VisualTokens;
        Assert.Equal(own, second.ReadTokens);
        Assert.Equal([own, 1, 1], went.TokensRead(layers));
        Assert.Contains("WindowAttention", began.Operations);
        Assert.Equal([1 + _config.VisualTokens, first.PromptTokens - 1 - _config.VisualTokens, 1, 1], began.TokensRead(layers));
        Assert.Equal(["Attention", "Linear", "RmsNorm", "RotaryEmbedding", "Sampling", "TokenEmbedding"],
            went.Operations.Where(operation => operation is not ("Lora" or "SwiGlu")).Order());
    }

    [Fact]
    public void What_crosses_the_original_length_is_computed_again_with_the_long_factors()
    {
        int border = _config.LanguageModel.OriginalMaxPositionEmbeddings;
        int[] separate = Alone(LongQuestion, Options(10)), brief = Alone(Questions[0], Options(10));
        using var encoded = _model.Encode(_study);
        Assert.Equal(brief, encoded.Ask(Questions[0], Options(10)).Complete().Ids);
        long before = encoded.Bytes;

        var crossing = encoded.Ask(LongQuestion, Options(10)).Complete();
        Assert.True(crossing.PromptTokens > border);
        Assert.Equal(crossing.PromptTokens, crossing.ReadTokens);
        Assert.Equal(separate, crossing.Ids);
        Assert.True(encoded.Bytes > before);

        // Both sets are kept now.
        var again = encoded.Ask(LongQuestion, Options(10)).Complete();
        Assert.Equal(separate, again.Ids);
        Assert.Equal(again.PromptTokens - 1 - _config.VisualTokens, again.ReadTokens);
        Assert.Equal(brief, encoded.Ask(Questions[0], Options(10)).Complete().Ids);
    }

    [Fact]
    public void It_holds_what_was_planned_and_no_more()
    {
        using var encoded = _model.Encode(_study);
        foreach (string question in (string[])[.. Questions, LongQuestion, .. Questions, LongQuestion])
            encoded.Ask(question, Options(2)).Complete();
        Assert.Equal(_model.PlanEncoded().TotalBytes, encoded.Bytes);
        long features = 4L * 2 * _config.Vision.Patches * _config.Vision.HiddenSize;
        Assert.Equal(features, _model.PlanEncoded().Buffers.Single(buffer => buffer.Name == "study.features").Bytes);
    }

    [Fact]
    public void A_question_that_was_cancelled_while_the_prefix_was_read_leaves_the_study_whole()
    {
        int[] alone = Alone(Questions[0], Options(6));
        using var encoded = _model.Encode(_study);
        foreach (var stage in (ReportStage[])[ReportStage.Encoding, ReportStage.Reading, ReportStage.Generating])
        {
            using var cancel = new CancellationTokenSource();
            var progress = new At(stands =>
            {
                if (stands.Stage == stage)
                    cancel.Cancel();
            });
            Assert.ThrowsAny<OperationCanceledException>(() =>
                encoded.Ask(Questions[0], Options(6) with { Progress = progress }, cancel.Token).Complete());
        }
        Assert.Equal(alone, encoded.Ask(Questions[0], Options(6)).Complete().Ids);
    }

    [Fact]
    public void Threads_that_ask_of_one_study_get_their_own_answers()
    {
        int[][] alone = [.. Questions.Select((question, i) => Alone(question, Options(5, (ulong)i)))];
        using var encoded = _model.Encode(_study);
        var answers = new int[24][];
        Parallel.For(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
            answers[i] = [.. encoded.Ask(Questions[i % 3], Options(5, (ulong)(i % 3))).Complete().Ids]);
        Assert.Equal(Enumerable.Range(0, answers.Length).Select(i => alone[i % 3]), answers);
    }

    [Fact]
    public async Task It_is_encoded_asynchronously_with_shares_that_grow_to_the_whole()
    {
        var stands = new List<ReportProgress>();
        using var encoded = await _model.EncodeAsync(_study, new At(stands.Add));
        double[] shares = [.. stands.Where(at => at.Stage == ReportStage.Encoding).Select(at => at.Share)];
        Assert.Equal(shares.Order(), shares);
        Assert.Equal((0, 1), (shares[0], shares[^1]));
        Assert.Equal(1 + _config.EncoderCount * _config.Vision.NumLayers, shares.Length);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _model.EncodeAsync(_study, null, cancelled.Token));
    }

    [Theory, InlineData(PreprocessingPreset.Standard, 16), InlineData(PreprocessingPreset.Standard, 40),
        InlineData(PreprocessingPreset.BimcvR, 16)]
    public async Task Preparing_a_scan_has_shares_that_grow_to_the_whole(PreprocessingPreset preset, int slices)
    {
        var voxels = new short[16 * 16 * slices];
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = (short)(i % 1200 - 1000);
        using var study = CtStudy.FromVoxels<short>(voxels, (16, 16, slices), (1, 1, 2),
            options: new CtStudyOptions { Preprocessing = new() { Preset = preset } }, orientation: "RAS");
        var stands = new List<ReportProgress>();
        using var encoded = await _model.EncodeAsync(study, new At(stands.Add));
        double[] shares = [.. stands.Where(at => at.Stage == ReportStage.Preprocessing).Select(at => at.Share)];
        Assert.Equal(shares.Distinct().Order(), shares);
        Assert.Equal((0, 1), (shares[0], shares[^1]));
        Assert.InRange(shares.Length, 5, int.MaxValue);
    }

    [Fact]
    public void A_question_that_cannot_be_used_is_refused()
    {
        using var encoded = _model.Encode(_study);
        Assert.Throws<HseNetException>(() => encoded.Ask(" "));
        var error = Assert.Throws<HseNetException>(() => encoded.Ask(string.Join(' ', Enumerable.Repeat("lung", 1200))).Complete());
        Assert.Contains("expected a prompt below 1024 tokens", error.Message, StringComparison.Ordinal);
    }

    sealed class At(Action<ReportProgress> then) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value) => then(value);
    }

    public void Dispose()
    {
        _study.Dispose();
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }
}
