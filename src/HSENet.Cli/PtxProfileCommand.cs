// hsenet ptx profile: what a kernel does to memory, tensor cores and the pipes of a named GPU.
using System.Collections.Concurrent;
using System.CommandLine;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxProfileCommand
{
    public static Option<string> Gpu() => new("--gpu")
    {
        Description = $"The GPU whose limits count: {string.Join(", ", GpuModel.All.Select(gpu => gpu.Key))}.",
        DefaultValueFactory = _ => "h200",
    };

    public static Command Create()
    {
        var name = PtxCommand.Name(ArgumentArity.ZeroOrOne);
        var shape = new Option<string?>("--shape")
        {
            Description =
            "Sizes and choices by the names of the arguments, as in Rows=64,Activation=SwiGlu; others keep the sample's."
        };
        var weights = new Option<string?>("--weights") { Description = "Of the rungs of an operation those that read f32, bf16 or int8." };
        var values = new Option<string?>("--activations")
        {
            Description = "Of the rungs those that take activations in f32 or bf16; of one kernel f32 unless said.",
        };
        var activation = new Option<string?>("--activation") { Description = "The same as Activation=… in --shape." };
        var compare = new Option<string[]>("--compare")
        {
            Description = "Two kernels at one shape, as in --compare Linear.V1 Linear.V2 --weights bf16.",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        var full = new Option<bool>("--full")
        {
            Description = "Run every block; else some blocks of a large launch count for all, where blocks do not depend on each other.",
        };
        var gpu = Gpu();
        var predict = PtxPredict.Option();
        var fromPtx = PtxPredict.FromPtx();
        var json = new Option<string?>("--json") { Description = "Write the profile as JSON to this file." };
        var html = new Option<string?>("--html")
        {
            Description =
            "Write a page to this file that shows the PTX with counts beside each line."
        };
        var all = new Option<bool>("--all") { Description = "Every GPU kernel of the catalogue, as one table." };
        var markdown = new Option<string?>("--markdown") { Description = "With --all: write the table to this file." };
        var pages = new Option<string?>("--pages")
        {
            Description =
            "With --all: write each operation's rows and predicted times on its page below this folder. With\n"
            + "--predict the missing ones are predicted and, with --markdown, written beside it."
        };
        var verbose = Verb.Verbose();
        var command = new Command("profile", """
            Runs a kernel in the emulator and prints what was counted, and what follows for a GPU: occupancy, intensity, bound.
            The name of an operation shows all its rungs at one shape. Nothing of it is measured on hardware.

            Examples:
              hsenet ptx profile linear_v1_naive_bf16 --gpu h200
              hsenet ptx profile LayerNorm --shape Rows=2048,Channels=768 --gpu rtx4090 --json layernorm.json --html layernorm.html
              hsenet ptx profile linear_v1_naive_bf16 --shape Rows=2049,Inputs=768,Outputs=3072 --gpu h200 --predict
              hsenet ptx profile Linear --shape Rows=2049,Inputs=768,Outputs=3072 --weights bf16 --activation swiglu
              hsenet ptx profile --all --gpu h200 --markdown bench/results/ptx.md --pages kernels
            """)
        { name, shape, weights, values, activation, compare, gpu, full, predict, fromPtx, json, html, all, markdown, pages, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? text = parsed.GetValue(name);
            string? jsonFile = parsed.GetValue(json), htmlFile = parsed.GetValue(html), markdownFile = parsed.GetValue(markdown),
                pagesFolder = parsed.GetValue(pages);
            string[] pair = parsed.GetValue(compare) ?? [];
            if ((text != null ? 1 : 0) + (parsed.GetValue(all) ? 1 : 0) + (pair.Length > 0 ? 1 : 0) != 1)
                throw new HseNetException("ptx profile: expected the name of a kernel, --compare with two, or --all");
            string? sizes = parsed.GetValue(activation) is { } chosen
                ? string.Join(',', new[] { parsed.GetValue(shape), $"Activation={chosen}" }.OfType<string>()) : parsed.GetValue(shape);
            if (parsed.GetValue(all) ? jsonFile != null || htmlFile != null || sizes != null || parsed.GetValue(weights) != null
                || parsed.GetValue(values) != null : markdownFile != null || pagesFolder != null)
                throw new HseNetException("ptx profile: --shape, --weights, --activations, --activation, --json and --html are not for "
                    + "--all, "
                    + "--markdown and "
                    + "--pages only for it");
            GpuModel model = PtxRungs.Gpu(parsed.GetRequiredValue(gpu));
            long sampled = parsed.GetValue(full) ? 0 : PtxRungs.SampledInstructions;
            if (parsed.GetValue(predict) && !parsed.GetValue(all))
            {
                if (text == null || htmlFile != null)
                    throw new HseNetException("ptx profile: --predict is for one kernel, as text or with --json");
                Rung rung = PtxLadder.One(text, Named(text));
                PtxPredict.Run(rung, model, PtxRungs.Sizes(sizes, rung), parsed.GetValue(fromPtx), jsonFile);
            }
            else if (parsed.GetValue(all))
                All(model, sampled, markdownFile, pagesFolder, parsed.GetValue(predict), cancellation);
            else
            {
                IReadOnlyList<Rung> rungs = text != null ? Named(text) : [.. pair.Select(one => PtxLadder.One(one, Named(one)))];
                if (rungs.Count > 1 && htmlFile != null)
                    throw new HseNetException($"--html is for one kernel; {text} means "
                        + $"{string.Join(", ", rungs.Select(rung => rung.EntryName))}");
                Show(PtxLadder.Profile(rungs, model, sizes, sampled, cancellation), rungs.Count > 1, model, jsonFile, htmlFile);
            }
            return Task.FromResult(ExitCode.Done);

            IReadOnlyList<Rung> Named(string one) =>
                PtxLadder.Reading(PtxRungs.Find(one), parsed.GetValue(weights), parsed.GetValue(values));
        });
        return command;
    }

    static void Show(IReadOnlyList<RungProfile> rows, bool ladder, GpuModel gpu, string? jsonFile, string? htmlFile)
    {
        if (ladder)
            Console.Out.Write(PtxLadder.Write(rows, gpu));
        else
        {
            Console.WriteLine($"{"sizes",-28} {rows[0].Sizes}");
            Console.Out.Write(ProfileText.Write(rows[0].Profile));
        }
        if (jsonFile != null)
            TextFile.Write(jsonFile, Json(rows, ladder) + "\n");
        if (htmlFile != null)
            TextFile.Write(htmlFile, ProfilePage.Write(rows[0].Profile, KernelTexts.Get(rows[0].Rung)));
    }

    // One object, or a list where several kernels were asked for.
    static string Json(IReadOnlyList<RungProfile> rows, bool ladder)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            if (ladder)
                writer.WriteStartArray();
            foreach (RungProfile row in rows)
                ProfileJson.Write(row.Profile, writer);
            if (ladder)
                writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    // On all cores, one after the other: some take long. What one throws is thrown as it is.
    static void Each<T>(IEnumerable<T> items, Action<T> action, CancellationToken cancellation)
    {
        try
        {
            Parallel.ForEach(Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, action);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    static void All(GpuModel gpu, long sampled, string? markdownFile, string? pagesFolder, bool predict,
        CancellationToken cancellation)
    {
        PredictedTimes times = PredictedTimes.Committed();
        List<RungProfile> rows = [];
        if (pagesFolder != null)
            PtxPages.Update(pagesFolder, rows, times); // a page that is missing is told of before the work
        RungProfile[][] profiles = new RungProfile[KernelCatalog.GpuRungs.Count()][];
        Each(KernelCatalog.GpuRungs.Index(), rung => profiles[rung.Index] = [.. ModelShapes.Profile(rung.Item, gpu, sampled)], cancellation);
        rows.AddRange(profiles.SelectMany(profile => profile));
        if (markdownFile == null && pagesFolder == null)
            Console.Out.Write(PtxTable.Write(gpu, rows));
        if (markdownFile != null)
            TextFile.Write(markdownFile, PtxTable.Write(gpu, rows));
        if (pagesFolder == null)
            return;
        if (predict)
            Each(rows, times.Predict, cancellation);
        if (predict && markdownFile != null)
            TextFile.Write(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(markdownFile))!, PredictedTimes.FileName), times.Write());
        foreach (var (path, text) in PtxPages.Update(pagesFolder, rows, times))
            TextFile.Write(path, text);
    }
}
