// One model, 16 threads, hundreds of requests at once: each gets the answer that it gets alone.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ManyThreadsTests
{
    const int Threads = 16, Studies = 3;

    static readonly string[] Questions =
        ["What is seen?", "Is there a pleural effusion on either side of the chest?", "Where?",
        "Describe the lungs, the mediastinum and the upper abdomen in this scan, please."];

    // Of different prompts and lengths, so that a request finds the memory of another one.
    static ReportOptions Options(int request) => new()
    {
        Question = Questions[request % Questions.Length],
        MaxTokens = 3 + request % 3,
        Sampling = new SamplingOptions { Temperature = 5, Seed = (ulong)(request % 5) },
    };

    [Fact]
    public async Task Requests_of_many_threads_get_their_own_right_answers()
    {
        int requests = GoldenFolder.LongChecks ? Threads * 200 : 200;
        using var folder = new TemporaryFolder();
        string weights = GoldenFolder.Toy;
        var config = ModelConfig.Read(weights);
        using var device = new HostDevice(2);
        CtStudy[] studies = [.. Enumerable.Range(0, Studies).Select(i => FinishedStudy.Create(folder, config, i))];
        string Ask(HseNetModel model, int request) =>
            string.Join(' ', model.Report(studies[request % Studies], Options(request)).Complete().Ids);

        // Alone, and on a model of its own.
        int kinds = Studies * Questions.Length * 5;
        string[] expected;
        using (var alone = HseNetModel.Open(weights, PartRun.Host))
            expected = [.. Enumerable.Range(0, kinds).Select(request => Ask(alone, request))];
        Assert.True(expected.Distinct().Count() > kinds / 2, "too many requests have the same answer to tell them apart");

        using var model = HseNetModel.Open(weights, device);
        var answers = new string[requests];
        int next = -1;
        using var start = new Barrier(Threads);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            for (int request = Interlocked.Increment(ref next); request < requests; request = Interlocked.Increment(ref next))
                answers[request] = Ask(model, request);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal(Enumerable.Range(0, requests).Select(request => expected[request % kinds]), answers);
        foreach (var study in studies)
            study.Dispose();
    }
}
