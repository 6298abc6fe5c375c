// What is measured of one full-size folder: a report in a process of its own, its stages, opening and verifying, the golden prompt.
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.Json;
using HSENet.Cli;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Bench;

/// <summary>A report from a CT: seconds of its stages, the most memory that its process had.</summary>
sealed record FullRun(ReportSeconds Seconds, int Tokens, long PeakBytes);

/// <summary>Opening, reading once through the checksums, and reading the same file plainly.</summary>
sealed record FullLoading(long Bytes, double Open, double Verify, double Read, long MostAnonymousBytes);

/// <summary>The golden prompt: relative error of the sampled logits, and how many of the positions have the reference's most likely
/// id.</summary>
sealed record FullGolden(double LogitError, int SameIds, int SameFirstEight, int Positions);

sealed record FullMeasurement(FullRun Report, BenchFile Stages, FullLoading Loading, FullGolden Golden)
{
    /// <summary>Where everything runs: the program's own choice.</summary>
    public static string Device
    {
        get
        {
            using var device = new HostDevice();
            return device.Name;
        }
    }

    /// <summary>A stage's time and rates.</summary>
    public BenchResult Stage(string name) => Stages.Results.First(result => result.Name == name);

    public static FullMeasurement Run(string folder, int tokens, int rounds)
    {
        var loading = Load(folder); // first: it brings the weights into the system's cache
        string scan = Path.Combine(Root, "tests", "golden", "data", "ct_sm.nii.gz");
        var (reportText, peak) = Hsenet("report", scan, "--weights", folder, "--max-tokens", $"{tokens}", "--device", "cpu", "--json");
        var report = JsonNode.Parse(reportText)!;
        var seconds = report["seconds"]!;
        var run = new FullRun(new ReportSeconds(Value("preprocessing"), Value("encoding"), Value("prefill"), Value("decode")),
            report["ids"]!.AsArray().Count, peak);
        var (stages, _) = Hsenet("bench", "model", "--weights", folder, "-p", "277", "-n", $"{tokens}", "--rounds", $"{rounds}",
            "--launches", "--device", "cpu", "--json");
        return new FullMeasurement(run, JsonSerializer.Deserialize<BenchFile>(stages, BenchFile.Json)!, loading, GoldenPrompt(folder));

        double Value(string stage) => (double)seconds[stage]!;
    }

    static string Root => Machine.Repository
        ?? throw new HseNetException("this program was not built in the repository, which holds the golden data");

    /// <summary>Runs the program and watches how much memory it has at most, mapped weights included.</summary>
    static (string Output, long PeakBytes) Hsenet(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "hsenet.dll"), .. arguments])
            { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(50))
        {
            process.Refresh();
            peak = Math.Max(peak, process.HasExited ? 0 : process.PeakWorkingSet64);
        }
        return process.ExitCode == 0 ? (output.Result, peak)
            : throw new HseNetException($"hsenet {string.Join(' ', arguments)}: exit code {process.ExitCode}");
    }

    static FullLoading Load(string folder)
    {
        string[] files = Directory.GetFiles(folder, "*.safetensors");
        Read(); // both from the system's cache, or both not
        using var device = new HostDevice();
        double open = Seconds(() => HseNetModel.Open(folder, device).Dispose());
        double read = Seconds(Read);
        using var memory = new AnonymousMemory();
        double verify = Seconds(() =>
        {
            using var source = TensorSource.Open(folder);
            source.VerifyChecksums();
        });
        return new FullLoading(files.Sum(file => new FileInfo(file).Length), open, verify, read, memory.Most);

        void Read()
        {
            var buffer = new byte[1 << 20];
            foreach (string file in files)
            {
                using var handle = File.OpenHandle(file);
                long offset = 0;
                for (int got; (got = RandomAccess.Read(handle, buffer, offset)) > 0;)
                    offset += got;
            }
        }
    }

    static double Seconds(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Runs the golden volume and prompt, and compares with what the reference computed from the same weights before they were
    /// rounded to int8.</summary>
    static FullGolden GoldenPrompt(string folder)
    {
        string golden = Path.Combine(Root, "tests", "golden", "full");
        using var description = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(golden, "full.json")));
        var inputs = description.RootElement.GetProperty("decoder_inputs");
        int[] ids = [.. inputs.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        int first = inputs.GetProperty("logits_rows_are_positions")[0].GetInt32(), positions = ids.Length - first;
        int stride = description.RootElement.GetProperty("decoder").GetProperty("logits_from_256").GetProperty("stride").GetInt32();
        using var samples = TensorSource.Open(Path.Combine(golden, "decoder.safetensors"));
        float[] expected = samples.Get("logits_from_256").ToSingles();

        using var device = new HostDevice();
        using var model = HseNetModel.Open(folder, device);
        using var stages = new ModelStages(model, ids.Length, 1, description.RootElement.GetProperty("seed").GetUInt64());
        var language = stages.Plan.Language;
        model.Language.Begin(stages.Pass, language, ids.Length);
        var x = model.Language.Embed(stages.Pass, language, ids, stages.Encode());
        model.Language.Run(stages.Pass, language, x, ids.Length, 0);
        int vocabulary = model.Config.LanguageModel.VocabSize, same = 0, sameEight = 0;
        double difference = 0, norm = 0;
        var logits = new float[vocabulary];
        for (int row = 0; row < positions; row++)
        {
            device.Download(model.Language.Logits(stages.Pass, language, x, first + row), logits.AsSpan());
            int[] best = [.. Enumerable.Range(0, vocabulary).OrderByDescending(id => logits[id]).Take(8)];
            int[] wanted = [.. inputs.GetProperty("top8_ids")[row].EnumerateArray().Select(id => id.GetInt32())];
            same += best[0] == wanted[0] ? 1 : 0;
            sameEight += best.SequenceEqual(wanted) ? 1 : 0;
            // Samples are every stride-th of all rows' logits in one line.
            for (long i = ((long)row * vocabulary + stride - 1) / stride; i < expected.Length && i * stride < (row + 1L) * vocabulary; i++)
            {
                double error = logits[i * stride - (long)row * vocabulary] - expected[i];
                difference += error * error;
                norm += (double)expected[i] * expected[i];
            }
        }
        return new FullGolden(Math.Sqrt(difference / norm), same, sameEight, positions);
    }
}
