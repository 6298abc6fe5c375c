// What an embedder may do wrong, and what it is told: the argument, the object that is gone, or one line about the input.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class EmbedderTests : IDisposable
{
    static readonly string Demo = GoldenFolder.Toy;

    readonly HseNetModel _model = HseNetModel.Open(Demo, PartRun.Host);
    readonly CtStudy _study = Study();

    static CtStudy Study()
    {
        var voxels = new short[16 * 16 * 8];
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = (short)(i % 1200 - 1000);
        return CtStudy.FromVoxels<short>(voxels, (16, 16, 8), (1, 1, 2));
    }

    [Fact]
    public void Options_without_a_part_are_an_argument_error()
    {
        Assert.Throws<ArgumentNullException>(() => _model.Report(_study, new ReportOptions { Sampling = null! }));
        Assert.Throws<HseNetException>(() => _model.Report(_study, new ReportOptions { Question = null! }));
        Assert.Throws<ArgumentNullException>(() => CtStudy.Open("scan.nii", new CtStudyOptions { Preprocessing = null! }));
        Assert.Throws<ArgumentNullException>(() =>
            CtStudy.FromVoxels<short>(new short[8], (2, 2, 2), (1, 1, 1), options: new CtStudyOptions { Reading = null! }));
        Assert.Throws<ArgumentNullException>(() =>
            ModelConverter.Convert(new ConversionOptions { Clip = null!, LanguageModel = "a", Adapter = "b", Output = "c" }));
        Assert.Throws<ArgumentException>(() =>
            ModelConverter.Convert(new ConversionOptions { Clip = "a", LanguageModel = "b", Adapter = "c", Output = "" }));
    }

    public static TheoryData<string, ReportOptions> Refused => new()
    {
        { "ReportOptions.MaxTokens 0", new() { MaxTokens = 0 } },
        { "ReportOptions.StopSequences", new() { StopSequences = ["a", ""] } },
        { "SamplingOptions.Temperature NaN", new() { Sampling = new() { Temperature = float.NaN } } },
        { "SamplingOptions.TopK -1", new() { Sampling = new() { TopK = -1 } } },
        { "SamplingOptions.TopP 2", new() { Sampling = new() { TopP = 2 } } },
        { "SamplingOptions.MinP 1", new() { Sampling = new() { MinP = 1 } } },
        { "SamplingOptions.RepetitionPenalty 0", new() { Sampling = new() { RepetitionPenalty = 0 } } },
    };

    [Theory, MemberData(nameof(Refused))]
    public void A_setting_that_cannot_be_used_is_named_as_its_property(string property, ReportOptions options) =>
        Assert.StartsWith(property, Assert.Throws<HseNetException>(() => _model.Report(_study, options)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_number_that_is_no_member_of_its_type_is_refused()
    {
        Assert.Contains("ModelOptions.Activations 77", Assert.Throws<HseNetException>(() =>
            HseNetModel.Open(Demo, PartRun.Host, new ModelOptions { Activations = (ActivationType)77 })).Message, StringComparison.Ordinal);
        Assert.Contains("ModelOptions.Tokenizer 77", Assert.Throws<HseNetException>(() =>
            HseNetModel.Open(Demo, PartRun.Host, new ModelOptions { Tokenizer = (TokenizerForm)77 })).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(-1), InlineData(100_000)]
    public void A_host_device_of_threads_that_no_machine_has_is_refused(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostDevice(threads));

    [Fact]
    public void A_stream_that_cannot_be_read_is_an_argument_error()
    {
        using var folder = new TemporaryFolder();
        var closed = new MemoryStream();
        closed.Dispose();
        Assert.Throws<ArgumentException>(() => CtStudy.Read(closed, "closed"));
        using var written = new FileStream(folder.At("written"), FileMode.Create, FileAccess.Write);
        Assert.Throws<ArgumentException>(() => CtStudy.Read(written, "written"));
    }

    [Fact]
    public void What_is_disposed_is_named()
    {
        var study = Study();
        study.Dispose();
        study.Dispose();
        Assert.Equal(typeof(CtStudy).FullName, Assert.Throws<ObjectDisposedException>(() => _model.Report(study)).ObjectName);
        _model.Dispose();
        _model.Dispose();
        Assert.Equal(typeof(HseNetModel).FullName, Assert.Throws<ObjectDisposedException>(() => _model.Report(_study)).ObjectName);
    }

    [Fact]
    public void A_study_that_is_gone_when_its_report_is_read_is_named()
    {
        var study = Study();
        var report = _model.Report(study);
        study.Dispose();
        Assert.Equal(typeof(CtStudy).FullName, Assert.Throws<ObjectDisposedException>(report.Complete).ObjectName);
        Assert.NotEmpty(_model.Report(_study, new ReportOptions { MaxTokens = 2 }).Complete().Ids);
    }

    [Fact]
    public void A_limit_beyond_the_model_s_own_takes_no_more_memory_and_gives_the_same_text()
    {
        var all = new ReportOptions { MaxTokens = int.MaxValue };
        Assert.Equal(_model.Report(_study).Complete().Ids, _model.Report(_study, all).Complete().Ids);
    }

    [Fact]
    public void Memory_is_planned_from_the_configuration_alone()
    {
        var config = ModelConfig.Read(Demo);
        int longest = config.LanguageModel.MaxPositionEmbeddings;
        var plan = MemoryPlan.For(config, config.VisualTokens + 10, 100);
        Assert.Equal(_model.Plan(config.VisualTokens + 10, 100).Buffers, plan.Buffers);
        Assert.All(plan.Buffers, buffer => Assert.InRange(buffer.Offset + buffer.Bytes, 0, plan.TotalBytes));
        Assert.Equal(MemoryPlan.For(config, 50, longest - 50).Buffers, MemoryPlan.For(config, 50, int.MaxValue).Buffers);
        // Half of what products pass on, the cache among it.
        Assert.InRange(MemoryPlan.For(config, config.VisualTokens + 10, 100, ActivationType.BF16).TotalBytes, 0.5 * plan.TotalBytes,
            0.8 * plan.TotalBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlan.For(config, longest, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlan.For(config, 0, 1));
    }

    public void Dispose()
    {
        _study.Dispose();
        _model.Dispose();
    }
}
