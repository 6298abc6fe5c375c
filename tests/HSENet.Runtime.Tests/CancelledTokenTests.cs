// Whoever cancels finds his own token in the error, whatever linked it meanwhile, at the start and in the middle of the work.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class CancelledTokenTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new();
    readonly HseNetModel _model;
    readonly StudyEmbedder _embedder;
    readonly CtStudy _study;
    readonly EncodedStudy _encoded;
    readonly VolumeIndex _index;
    readonly string _scan;

    public CancelledTokenTests()
    {
        _model = HseNetModel.Open(EncodedStudyTests.Demo, _device);
        _embedder = StudyEmbedder.Open(EncodedStudyTests.Demo, _device);
        _scan = _folder.Write("scan.nii", VolumeSeeds.Nifti(16, 16, 8));
        _study = CtStudy.Open(_scan, Forced);
        _encoded = _model.Encode(_study);
        _index = VolumeIndex.OpenOrCreate(_folder.At("studies.index"), _embedder);
        _index.Add(_embedder, "one", _study);
        _index.Flush();
    }

    public void Dispose()
    {
        _index.Dispose();
        _encoded.Dispose();
        _study.Dispose();
        _embedder.Dispose();
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }

    static CtStudyOptions Forced => new() { Preprocessing = new() { Force = true } };

    // Everything public that takes a token. Launches: on the device, so that it can be cancelled in their midst.
    (string Name, bool Launches, Func<CancellationToken, Task> Work)[] Cases =>
    [
        ("CtStudy.OpenAsync", false, stop => CtStudy.OpenAsync(_scan, Forced, stop)),
        ("CtStudy.ReadAsync", false, stop => CtStudy.ReadAsync(new MemoryStream(File.ReadAllBytes(_scan)), "scan", Forced, stop)),
        ("CtStudy.Open, token in the options", false, stop => Now(() => CtStudy.Open(_scan, Stopped(stop)).Dispose())),
        ("CtStudy.ReadAsync, token in the options", false, stop =>
            CtStudy.ReadAsync(new MemoryStream(File.ReadAllBytes(_scan)), "scan", Stopped(stop))),
        ("HseNetModel.OpenAsync", false, stop => HseNetModel.OpenAsync(EncodedStudyTests.Demo, _device, null, stop)),
        ("HseNetModel.Encode", true, stop => Now(() => _model.Encode(_study, null, stop).Dispose())),
        ("HseNetModel.EncodeAsync", true, stop => _model.EncodeAsync(_study, null, stop)),
        ("HseNetModel.Report", true, stop => Now(() => _model.Report(_study, null, stop).Complete())),
        ("EncodedStudy.Report", true, stop => _encoded.Report(null, stop).CompleteAsync(CancellationToken.None)),
        ("EncodedStudy.Ask", true, stop => Now(() => _encoded.Ask("What is seen?", null, stop).Count())),
        ("Conversation.Ask", true, stop => Now(() => Converse(stop))),
        ("ReportStream.CompleteAsync", true, stop => _model.Report(_study).CompleteAsync(stop)),
        ("ReportStream.AsAsyncEnumerable", true, stop => Read(_model.Report(_study).AsAsyncEnumerable(stop), default)),
        ("ReportStream.AsAsyncEnumerable, WithCancellation", true, stop => Read(_model.Report(_study).AsAsyncEnumerable(), stop)),
        ("ReportStream.GetAsyncEnumerator", true, async stop =>
        {
            await using var pieces = _encoded.Report().GetAsyncEnumerator(stop);
            while (await pieces.MoveNextAsync())
            {
            }
        }),
        ("StudyEmbedder.Embed", true, stop => Now(() => _embedder.Embed(_study, stop))),
        ("StudyEmbedder.Embed", true, stop => Now(() => _embedder.Embed("No nodule.", stop))),
        ("VolumeIndex.Add", true, stop => Now(() => _index.Add(_embedder, "two", _study, stop))),
        ("VolumeIndex.Add", true, stop => Now(() => _index.Add(_embedder, "two", "No nodule.", stop))),
        ("VolumeIndex.Search", true, stop => Now(() => _index.Search(_embedder, _study, cancellation: stop))),
        ("VolumeIndex.Search", true, stop => Now(() => _index.Search(_embedder, "No nodule.", cancellation: stop))),
        ("VolumeIndex.Verify", false, stop => Now(() => _index.Verify(stop))),
        ("VolumeIndex.Merge", false, stop => Now(() => VolumeIndex.Merge([_folder.At("studies.index")], _folder.At("merged"), stop))),
    ];

    static CtStudyOptions Stopped(CancellationToken stop) => Forced with { Reading = new() { Cancellation = stop } };

    static Task Now(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    void Converse(CancellationToken stop)
    {
        using var chat = _encoded.Chat();
        chat.Ask("What is seen?", null, stop).Complete();
    }

    static async Task Read(IAsyncEnumerable<string> pieces, CancellationToken stop)
    {
        await foreach (string _ in pieces.WithCancellation(stop))
        {
        }
    }

    [Fact]
    public void Everything_that_takes_a_token_is_tried()
    {
        string[] all = [.. typeof(HseNetModel).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods())
            .Where(method => !method.IsSpecialName && method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken)))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Order(StringComparer.Ordinal)];
        Assert.NotEmpty(all);
        Assert.Equal(all, Cases.Select(tried => tried.Name).Where(name => !name.Contains(',')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_token_that_was_cancelled_before_is_named()
    {
        foreach (var (name, _, work) in Cases)
        {
            using var stop = new CancellationTokenSource();
            await stop.CancelAsync();
            await Named(name, work, stop.Token);
        }
    }

    [Fact]
    public async Task A_token_that_is_cancelled_meanwhile_is_named()
    {
        foreach (var (name, _, work) in Cases.Where(tried => tried.Launches))
        {
            using var stop = new CancellationTokenSource();
            _device.Observer = new Third(stop);
            await Named(name, work, stop.Token);
            _device.Observer = null;
        }
    }

    [Fact]
    public async Task The_token_of_the_request_and_that_of_its_reader_are_told_apart()
    {
        foreach (bool ofReader in (bool[])[false, true])
        {
            using CancellationTokenSource request = new(), reader = new();
            _device.Observer = new Third(ofReader ? reader : request);
            await Named("report", _ => _model.Report(_study, null, request.Token).CompleteAsync(reader.Token),
                ofReader ? reader.Token : request.Token);
            _device.Observer = null;
        }
    }

    static async Task Named(string name, Func<CancellationToken, Task> work, CancellationToken token)
    {
        var error = await Record.ExceptionAsync(() => work(token));
        var cancelled = error as OperationCanceledException;
        Assert.True(cancelled is not null, $"{name}: {error?.ToString() ?? "no error"}");
        Assert.True(cancelled.CancellationToken == token, $"{name}: another token");
    }

    /// <summary>Cancels before the third launch.</summary>
    sealed class Third(CancellationTokenSource stop) : ILaunchObserver
    {
        int _launches;

        public void Launching(Rung rung, object arguments)
        {
            if (++_launches == 3)
                stop.Cancel();
        }

        public void Launched(Rung rung)
        {
        }
    }
}
