// bench cancellation: how soon a model ends what it is told to end. Writes results/<machine>/cancellation.json and cancellation.md.
using System.CommandLine;
using System.Diagnostics;
using HSENet.Cli;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Bench;

/// <summary>One moment at which work was cancelled.</summary>
/// <param name="What">The work.</param>
/// <param name="After">Seconds after its start.</param>
/// <param name="WentOn">Seconds that it still took, of each round; null where it had ended before.</param>
sealed record Cancelled(string What, double After, double?[] WentOn);

/// <summary>What stands in cancellation.json.</summary>
sealed record CancellationResults(Measured Measured, string Weights, IReadOnlyList<Cancelled> Moments);

static class CancellationCommand
{
    public static Command Create()
    {
        var weights = new Option<string>("--weights")
        {
            Description = "Folder of 'hsenet weights synth --preset full', or of any model.",
            Required = true
        };
        var scan = new Option<string>("--scan")
        {
            Description = "A CT scan.",
            DefaultValueFactory = _ => Path.Combine("tests", "golden", "data", "ct_sm.nii.gz")
        };
        var rounds = new Option<int>("--rounds") { Description = "How often each moment is tried.", DefaultValueFactory = _ => 3 };
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("cancellation", """
            Cancels a model on the host at many moments of opening, checking, reporting, asking and disposal, and says how long it goes on.

            Example:
              cancellation --weights full-int8
            """)
        { weights, scan, rounds, verbose };
        results.AddTo(command);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            string model = parsed.GetRequiredValue(weights);
            _ = ModelConfig.Read(model); // before anything takes minutes
            string? folder = results.Folder(parsed);
            using var device = new HostDevice();
            var measured = results.Begin(parsed, $"host, {device.Threads} threads");
            int times = Verb.AtLeast(1, "--rounds", parsed.GetValue(rounds));
            var moments = await Measure(model, parsed.GetRequiredValue(scan), device, times, cancellation).ConfigureAwait(false);
            measured.End();
            var written = new CancellationResults(measured, Path.GetFileName(Path.TrimEndingDirectorySeparator(model)), moments);
            Page page = ToPage(written);
            Console.Write(page);
            if (folder is not null)
                ResultFiles.Write(folder, "cancellation", written, page);
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<List<Cancelled>> Measure(string weights, string scan, HostDevice device, int rounds, CancellationToken cancellation)
    {
        var moments = new List<Cancelled>();
        await Try("open", [0.01, 0.05, 0.1, 0.3], async stop =>
            (await HseNetModel.OpenAsync(weights, device, cancellation: stop).ConfigureAwait(false)).Dispose()).ConfigureAwait(false);
        await Try("open with checksums", [0.1, 0.5, 1, 3], async stop =>
            (await HseNetModel.OpenAsync(weights, device, new ModelOptions { VerifyChecksums = true }, stop).ConfigureAwait(false)).Dispose())
            .ConfigureAwait(false);
        using var study = CtStudy.Open(scan);
        using (var model = HseNetModel.Open(weights, device))
        {
            await Try("report", [0.02, 0.1, 0.5, 1, 2, 4, 8, 12, 16, 24, 32], stop =>
                model.Report(study, new() { MaxTokens = 200 }, stop).CompleteAsync(stop)).ConfigureAwait(false);
            using var encoded = model.Encode(study, cancellation: cancellation);
            await Try("question", [0.1, 1, 3, 9, 15], stop =>
                encoded.Ask("What is seen?", new() { MaxTokens = 200 }, stop).CompleteAsync(stop)).ConfigureAwait(false);
        }
        foreach (double seconds in (double[])[0.5, 2, 8])
            moments.Add(new("report, model disposed", seconds, await Rounds(() => Dispose(seconds)).ConfigureAwait(false)));
        return moments;

        async Task Try(string what, double[] after, Func<CancellationToken, Task> work)
        {
            foreach (double seconds in after)
                moments.Add(new(what, seconds, await Rounds(() => Cancel(work, seconds)).ConfigureAwait(false)));
        }

        async Task<double?[]> Rounds(Func<Task<double?>> round)
        {
            var all = new double?[rounds];
            for (int i = 0; i < rounds; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                all[i] = await round().ConfigureAwait(false);
            }
            return all;
        }

        async Task<double?> Dispose(double seconds)
        {
            var model = HseNetModel.Open(weights, device);
            var running = model.Report(study, new() { MaxTokens = 200 }).CompleteAsync();
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(seconds), cancellation)).ConfigureAwait(false);
            bool ended = running.IsCompleted;
            long start = Stopwatch.GetTimestamp();
            await model.DisposeAsync().ConfigureAwait(false);
            double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ended ? null : took;
        }
    }

    static async Task<double?> Cancel(Func<CancellationToken, Task> work, double seconds)
    {
        using var stop = new CancellationTokenSource();
        var running = work(stop.Token);
        if (await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(seconds))).ConfigureAwait(false) == running)
        {
            await running.ConfigureAwait(false);
            return null;
        }
        long start = Stopwatch.GetTimestamp();
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return running.IsFaulted ? throw running.Exception.InnerException! : running.IsCanceled ? took : null;
    }

    static Page ToPage(CancellationResults file)
    {
        var page = new Page($"Cancellation on {file.Measured.Cpu}");
        page.Paragraph($"""
            How long a model ({file.Weights}) goes on after it was told to end: what a service waits for when a client goes. "Done" had
            ended before.
            """);
        page.Facts(file.Measured);
        page.Table(["work", "cancelled after", "least", "most"], file.Moments.Select(Row));
        return page;
    }

    static string[] Row(Cancelled moment)
    {
        double[] times = [.. moment.WentOn.OfType<double>()];
        string[] ends = times.Length == 0 ? ["done", "done"] : [BenchFile.Time(times.Min()), BenchFile.Time(times.Max())];
        return [moment.What, Page.Text($"{moment.After} s"), .. ends];
    }
}
