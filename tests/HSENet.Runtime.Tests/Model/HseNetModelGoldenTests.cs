// The open model as an embedder uses it: many threads, early stops, cancellation, memory in memory.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class HseNetModelGoldenTests
{
    static readonly Lazy<HseNetModel> Model = new(() => HseNetModel.Open(TinyModel.Folder, PartRun.Host));

    static CtStudy Study(int seed)
    {
        // Air with a bright box: small enough to be preprocessed in milliseconds.
        var voxels = new short[24 * 24 * 12];
        var random = new Random(seed);
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = (short)(-1000 + random.Next(1200));
        return CtStudy.FromVoxels<short>(voxels, (24, 24, 12), (1, 1, 2));
    }

    [Fact]
    public void Many_threads_get_their_own_right_answers()
    {
        var expected = Enumerable.Range(0, 3).Select(Answer).ToArray();
        int[] seeds = [.. Enumerable.Range(0, 12).Select(i => i % 3)];
        var answers = new string[seeds.Length];
        Parallel.For(0, seeds.Length, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => answers[i] = Answer(seeds[i]));
        Assert.Equal(seeds.Select(seed => expected[seed]), answers);
    }

    static string Answer(int seed)
    {
        using var study = Study(seed);
        return string.Join(' ', Model.Value.Report(study, new ReportOptions { MaxTokens = 6 }).Complete().Ids);
    }

    [Fact]
    public async Task Pieces_put_together_are_the_text()
    {
        using var study = Study(1);
        var report = Model.Value.Report(study, new ReportOptions { MaxTokens = 12 });
        string text = "";
        await foreach (string piece in report)
            text += piece;
        Assert.Equal(report.Result.Text, text);
        Assert.Equal("standard-3", report.Result.Preprocessing);
        Assert.Equal(Model.Value.WeightsHash, report.Result.Weights);
    }

    [Fact]
    public void A_reader_that_stops_early_frees_the_model()
    {
        using var study = Study(2);
        foreach (string _ in Model.Value.Report(study, new ReportOptions { MaxTokens = 40 }))
            break;
        Assert.NotEmpty(Answer(2));
    }

    [Fact]
    public async Task Cancellation_ends_the_generation()
    {
        using var study = Study(3);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var report = Model.Value.Report(study, cancellation: cancelled.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => report.CompleteAsync());
        Assert.NotEmpty(Answer(3));
    }

    [Fact]
    public void A_report_can_be_read_once()
    {
        using var study = Study(4);
        var report = Model.Value.Report(study, new ReportOptions { MaxTokens = 1 });
        var result = report.Complete();
        Assert.Throws<InvalidOperationException>(() => report.ToList());
        Assert.Same(result, report.Complete());
    }

    [Fact]
    public void The_plan_is_made_without_allocating_and_adds_up()
    {
        var plan = Model.Value.Plan(42, 512);
        Assert.All(plan.Buffers, buffer => Assert.InRange(buffer.Offset + buffer.Bytes, 0, plan.TotalBytes));
        Assert.Contains(plan.Buffers, buffer => buffer.Name == "decoder.key_cache");
        Assert.Contains("bytes in all", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_that_does_not_fit_the_table_is_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(TinyModel.Folder))
            File.Copy(file, folder.At(Path.GetFileName(file)));
        string config = folder.At("config.json");
        int vocabulary = TinyModel.Config.LanguageModel.VocabSize;
        string text = File.ReadAllText(config);
        int language = text.IndexOf("\"language_model\": {", StringComparison.Ordinal);
        File.WriteAllText(config, text[..language]
            + text[language..].Replace($"\"vocab_size\": {vocabulary}", $"\"vocab_size\": {vocabulary + 1}", StringComparison.Ordinal));
        var error = Assert.Throws<HseNetFileException>(() => HseNetModel.Open(folder.Path, PartRun.Host));
        Assert.Contains($"{vocabulary + 1}", error.Message, StringComparison.Ordinal);
    }
}
