// Device, model, study and encoded study disposed in every order, before, during and after a report: a typed exception or the right
// answer, never freed memory.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class LifetimeTests(LifetimeTests.KeptStudy kept) : IClassFixture<LifetimeTests.KeptStudy>
{
    internal static readonly string Demo = GoldenFolder.Toy;
    static readonly ReportOptions Long = new() { MaxTokens = 400 };

    internal static CtStudy Study()
    {
        var voxels = new short[16 * 16 * 8];
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = (short)(i % 1200 - 1000);
        return CtStudy.FromVoxels<short>(voxels, (16, 16, 8), (1, 1, 2));
    }

    static Device New(string device) => device == "host" ? new HostDevice(2) : new EmulatorDevice();

    public static TheoryData<string, string> Orders()
    {
        var orders = new TheoryData<string, string>();
        foreach (string order in Permutations("dmse"))
        {
            orders.Add("host", order);
            orders.Add("emulator", order);
        }
        return orders;
    }

    static IEnumerable<string> Permutations(string of) =>
        of.Length == 0 ? [""] : of.SelectMany((c, i) => Permutations(of.Remove(i, 1)).Select(rest => c + rest));

    [Theory, MemberData(nameof(Orders))]
    public void Any_order_of_disposal_frees_everything_once_and_names_what_is_gone(string name, string order)
    {
        var device = New(name);
        var model = HseNetModel.Open(Demo, device);
        var study = Study();
        // The emulator would encode for seconds: it has a study that the host encoded.
        var encoded = name == "host" ? model.Encode(study) : model.LoadEncoded(kept.File);
        var chat = encoded.Chat();
        if (name == "host")
            chat.Ask("What is seen?", new ReportOptions { MaxTokens = 1 }).Complete();
        foreach (char gone in order)
        {
            IDisposable disposed = gone switch { 'd' => device, 'm' => model, 's' => study, _ => encoded };
            disposed.Dispose();
            disposed.Dispose();
            string soFar = order[..(order.IndexOf(gone) + 1)];
            if (soFar.AsSpan().ContainsAny("dms"))
                Assert.Throws<ObjectDisposedException>(() => model.Report(study, new ReportOptions { MaxTokens = 1 }).Complete());
            if (soFar == "s")
            {
                // It needs the study no more.
                Assert.Single(encoded.Ask("Where?", new ReportOptions { MaxTokens = 1 }).Complete().Ids);
                continue;
            }
            Assert.Throws<ObjectDisposedException>(() => encoded.Ask("Where?", new ReportOptions { MaxTokens = 1 }).Complete());
            Assert.Throws<ObjectDisposedException>(() => chat.Ask("Where?", new ReportOptions { MaxTokens = 1 }).Complete());
            Assert.Throws<ObjectDisposedException>(() => encoded.Save("nowhere"));
        }
        chat.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Allocate(16, "more"));
        Assert.Throws<ObjectDisposedException>(device.Synchronize);
        Assert.Throws<ObjectDisposedException>(() => HseNetModel.Open(Demo, device));
    }

    [Theory, InlineData('d'), InlineData('m'), InlineData('s'), InlineData('e')]
    public async Task What_is_disposed_while_a_report_is_written_ends_it_with_a_typed_error_or_leaves_it_whole(char gone)
    {
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(Demo, device);
        using var study = Study();
        int[] whole = [.. model.Report(study).Complete().Ids];
        foreach (var stage in Enum.GetValues<ReportStage>())
        {
            using var otherDevice = new HostDevice(2);
            using var otherModel = HseNetModel.Open(Demo, otherDevice);
            using var otherStudy = Study();
            using var encoded = gone == 'e' ? otherModel.Encode(otherStudy) : null;
            Task? disposal = null;
            var progress = new Reached(stage, () => disposal ??= Task.Run(() =>
                ((IDisposable)(gone switch { 'd' => otherDevice, 'm' => otherModel, 's' => otherStudy, _ => encoded! })).Dispose()));
            try
            {
                var options = new ReportOptions { Progress = progress };
                Assert.Equal(whole, (encoded?.Report(options) ?? otherModel.Report(otherStudy, options)).Complete().Ids);
            }
            catch (ObjectDisposedException)
            {
            }
            await (disposal ?? Task.CompletedTask);
        }
    }

    [Fact]
    public async Task A_model_s_disposal_cancels_the_report_that_runs_and_those_that_wait()
    {
        using var device = new HostDevice(2);
        var model = HseNetModel.Open(Demo, device);
        using var study = Study();
        using var started = new ManualResetEventSlim();
        using var disposing = new ManualResetEventSlim();
        var first = new Reached(ReportStage.Preprocessing, () =>
        {
            started.Set();
            disposing.Wait();
            Thread.Sleep(20);
        });
        var running = Task.Run(() => model.Report(study, Long with { Progress = first }).Complete());
        started.Wait();
        var waiting = Task.Run(() => model.Report(study, Long).Complete());
        var disposal = Task.Run(() =>
        {
            disposing.Set();
            model.Dispose();
        });
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await disposal;
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_model_that_is_disposed_from_the_progress_of_its_request_ends_it(bool asynchronously)
    {
        foreach (var stage in Enum.GetValues<ReportStage>())
        {
            using var device = new HostDevice(1);
            using var model = HseNetModel.Open(Demo, device);
            using var study = Study();
            var progress = new Reached(stage, () =>
            {
                if (asynchronously)
                    model.DisposeAsync().AsTask().Wait();
                else
                    model.Dispose();
            });
            await Assert.ThrowsAsync<ObjectDisposedException>(() => model.Report(study, Long with { Progress = progress }).CompleteAsync());
            Assert.Throws<ObjectDisposedException>(() => model.Report(study));
        }
    }

    [Fact]
    public async Task A_request_that_would_wait_for_the_one_that_calls_it_is_refused()
    {
        using var device = new HostDevice(1);
        using var model = HseNetModel.Open(Demo, device);
        using var study = Study();
        using var encoded = model.Encode(study);
        Action[] waiting =
        [
            () => model.Encode(study), () => model.LoadEncoded("nowhere"), () => encoded.Save("nowhere"),
            () => model.Report(study).Complete(), () => encoded.Ask("Where?").Count(),
        ];
        var brief = new ReportOptions { MaxTokens = 1 };
        foreach (var request in waiting)
            await Assert.ThrowsAsync<InvalidOperationException>(() => model.Report(study,
                brief with { Progress = new Reached(ReportStage.Reading, request) }).CompleteAsync());
        // One that nobody waits for comes after it.
        Task<ReportResult>? later = null;
        var first = await model.Report(study, brief with
        {
            Progress = new Reached(ReportStage.Reading, () => later ??= encoded.Report(brief).CompleteAsync())
        }).CompleteAsync();
        Assert.Equal(first.Ids, encoded.Report(brief).Complete().Ids);
        Assert.Equal(first.Ids, (await later!).Ids);
    }

    [Fact]
    public async Task A_model_can_be_disposed_asynchronously()
    {
        using var device = new HostDevice(1);
        var model = HseNetModel.Open(Demo, device);
        await model.DisposeAsync();
        await model.DisposeAsync();
        using var study = Study();
        Assert.Throws<ObjectDisposedException>(() => model.Report(study));
    }

    [Fact]
    public void A_report_that_was_read_gives_its_result_again()
    {
        using var device = new HostDevice(1);
        using var model = HseNetModel.Open(Demo, device);
        using var study = Study();
        var report = model.Report(study, new ReportOptions { MaxTokens = 3 });
        string text = string.Concat(report.Select(piece => piece)); // LINQ finds one interface, not two
        Assert.Equal(text, report.Complete().Text);
        Assert.Equal(text, report.Result.Text);
    }

    /// <summary>A study that the host encoded, with what its adapter made of it.</summary>
    public sealed class KeptStudy : IDisposable
    {
        readonly TemporaryFolder _folder = new();

        public KeptStudy()
        {
            using var device = new HostDevice(2);
            using var model = HseNetModel.Open(Demo, device);
            using var study = Study();
            using var encoded = model.Encode(study);
            encoded.Ask("Where?", new ReportOptions { MaxTokens = 1 }).Complete();
            encoded.Save(File);
        }

        public string File => _folder.At("study.safetensors");

        public void Dispose() => _folder.Dispose();
    }

    sealed class Reached(ReportStage stage, Action then) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value)
        {
            if (value.Stage == stage)
                then();
        }
    }
}
