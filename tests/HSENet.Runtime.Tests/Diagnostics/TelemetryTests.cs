// What a program sees that watches a model: activities by stage, figures of the meter, and nothing of the study.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

// Listeners hear the whole process: other models' requests must not run meanwhile.
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
[Collection(nameof(TelemetryTests))]
public sealed class TelemetryTests
{
    static readonly string Demo = LifetimeTests.Demo;
    static readonly string Page = Path.Combine(GoldenFolder.RepositoryRoot(), "src", "HSENet.Runtime", "Diagnostics", "README.md");

    [Fact]
    public void A_report_is_an_activity_with_one_below_it_for_each_stage()
    {
        using var heard = new Heard();
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device);
        using var study = LifetimeTests.Study();
        using var outer = new Activity("caller").Start();
        var result = model.Report(study, new ReportOptions { MaxTokens = 5 }).Complete();

        var report = Assert.Single(heard.Activities, activity => activity.OperationName == "hsenet.report");
        Assert.Equal(outer.SpanId, report.ParentSpanId);
        Assert.Equal(["hsenet.waiting", "hsenet.preprocessing", "hsenet.encoding", "hsenet.reading", "hsenet.generating"],
            heard.Activities.Where(activity => activity.ParentSpanId == report.SpanId).Select(activity => activity.OperationName));
        Assert.Equal(result.PromptTokens, report.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(5, report.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(["length"], Assert.IsType<string[]>(report.GetTagItem("gen_ai.response.finish_reasons")));
        Assert.Equal(result.Weights, report.GetTagItem("hsenet.weights"));
        Assert.Equal(ActivityStatusCode.Unset, report.Status);
        Assert.Contains(heard.Activities, activity => activity.OperationName == "hsenet.open");
        Assert.Same(outer, Activity.Current);
    }

    [Fact]
    public void Tokens_stages_and_times_are_measured_and_sum_to_the_results()
    {
        using var heard = new Heard();
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device);
        using var study = LifetimeTests.Study();
        using var encoded = model.Encode(study);
        var first = encoded.Ask("Where?", new ReportOptions { MaxTokens = 3 }).Complete();
        var second = encoded.Ask("What?", new ReportOptions { MaxTokens = 4 }).Complete();

        Assert.Equal(7, heard.Sum("hsenet.tokens", ("hsenet.token.type", "generated")));
        Assert.Equal(first.ReadTokens + second.ReadTokens, heard.Sum("hsenet.tokens", ("hsenet.token.type", "read")));
        Assert.Equal(second.PromptTokens - second.ReadTokens, heard.Sum("hsenet.tokens", ("hsenet.token.type", "kept")));
        Assert.Equal(2, heard.Values("hsenet.operation.duration", ("hsenet.operation", "answer")).Count());
        Assert.Single(heard.Values("hsenet.operation.duration", ("hsenet.operation", "encode")));
        Assert.Single(heard.Values("hsenet.stage.duration", ("hsenet.stage", "preprocessing")));
        Assert.Equal(2, heard.Values("hsenet.stage.duration", ("hsenet.stage", "generating")).Count());
        Assert.Equal(2, heard.Values("hsenet.time_to_first_token").Count());
        Assert.All(heard.Values("hsenet.time_per_output_token"), seconds => Assert.InRange(seconds, double.Epsilon, 60));
        Assert.Equal(0, heard.Sum("hsenet.active_requests"));
        Assert.Equal(0, heard.Sum("hsenet.queued_requests"));
        // The stages are the whole: what is between them takes no time of note.
        Assert.InRange(heard.Sum("hsenet.stage.duration"),
            heard.Values("hsenet.operation.duration").Sum() * 0.2, heard.Sum("hsenet.operation.duration"));
    }

    [Fact]
    public void What_waits_is_counted_until_it_runs_or_gives_up()
    {
        using var heard = new Heard();
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device);
        using var study = LifetimeTests.Study();
        var running = new HeldRequest(model, study);
        using var stop = new CancellationTokenSource();
        var waiting = model.Report(study, new ReportOptions { MaxTokens = 1 }, stop.Token).CompleteAsync();
        Assert.True(SpinWait.SpinUntil(() => heard.Sum("hsenet.queued_requests") == 1, 10_000));
        Assert.Equal(2, heard.Sum("hsenet.active_requests"));
        Assert.Equal(2, model.Requests);
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => waiting.GetAwaiter().GetResult());
        Assert.Equal(0, heard.Sum("hsenet.queued_requests"));
        running.Dispose();
        Assert.Equal(0, heard.Sum("hsenet.active_requests"));
        Assert.Equal(0, model.Requests);
        Assert.All(heard.Activities.Where(activity => activity.OperationName == "hsenet.report"), activity =>
        {
            Assert.Contains("Cancel", (string)activity.GetTagItem("error.type")!);
            Assert.Equal(ActivityStatusCode.Unset, activity.Status);
        });
        // The tokens that came before it was stopped did come.
        Assert.InRange(heard.Sum("hsenet.tokens", ("hsenet.token.type", "generated")), 1, 20);
    }

    [Fact]
    public void A_failure_names_its_type_and_sets_the_status()
    {
        using var heard = new Heard();
        Assert.Throws<HseNetFileException>(() => CtStudy.Open(Page));
        var scan = Assert.Single(heard.Activities);
        Assert.Equal(("hsenet.scan", ActivityStatusCode.Error), (scan.OperationName, scan.Status));
        Assert.Equal(typeof(HseNetFileException).FullName, scan.GetTagItem("error.type"));
        Assert.Single(heard.Values("hsenet.operation.duration", ("error.type", typeof(HseNetFileException).FullName!)));
    }

    [Fact]
    public void Names_and_tags_carry_nothing_of_the_study()
    {
        using var heard = new Heard();
        using var folder = new TemporaryFolder();
        File.Copy(GoldenFolder.At("data/ct_sm.nii.gz"), folder.At("Miller_Anna.nii.gz"));
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device);
        using var study = CtStudy.Open(folder.At("Miller_Anna.nii.gz"));
        var result = model.Report(study, new ReportOptions { Question = "Has Anna a nodule?", MaxTokens = 4 }).Complete();
        string all = string.Join('\n', heard.Activities.Select(activity => $"{activity.DisplayName} {activity.StatusDescription} "
            + string.Join(' ', activity.TagObjects))) + string.Join('\n', heard.Measured);
        Assert.NotEmpty(heard.Measured);
        Assert.DoesNotContain("Anna", all);
        Assert.DoesNotContain(result.Text.Trim(), all);
    }

    [Fact]
    public void Where_nobody_listens_nothing_is_measured()
    {
        Assert.False(Telemetry.IsWatched);
        Assert.Null(OperationTrace.Begin(OperationName.Report, isRequest: true));
        using (new Heard())
            Assert.True(Telemetry.IsWatched);
        Assert.False(Telemetry.IsWatched);
    }

    [Fact]
    public void The_page_lists_every_instrument_with_its_kind_and_unit_and_every_operation_and_stage()
    {
        using var heard = new Heard();
        Assert.True(Telemetry.IsWatched);
        string page = File.ReadAllText(Page);
        string[] listed = [.. Regex.Matches(page, @"^\| `(hsenet\.[a-z_.]+)` \| ([a-z -]*(?:histogram|counter)) \| ([^|]+) \|",
            RegexOptions.Multiline).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}").Order()];
        Assert.Equal([.. heard.Instruments.Select(Describe).Order()], listed);
        string[] operations = [.. typeof(OperationName).GetFields().Select(field => (string)field.GetRawConstantValue()!)];
        Assert.Equal(7, operations.Length);
        Assert.All(operations, operation => Assert.Contains($"`hsenet.{operation}`", page));
        foreach (string stage in Enum.GetNames<ReportStage>())
            Assert.Contains($"`hsenet.{stage.ToLowerInvariant()}`", page);
    }

    static string Describe(Instrument instrument) =>
        $"{instrument.Name} {instrument switch
        {
            Histogram<double> => "histogram",
            Counter<long> => "counter",
            _ => "up-down counter",
        }} {instrument.Unit}";

    /// <summary>Listens to everything of the library.</summary>
    sealed class Heard : IDisposable
    {
        readonly ActivityListener _activities;
        readonly MeterListener _meters = new();
        readonly ConcurrentQueue<Activity> _stopped = [];

        public Heard()
        {
            _activities = new ActivityListener
            {
                ShouldListenTo = source => source.Name == HseNetModel.TelemetryName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _stopped.Enqueue,
            };
            ActivitySource.AddActivityListener(_activities);
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name != HseNetModel.TelemetryName)
                    return;
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            };
            _meters.SetMeasurementEventCallback<double>(Add);
            _meters.SetMeasurementEventCallback<long>((instrument, value, tags, state) => Add(instrument, value, tags, state));
            _meters.SetMeasurementEventCallback<int>((instrument, value, tags, state) => Add(instrument, value, tags, state));
            _meters.Start();
        }

        public List<Instrument> Instruments { get; } = [];

        /// <summary>In the order in which they ended.</summary>
        public IReadOnlyCollection<Activity> Activities => _stopped;

        public ConcurrentQueue<(string Name, double Value, string Tags)> Measured { get; } = [];

        public IEnumerable<double> Values(string name, params (string Key, string Value)[] tags) =>
            Measured.Where(one => one.Name == name && tags.All(tag => one.Tags.Contains($"[{tag.Key}, {tag.Value}]")))
                .Select(one => one.Value);

        public double Sum(string name, params (string Key, string Value)[] tags) => Values(name, tags).Sum();

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
            Measured.Enqueue((instrument.Name, value, string.Concat(tags.ToArray())));

        public void Dispose()
        {
            _activities.Dispose();
            _meters.Dispose();
        }
    }
}
