// hsenet ptx profile: what a kernel does to memory, tensor cores and the pipes of a named GPU.
using System.CommandLine;
using System.Text.Json;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Runtime;

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
            "Sizes by the names of the arguments, as in Rows=64,Channels=768; others keep the sample's."
        };
        var gpu = Gpu();
        var predict = PtxPredict.Option();
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
            "With --all: write each operation's rows on its page below this folder."
        };
        var verbose = Verb.Verbose();
        var command = new Command("profile", """
            Runs a kernel in the emulator and prints what was counted, and what follows for a GPU: occupancy, intensity, bound.
            Nothing of it is measured on hardware.

            Examples:
              hsenet ptx profile linear_v1_naive_bf16 --gpu h200
              hsenet ptx profile LayerNorm --shape Rows=2048,Channels=768 --gpu rtx4090 --json layernorm.json --html layernorm.html
              hsenet ptx profile Linear.V1 --shape M=2049,K=768,N=3072 --gpu h200 --predict
              hsenet ptx profile --all --gpu h200 --markdown bench/results/ptx.md --pages kernels
            """)
        { name, shape, gpu, predict, json, html, all, markdown, pages, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? text = parsed.GetValue(name);
            string? jsonFile = parsed.GetValue(json), htmlFile = parsed.GetValue(html), markdownFile = parsed.GetValue(markdown),
                pagesFolder = parsed.GetValue(pages);
            if ((text == null) != parsed.GetValue(all))
                throw new HseNetException("ptx profile: expected the name of a kernel, or --all");
            if (text == null ? jsonFile != null || htmlFile != null || parsed.GetValue(shape) != null : markdownFile != null
                || pagesFolder != null)
                throw new HseNetException("ptx profile: --shape, --json and --html are for one kernel, --markdown and --pages are for "
                    + "--all");
            GpuModel model = PtxRungs.Gpu(parsed.GetRequiredValue(gpu));
            if (parsed.GetValue(predict))
            {
                if (text == null || htmlFile != null)
                    throw new HseNetException("ptx profile: --predict is for one kernel, as text or with --json");
                PtxPredict.Run(PtxRungs.FindOne(text), model, PtxRungs.Sizes(parsed.GetValue(shape)), jsonFile);
            }
            else if (text == null)
                All(model, markdownFile, pagesFolder, cancellation);
            else
                One(PtxRungs.FindOne(text), model, PtxRungs.Sizes(parsed.GetValue(shape)), jsonFile, htmlFile);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static void One(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes, string? jsonFile, string? htmlFile)
    {
        RungProfile result = PtxRungs.Profile(rung, gpu, sizes);
        Console.WriteLine($"{"sizes",-28} {result.Sizes}");
        Console.Out.Write(ProfileText.Write(result.Profile));
        if (jsonFile != null)
            TextFile.Write(jsonFile, Json(result.Profile) + "\n");
        if (htmlFile != null)
            TextFile.Write(htmlFile, ProfilePage.Write(result.Profile, KernelTexts.Get(rung)));
    }

    static string Json(KernelProfile profile)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            ProfileJson.Write(profile, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static void All(GpuModel gpu, string? markdownFile, string? pagesFolder, CancellationToken cancellation)
    {
        List<RungProfile> rows = [];
        foreach (Rung rung in KernelCatalog.GpuRungs)
        {
            cancellation.ThrowIfCancellationRequested();
            rows.Add(PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(null)));
        }
        if (markdownFile == null && pagesFolder == null)
            Console.Out.Write(PtxTable.Write(gpu, rows));
        if (markdownFile != null)
            TextFile.Write(markdownFile, PtxTable.Write(gpu, rows));
        if (pagesFolder == null)
            return;
        foreach (var (path, text) in PtxPages.Update(pagesFolder, rows))
            TextFile.Write(path, text);
    }
}
