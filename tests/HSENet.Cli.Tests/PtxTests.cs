// hsenet ptx: prints, checks, profiles and runs PTX, and says in one line what is wrong with a file.
using System.Globalization;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxTests : IDisposable
{
    const string Ptx = """
        .version 8.0
        .target sm_80
        .address_size 64
        .visible .entry add(.param .u64 x, .param .u64 y, .param .u32 a)
        {
        .reg .b32 %r<4>; .reg .b64 %rd<6>;
        ld.param.u64 %rd1, [x]; ld.param.u64 %rd2, [y]; ld.param.u32 %r1, [a];
        mov.u32 %r2, %tid.x; mul.wide.u32 %rd3, %r2, 4; add.u64 %rd4, %rd1, %rd3; add.u64 %rd5, %rd2, %rd3;
        ld.global.u32 %r3, [%rd4];
        add.u32 %r3, %r3, %r1;
        st.global.u32 [%rd5], %r3;
        ret;
        }
        .visible .entry endless() { LOOP: bra LOOP; }
        """;

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void Dump_prints_the_final_text_and_the_compilers()
    {
        Outcome final = Hsenet.Run("ptx", "dump", "layernorm_v1_naive_f32"), raw = Hsenet.Run("ptx", "dump", "LayerNorm.V1", "--raw");
        Assert.Equal((0, 0), (final.Code, raw.Code));
        Assert.Contains(".entry layernorm_v1_naive_f32(", final.Output);
        Assert.Contains("fma.rn.f32", final.Output);
        Assert.Contains(".entry Kernel_", raw.Output);
        Assert.DoesNotContain(".entry layernorm_v1_naive_f32(", raw.Output);
    }

    [Fact]
    public void Names_of_no_kernel_and_of_several_are_refused()
    {
        Hsenet.Run("ptx", "dump", "nothing").IsRefused("nothing", "hsenet kernels");
        Hsenet.Run("ptx", "dump", "Linear").IsRefused("linear_v1_naive_f32", "linear_v1_naive_int8");
        Hsenet.Run("ptx", "check").IsRefused("--all");
    }

    [Fact]
    public void Check_runs_a_kernel_at_the_sizes_that_were_asked_for()
    {
        Outcome clean = Hsenet.Run("ptx", "check", "LayerNorm", "--shape", "rows=3,Channels=7");
        Assert.Equal(0, clean.Code);
        Assert.Contains("layernorm_v1_naive_f32: clean", clean.Output);
        Hsenet.Run("ptx", "check", "LayerNorm", "--shape", "Columns=7").IsRefused("Columns", "Rows, Channels");
        Hsenet.Run("ptx", "check", "LayerNorm", "--shape", "Rows=0").IsRefused("Rows", "at least 1");
        Hsenet.Run("ptx", "check", "LayerNorm", "--shape", "Rows").IsRefused("Rows=64,Channels=768");
        Hsenet.Run("ptx", "check", "LayerNorm", "--shape", "Rows=1000000,Channels=1000000").IsRefused("bytes");
    }

    // The kernels' own tests run the same launches of all of them.
    [LongFact]
    public void Every_kernel_of_the_catalogue_is_checked() => ChecksAll("--all", _ => true);

    [Fact]
    public void Every_kernel_of_an_operation_is_checked() => ChecksAll("LayerNorm", rung => rung.Operation == "LayerNorm");

    static void ChecksAll(string name, Predicate<Kernels.Rung> named)
    {
        Outcome checks = Hsenet.Run("ptx", "check", name, "--json");
        Assert.Equal(0, checks.Code);
        string[] lines = checks.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Kernels.KernelCatalog.GpuRungs.Where(rung => named(rung)).Select(rung => rung.EntryName),
            lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("kernel").GetString()));
    }

    [Fact]
    public void Profile_prints_a_table_and_writes_json_and_a_page()
    {
        Outcome outcome = Hsenet.Run("ptx", "profile", "swiglu_v1_naive_f32", "--shape", "Rows=4,Channels=256", "--gpu", "rtx4090",
            "--json", _folder.At("p.json"), "--html", _folder.At("p.html"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("Rows=4,Channels=256", outcome.Output);
        Assert.Contains("GeForce RTX 4090", outcome.Output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("p.json")));
        // Two loads and a store of 1024 floats.
        Assert.Equal(3 * 1024 * 4, json.RootElement.GetProperty("global_bytes_moved").GetInt64());
        Assert.Equal(4, json.RootElement.GetProperty("sectors_per_request").GetDouble());
        string page = File.ReadAllText(_folder.At("p.html"));
        Assert.Matches("<pre>\\s*st\\.global\\.f32", page);
        Assert.DoesNotContain("http", page);
        Hsenet.Run("ptx", "profile", "SwiGlu", "--gpu", "voodoo").IsRefused("voodoo", "h200");
        Assert.Equal(2, Hsenet.Run("ptx", "profile", "SwiGlu", "--json", _folder.At("none/p.json")).Code);
    }

    // A few seconds of the minutes that all kernels take in .ci/tables.
    [Fact]
    public void The_committed_rows_of_kernels_with_little_to_do_are_what_the_profiler_gives()
    {
        string[] pages = [.. Directory.EnumerateDirectories(Path.Combine(Hsenet.Repository, "kernels"))
            .Select(directory => Path.Combine(directory, "README.md")).Where(File.Exists)];
        foreach (string page in pages)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(CopyOf(page))!);
            File.Copy(page, CopyOf(page));
        }
        string committed = File.ReadAllText(Path.Combine(Hsenet.Repository, "bench", "results", "ptx.md"));
        Assert.Contains("Not measured on hardware", committed);
        var lines = Rows(committed).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToLookup(cells => cells[1].Trim('`'),
            cells => long.Parse(cells[3], NumberStyles.AllowThousands, CultureInfo.InvariantCulture));
        Assert.Equal(KernelCatalog.GpuRungs.Select(rung => rung.EntryName).Order(), lines.Select(line => line.Key).Order());
        GpuModel gpu = GpuModel.Find("h200")!;
        RungProfile[] rows = [.. KernelCatalog.GpuRungs.Where(rung => lines[rung.EntryName].Max() < 3_000_000)
            .SelectMany(rung => ModelShapes.Profile(rung, gpu, PtxRungs.SampledInstructions))];
        Assert.InRange(rows.Length, 50, int.MaxValue);
        Assert.Equal([], Rows(PtxTable.Write(gpu, rows)).Except(Rows(committed)));
        foreach ((string copy, string fresh) in PtxPages.Update(_folder.At("kernels"), rows, PredictedTimes.Committed()))
            Assert.Equal([], Rows(fresh).Except(Rows(File.ReadAllText(copy))));

        File.Delete(CopyOf(pages.Single(page => page.Contains("LayerNorm", StringComparison.Ordinal))));
        Hsenet.Run("ptx", "profile", "--all", "--pages", _folder.At("kernels")).IsRefused("LayerNorm", "no page");

        string CopyOf(string page) => _folder.At($"kernels/{Path.GetFileName(Path.GetDirectoryName(page))}/README.md");

        static IEnumerable<string> Rows(string page) => page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_gives_outputs_findings_and_profile()
    {
        (int code, JsonElement clean) = Json(Run(Launch(threads: 4), "--profile"));
        Assert.Equal(0, code);
        Assert.Equal("[11,12,13,14]", clean.GetProperty("outputs").GetProperty("y").GetRawText());
        Assert.Equal(0, clean.GetProperty("findings").GetArrayLength());
        Assert.Equal(2, clean.GetProperty("profile").GetProperty("global_requests").GetInt64());

        (code, JsonElement stray) = Json(Run(Launch(threads: 5)));
        Assert.Equal(1, code);
        JsonElement finding = stray.GetProperty("findings")[0];
        Assert.Equal(("out-of-bounds", 9, "x"),
            (finding.GetProperty("kind").GetString(), finding.GetProperty("line").GetInt32(), finding.GetProperty("buffer").GetString()));
        Assert.Equal("[4,0,0]", finding.GetProperty("thread").GetRawText());
        Assert.False(stray.TryGetProperty("profile", out _));
    }

    [Theory]
    [InlineData("\"buffer\": \"y\"", "\"buffer\": \"z\"", "'z'")]
    [InlineData("\"grid\": [1,1,1]", "\"grid\": [0,1,1]", "grid")]
    [InlineData("\"kernel\": \"add\"", "\"kernel\": \"sub\"", "'sub'")]
    [InlineData("[1,2,3,4]", "[1,2,3,4.5]", "4.5")]
    [InlineData("{\"kernel\"", "{kernel", "not JSON")]
    public void A_wrong_launch_file_is_one_clear_error(string right, string wrong, string word)
    {
        string launch = Launch(threads: 4);
        Assert.Contains(right, launch);
        IsError(Run(launch.Replace(right, wrong, StringComparison.Ordinal)), word);
    }

    [Fact]
    public void A_file_that_is_not_ptx_names_line_and_text()
    {
        string launch = Launch(threads: 4);
        IsError(RunText(launch, "hello world"), "line 1");
        IsError(RunText(launch, Ptx.Replace("add.u32 %r3", "frob.u32 %r3", StringComparison.Ordinal)), "line 10", "frob");
        IsError(Hsenet.Run("ptx", "run", _folder.At("missing.ptx"), "--launch", _folder.At("launch.json"), "--json"), "missing.ptx");
        IsError(Hsenet.Run("ptx", "run", _folder.At("kernel.ptx"), "--launch", _folder.At("missing.json"), "--json"), "missing.json");
        Hsenet.Run("ptx", "run", _folder.At("kernel.ptx"), "--launch", _folder.At("launch.json")).IsRefused("line 10", "frob");
    }

    [Fact]
    public void A_kernel_that_never_ends_is_given_up() =>
        IsError(Run("""{"kernel": "endless", "grid": [1,1,1], "block": [32,1,1]}""", "--max-instructions", "100000"), "endless",
            "no progress", "block (0, 0, 0)");

    static string Launch(int threads) => $$"""
        {"kernel": "add", "grid": [1,1,1], "block": [{{threads}},1,1],
         "buffers": [{"name": "x", "type": "u32", "values": [1,2,3,4]}, {"name": "y", "type": "u32", "count": 4}],
         "params": [{"buffer": "x"}, {"buffer": "y"}, {"u32": 10}], "outputs": ["y"]}
        """;

    Outcome Run(string launch, params string[] options) => RunText(launch, Ptx, options);

    Outcome RunText(string launch, string ptx, params string[] options)
    {
        File.WriteAllText(_folder.At("kernel.ptx"), ptx);
        File.WriteAllText(_folder.At("launch.json"), launch);
        return Hsenet.Run(["ptx", "run", _folder.At("kernel.ptx"), "--launch", _folder.At("launch.json"), "--json", .. options]);
    }

    static (int Code, JsonElement Json) Json(Outcome outcome)
    {
        Assert.Equal("", outcome.Error);
        return (outcome.Code, JsonDocument.Parse(outcome.Output).RootElement);
    }

    static void IsError(Outcome outcome, params string[] words)
    {
        (int code, JsonElement json) = Json(outcome);
        Assert.Equal(2, code);
        string error = json.GetProperty("error").GetString()!;
        Assert.DoesNotContain('\n', error);
        foreach (string word in words)
            Assert.Contains(word, error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
