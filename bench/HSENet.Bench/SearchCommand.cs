// bench search: an exact search in a large index against one read of its vectors. Writes results/<machine>/search.json and search.md.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using HSENet.Cli;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Bench;

/// <summary>What stands in search.json. Times in seconds.</summary>
sealed record SearchResults(Measured Measured, int Items, int Channels, string Type, long VectorBytes, double[] Read, double[] Search,
    double Ratio);

static class SearchCommand
{
    public static Command Create()
    {
        var items = new Option<int>("--items") { Description = "Volumes in the index.", DefaultValueFactory = _ => 1_000_000 };
        var channels = new Option<int>("--channels") { Description = "Numbers in a vector.", DefaultValueFactory = _ => 768 };
        var half = new Option<bool>("--bf16") { Description = "Vectors in bf16 instead of f32." };
        var rounds = new Option<int>("--rounds") { Description = "Rounds, each a read and a search.", DefaultValueFactory = _ => 11 };
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("search", """
            Makes an index of random vectors, maps it, and times an exact search for 10 of them in turns with one read of all vectors (a sum of
            them, on the same threads). The file lies in the folder of temporary files and is removed.

            Example:
              search --items 100000 --dry
            """)
        { items, channels, half, rounds, verbose };
        results.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            int count = Verb.AtLeast(1, "--items", parsed.GetValue(items)),
                width = Verb.AtLeast(1, "--channels", parsed.GetValue(channels));
            var type = parsed.GetValue(half) ? WeightType.BF16 : WeightType.F32;
            string? folder = results.Folder(parsed);
            string file = Path.Combine(Path.GetTempPath(), $"hsenet-search-{Environment.ProcessId}.index");
            try
            {
                Fill(file, new IndexLayout.Header(type, width, "random", "none"), count, cancellation);
                using var device = new HostDevice();
                using var index = VolumeIndex.Open(file);
                var measured = results.Begin(parsed, $"host, {device.Threads} threads");
                var (read, search) = Time(index, device, Verb.AtLeast(1, "--rounds", parsed.GetValue(rounds)), cancellation);
                measured.End();
                var written = new SearchResults(measured, count, width, type == WeightType.F32 ? "f32" : "bf16", index.VectorBytes, read,
                    search, Median([.. read.Zip(search, (one, other) => other / one)]));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"read {Median(read) * 1e3:F1} ms, search {Median(search) * 1e3:F1} ms: {written.Ratio:F3} of one read"));
                if (folder is not null)
                    ResultFiles.Write(folder, "search", written, ToPage(written));
            }
            finally
            {
                File.Delete(file);
            }
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static void Fill(string file, IndexLayout.Header header, int count, CancellationToken cancellation)
    {
        using var progress = new ProgressLine();
        using var index = VolumeIndex.OpenOrCreate(file, header, appends: false);
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (i % 1000 == 0)
                progress.Show($"{i}/{count} vectors", (double)i / count);
            index.Add(new IndexedItem(string.Create(CultureInfo.InvariantCulture, $"study-{i:D7}")), Vector(i, header.Channels));
        }
    }

    static float[] Vector(int item, int channels)
    {
        var values = new float[channels];
        SyntheticWeights.Uniform("vector", (ulong)item, 0, values);
        float length = MathF.Sqrt(values.Sum(value => value * value));
        return Array.ConvertAll(values, value => value / length);
    }

    static (double[] Read, double[] Search) Time(VolumeIndex index, HostDevice device, int rounds, CancellationToken cancellation)
    {
        float[] query = Vector(index.Count / 2, index.Vector(0).Length);
        using var sums = device.Allocate(64L * device.Threads, "sums");
        Work(read: true);
        Work(read: false);
        var (read, search) = (new double[rounds], new double[rounds]);
        var order = new Random(1);
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            bool first = order.Next(2) == 0;
            foreach (bool reads in (bool[])[first, !first])
            {
                long begin = Stopwatch.GetTimestamp();
                Work(reads);
                (reads ? read : search)[round] = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            }
        }
        return (read, search);

        void Work(bool read)
        {
            if (!read)
            {
                var found = index.Search(query, device, 10, amongTexts: false, cancellation);
                if (found.Count == 0 || found[0].Similarity < 0.99)
                    throw new HseNetException("the search did not find the vector that it was given");
            }
            else
                foreach (var vectors in index.MappedVectors())
                    HostSweep.Ways[0].Read(device, vectors.As<float>(), sums.Bytes.As<float>());
        }
    }

    static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    static Page ToPage(SearchResults file)
    {
        var page = new Page($"Search on {file.Measured.Cpu}");
        page.Paragraph($"""
            Ten of {file.Items:N0} vectors of {file.Channels} numbers in {file.Type}, {Page.Bytes(file.VectorBytes)}, found exactly in a mapped index:
            {file.Ratio:F3} of the time of one read of them (a sum on the same threads), median of the ratios within {file.Read.Length} rounds.
            """);
        page.Facts(file.Measured);
        page.Table(["", "median", "GB/s"],
        [
            ["read", BenchFile.Time(Median(file.Read)), Page.Text($"{file.VectorBytes / Median(file.Read) / 1e9:F1}")],
            ["search", BenchFile.Time(Median(file.Search)), Page.Text($"{file.VectorBytes / Median(file.Search) / 1e9:F1}")],
        ]);
        return page;
    }
}
