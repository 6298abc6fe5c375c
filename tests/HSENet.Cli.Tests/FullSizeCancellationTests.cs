// A model of the real sizes ends within 300 ms of being told to, whatever it is doing: opening, checksums, encoders, prompt, tokens.
using System.Diagnostics;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Cli.Tests;

public sealed class FullSizeCancellationTests
{
    static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    // A folder that 'hsenet weights synth --preset full' wrote, if there is one: writing it takes minutes.
    const string Given = "HSENET_FULL_MODEL";

    [LongFact]
    public async Task Everything_ends_within_300_milliseconds()
    {
        using var temporary = new TemporaryFolder();
        string folder = Environment.GetEnvironmentVariable(Given) is { Length: > 0 } given ? given : temporary.At("full");
        if (!Directory.Exists(folder))
            SyntheticModel.Write(new() { Preset = SyntheticPreset.Full, Seed = 3, Output = folder, Dtype = "int8" });
        string scan = Path.Combine(GoldenFolder.RepositoryRoot(), "tests", "golden", "data", "ct_sm.nii.gz");
        using var device = new HostDevice(2);

        foreach (double seconds in (double[])[0.01, 0.05, 0.1])
            await Ends("opening", seconds, async stop => (await HseNetModel.OpenAsync(folder, device, cancellation: stop)).Dispose());
        foreach (double seconds in (double[])[0.1, 0.5, 1])
            await Ends("checksums", seconds, async stop =>
                (await HseNetModel.OpenAsync(folder, device, new ModelOptions { VerifyChecksums = true }, stop)).Dispose());
        using var model = HseNetModel.Open(folder, device);
        using var study = CtStudy.Open(scan);
        // Reading, slices, both encoders, and the prompt, on a machine of two cores.
        foreach (double seconds in (double[])[0.02, 0.1, 0.5, 1, 2, 4, 8, 12, 16])
            await Ends("report", seconds, stop => model.Report(study, new() { MaxTokens = 200 }, stop).CompleteAsync(stop));
        using var encoded = model.Encode(study);
        foreach (double seconds in (double[])[0.1, 1, 3, 9, 15])
            await Ends("question", seconds, stop =>
                encoded.Ask("What is seen?", new() { MaxTokens = 200 }, stop).CompleteAsync(stop));

        var running = model.Report(study, new() { MaxTokens = 200 }).CompleteAsync();
        await Task.Delay(2000);
        long disposed = Stopwatch.GetTimestamp();
        await model.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(disposed), TimeSpan.Zero, Limit);
        await Assert.ThrowsAnyAsync<Exception>(() => running);
    }

    // The best of three: what other programs do to the machine is not what is held here. What is done by then was not cancelled.
    static async Task Ends(string what, double seconds, Func<CancellationToken, Task> work)
    {
        var best = TimeSpan.MaxValue;
        for (int i = 0; i < 3 && best > Limit; i++)
        {
            using var stop = new CancellationTokenSource();
            var running = work(stop.Token);
            if (await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(seconds))) == running)
            {
                await running;
                return;
            }
            long start = Stopwatch.GetTimestamp();
            stop.Cancel();
            try
            {
                await running;
            }
            catch (OperationCanceledException)
            {
            }
            best = TimeSpan.FromTicks(Math.Min(best.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
        }
        Assert.True(best <= Limit, $"{what}, cancelled after {seconds} s, went on for {best.TotalMilliseconds:F0} ms");
    }
}
