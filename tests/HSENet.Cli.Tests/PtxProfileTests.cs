// hsenet ptx profile at the model's own shapes: bounds that were computed by hand.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Tests;
using Xunit.Abstractions;

namespace HSENet.Cli.Tests;

public sealed class PtxProfileTests(ITestOutputHelper output) : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    // A token over a cache of 300: 24 blocks, one for each head, 44.75 million warp instructions, four a clock of 1.98 GHz; but one warp of
    // each block has nearly all of them, and starts one a clock.
    [InlineData("attention_v1_naive_f32", "Batch=1,Queries=1,Keys=300,QueryHeads=24,KeyHeads=8,HeadSize=128", 24, 235, 942)]
    // The model's vocabulary in one block, 29.81 million; more than half are integers, of which two start a clock.
    [InlineData("Sampling.V1", "Vocabulary=200064", 1, 3764, 4517)]
    public void A_launch_of_few_blocks_has_the_bound_of_few_multiprocessors(string rung, string shape, double busy, double microseconds,
        double bound)
    {
        Assert.Equal(0, Hsenet.Run("ptx", "profile", rung, "--shape", shape, "--json", _folder.At("p.json")).Code);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("p.json")));
        Assert.Equal(busy, Number("busy_multiprocessors"), 0.01 * busy);
        Assert.Equal(microseconds, Number("warp_instructions") / (4 * 1.98e3 * busy), 0.01 * microseconds);
        Assert.InRange(Number("bound_us"), 0.99 * bound, 1.1 * bound);

        double Number(string name) => json.RootElement.GetProperty(name).GetDouble();
    }

    [Fact]
    public void Every_rung_has_nearly_the_same_profile_from_a_sample_of_its_blocks()
    {
        Comparison[] compared = [.. KernelCatalog.GpuRungs.Select(rung => Compare(rung, PtxRungs.Sizes(null)))];
        AreClose(compared);
        Assert.InRange(compared.Count(one => one.Run < one.Blocks), 10, int.MaxValue);
    }

    // Ladders that run whole in a second or so; HSENET_LONG=1 takes the others, each by itself.
    static readonly string[] Quick =
        ["LayerNorm", "RmsNorm", "RmsNorm.Backward", "SwiGlu", "RotaryEmbedding", "PatchScore", "WindowCentroid", "SlicePixels", "AdamW"];

    public static TheoryData<string> Long => [.. KernelCatalog.GpuRungs.Select(rung => rung.Operation).Distinct().Except(Quick)];

    [Fact]
    public void A_ladder_has_nearly_the_same_profile_from_a_sample_at_a_shape_of_the_model()
    {
        Comparison[] compared = [.. Quick.SelectMany(CompareLadder)];
        AreClose(compared);
        Assert.InRange(compared.Count(one => one.Run < one.Blocks), Quick.Length, int.MaxValue);
    }

    [LongTheory, MemberData(nameof(Long))]
    public void A_long_ladder_has_nearly_the_same_profile_from_a_sample_at_a_shape_of_the_model(string operation) =>
        AreClose([.. CompareLadder(operation)]);

    // At the shape at which the ladder is the least work, all its rungs that can compute it, one after the other.
    static IEnumerable<Comparison> CompareLadder(string operation) => KernelCatalog.GpuRungs.Where(rung => rung.Operation == operation)
        .SelectMany(rung => ModelShapes.Profile(rung, Gpu, PtxRungs.SampledInstructions, assembled: false)
            .Select(row => (row.Sizes, Rung: rung, row.Asked, row.Profile.WarpInstructions)))
        .GroupBy(row => row.Sizes).MinBy(shape => shape.Sum(row => row.WarpInstructions))!
        .Select(row => Compare(row.Rung, row.Asked));

    static readonly GpuModel Gpu = GpuModel.Find("h200")!;

    // A rung whole, and from a sample of so many of its blocks: what parts most, and by which share.
    sealed record Comparison(string Kernel, string Sizes, long Run, long Blocks, string What, double Share);

    static Comparison Compare(Rung rung, IReadOnlyDictionary<string, int> sizes)
    {
        RungProfile whole = PtxRungs.Profile(rung, Gpu, sizes, 0, assembled: false);
        KernelProfile all = whole.Profile, some = PtxRungs.Profile(rung, Gpu, sizes,
            Math.Min(PtxRungs.SampledInstructions, all.WarpInstructions / 4), assembled: false).Profile;
        var (what, share) = new (string What, double Share)[]
        {
            ("instructions", Parts(all.WarpInstructions, some.WarpInstructions)), ("sectors", Parts(all.GlobalSectors, some.GlobalSectors)),
            ("passes", Parts(all.SharedWavefronts, some.SharedWavefronts)), ("operations", Parts(all.Operations, some.Operations)),
        }.MaxBy(one => one.Share);
        return new Comparison(rung.EntryName, whole.Sizes, some.Counts.BlocksRun, all.Counts.Blocks, what, share);

        static double Parts(double expected, double got) => got == expected ? 0 : Math.Abs(got - expected) / expected;
    }

    void AreClose(IReadOnlyCollection<Comparison> compared)
    {
        foreach (Comparison one in compared.OrderByDescending(one => one.Share).Take(20))
            output.WriteLine($"{one.Kernel} {one.Sizes}: {100 * one.Share:F2} % of {one.What}, from {one.Run} of {one.Blocks} blocks");
        Assert.DoesNotContain(compared, one => one.Share > 0.03);
    }

    [Fact]
    public void An_operation_shows_its_ladder_at_one_shape_with_a_choice_of_weights_and_activation()
    {
        Outcome ladder = Hsenet.Run("ptx", "profile", "Linear", "--shape", "Rows=64,Inputs=128,Outputs=64", "--activation", "swiglu",
            "--json",
            _folder.At("l.json"));
        Assert.Equal(0, ladder.Code);
        Assert.Contains("`linear_v1_naive_f32`", ladder.Output);
        Assert.Contains("`linear_v1_naive_int8`", ladder.Output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("l.json")));
        // A pair of products for each output.
        Assert.All(json.RootElement.EnumerateArray(), row =>
            Assert.Equal(2 * 2.0 * 64 * 128 * 64, row.GetProperty("useful_operations").GetDouble()));
        Outcome narrow = Hsenet.Run("ptx", "profile", "Linear.V1", "--weights", "bf16", "--activations", "bf16");
        Assert.Contains("kernel                       linear_v1_naive_xbf16_bf16", narrow.Output);
        Outcome pair = Hsenet.Run("ptx", "profile", "--compare", "linear_v1_naive_f32", "Linear.V1",
            "--weights", "f32");
        Assert.Contains("The bound of linear_v1_naive_f32 is 1.00", pair.Output);
        Hsenet.Run("ptx", "profile", "Linear", "--activation", "tanh").IsRefused("tanh", "SwiGlu");
        Hsenet.Run("ptx", "profile", "Linear", "--weights", "int4").IsRefused("int4", "bf16");
        Hsenet.Run("ptx", "profile", "Linear", "--activations", "int4").IsRefused("int4", "bf16");
        Hsenet.Run("ptx", "profile", "LayerNorm", "--weights", "bf16").IsRefused("LayerNorm");
        Hsenet.Run("ptx", "profile", "--compare", "Linear.V1", "LayerNorm").IsRefused("linear_v1_naive_bf16");
        Hsenet.Run("ptx", "profile", "Linear", "--html", _folder.At("p.html")).IsRefused("--html");
    }

    public void Dispose() => _folder.Dispose();
}
