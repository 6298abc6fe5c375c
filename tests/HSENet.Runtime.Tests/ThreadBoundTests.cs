// The threads of a host device bound every loop that runs on its behalf, not its kernels alone.
using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Text.RegularExpressions;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ThreadBoundTests
{
    static readonly PreprocessingTarget Target = new(8, 12, 16, SliceSide: 20, Slices: 6);

    [Fact]
    public void Preparing_on_a_device_of_one_thread_takes_no_other_thread()
    {
        using var loops = new ParallelLoops();
        using var scan = Scan();
        using var device = new HostDevice(1);
        using var prepared = Preprocessing.Prepare(device, scan, Target, new() { SliceJpeg = true });
        // Values are counted, filled, brought to their places and turned; slices go through files.
        Assert.Equal(5, loops.OfThisThread.Count);
        Assert.All(loops.OfThisThread, threads => Assert.Equal([Environment.CurrentManagedThreadId], threads));
    }

    [Fact]
    public void Opening_a_study_without_a_device_takes_no_other_thread()
    {
        using var loops = new ParallelLoops();
        var voxels = new float[64 * 64 * 64];
        Array.Fill(voxels, float.NaN, 0, 1000);
        using var study = CtStudy.FromVoxels<float>(voxels, (64, 64, 64), (1, 1, 2));
        Assert.Empty(loops.OfThisThread);
    }

    [Fact]
    public void A_loop_on_several_threads_is_seen()
    {
        using var loops = new ParallelLoops();
        using var both = new Barrier(2);
        Parallel.For(0, 2, _ => both.SignalAndWait());
        Assert.Equal(2, Assert.Single(loops.OfThisThread).Count);
    }

    [Fact]
    public void Every_parallel_loop_of_the_libraries_says_how_many_threads_it_takes()
    {
        string root = GoldenFolder.RepositoryRoot();
        string[] loops = [.. new[] { "kernels", "src" }.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            // The program and the metrics work without a device that would say how many.
            .Where(file => !Regex.IsMatch(file, @"[/\\](obj|bin)[/\\]|[/\\]HSENet\.(Cli|Evaluation)[/\\]")).SelectMany(Loops)];
        Assert.True(loops.Length >= 6, $"{loops.Length} loops were found");
        Assert.All(loops, loop => Assert.Matches(@"\bloop,|MaxDegreeOfParallelism", loop));
    }

    // Each call from its name to what follows its first arguments.
    static IEnumerable<string> Loops(string file) =>
        Regex.Matches(File.ReadAllText(file),
            @"\bParallel\s*\.\s*\w+[^{]*?(=>|;)|\bAsParallel\s*\(|new ParallelOptions\b[^;]*|new Thread\b[^;]*\bfor\b[^;]*|\bTaskFactory\b")
            .Select(loop => $"{Path.GetFileName(file)}: {loop.Value}");

    // NaN at the edges, slices at uneven places, turned: every step has something to do.
    static VoxelVolume Scan()
    {
        var voxels = new float[20 * 18 * 24];
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = i % 20 == 0 ? float.NaN : i * 37 % 700 - (i % 3 == 0 ? 1000 : 300);
        var scan = VoxelVolume.FromVoxels<float>(voxels, (20, 18, 24), (1, 1, 2), orientation: "RAS");
        var orientation = scan.Orientation!;
        scan.SlicePositions = [.. Enumerable.Range(0, 24).Select(z => orientation.Origin.Moved(z < 12 ? 2 * z : 2 * z + 6,
            orientation.ZAxis))];
        return scan;
    }

    // Which threads worked at each parallel loop that the thread of the test began, as the base library's events say.
    sealed class ParallelLoops : EventListener
    {
        readonly int _thread = Environment.CurrentManagedThreadId;
        readonly ConcurrentDictionary<int, ConcurrentBag<int>> _loops = [];

        public List<List<int>> OfThisThread => [.. _loops.Values.Select(threads => threads.Distinct().ToList())];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Threading.Tasks.Parallel.EventSource")
                EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            // The first event comes while the fields are set up.
            if (_loops is null || eventData.PayloadNames?.IndexOf("ForkJoinContextID") is not (int place and >= 0))
                return;
            int loop = (int)eventData.Payload![place]!, thread = Environment.CurrentManagedThreadId;
            if (eventData.EventName == "ParallelLoopBegin" && thread == _thread)
                _loops.TryAdd(loop, []);
            else if (eventData.EventName == "ParallelFork" && _loops.TryGetValue(loop, out var threads))
                threads.Add(thread);
        }
    }
}
