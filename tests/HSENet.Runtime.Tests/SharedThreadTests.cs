// The thread pool is the program's: nothing that takes long or waits for a slow client stands on its threads.
using System.Text.RegularExpressions;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class SharedThreadTests
{
    [Fact]
    public async Task Work_of_a_request_is_done_on_a_thread_of_its_own()
    {
        using var model = HseNetModel.Open(EncodedStudyTests.Demo, PartRun.Host);
        using var study = CtStudy.Read(new MemoryStream(VolumeSeeds.Nifti(16, 16, 8)), "scan",
            new() { Preprocessing = new() { Force = true } });
        var shared = new Dictionary<ReportStage, bool>();
        var seen = new Seen(stage => shared[stage] = Thread.CurrentThread.IsThreadPoolThread);
        await Task.Run(() => model.Report(study, new() { Progress = seen, MaxTokens = 3 }).CompleteAsync());
        Assert.Equal(Enum.GetValues<ReportStage>(), shared.Keys.Order());
        // Waiting is where a request begins: on its caller's thread, which it leaves at once.
        Assert.All(shared, stage => Assert.Equal(stage.Key == ReportStage.Waiting, stage.Value));
    }

    [Fact]
    public async Task A_body_that_does_not_come_holds_no_shared_thread()
    {
        bool? shared = null;
        await new AsynchronousPieces(new MemoryStream([1]), default).ReadBy(content =>
        {
            shared = Thread.CurrentThread.IsThreadPoolThread;
            return content.ReadByte();
        });
        Assert.False(shared);
    }

    // What only runs where nobody can ask it for its thread (opening a folder) is held by this.
    [Fact]
    public void The_library_starts_nothing_on_the_pool()
    {
        string folder = Path.Combine(GoldenFolder.RepositoryRoot(), "src", "HSENet.Runtime");
        string[] files = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)];
        Assert.True(files.Length > 100, $"{files.Length} files");
        Assert.DoesNotContain(files, file =>
            Regex.IsMatch(File.ReadAllText(file), @"\bTask\s*\.\s*Run\b|\bThreadPool\s*\.\s*\w*Queue"));
    }

    sealed class Seen(Action<ReportStage> stage) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value) => stage(value.Stage);
    }
}
