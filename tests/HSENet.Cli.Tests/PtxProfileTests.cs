// hsenet ptx profile at the model's own shapes: bounds that were computed by hand.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxProfileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    // A token over a cache of 300: 24 blocks, one for each head, 44.75 million warp instructions, four a clock of 1.98 GHz; but one warp of
    // each block has nearly all of them, and starts one a clock.
    [InlineData("Attention.V1", "Batch=1,Queries=1,Keys=300,QueryHeads=24,KeyHeads=8,HeadSize=128", 24, 235, 942)]
    // The model's vocabulary in one block, 26.54 million.
    [InlineData("Sampling.V1", "Vocabulary=200064", 1, 3351, 3351)]
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
        GpuModel gpu = GpuModel.Find("h200")!;
        int sampled = 0;
        foreach (Rung rung in KernelCatalog.GpuRungs)
        {
            KernelProfile all = PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(null), 0).Profile;
            KernelProfile some = PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(null), all.WarpInstructions / 4).Profile;
            sampled += some.Counts.BlocksRun < all.Counts.Blocks ? 1 : 0;
            Close("instructions", all.WarpInstructions, some.WarpInstructions);
            Close("sectors", all.GlobalSectors, some.GlobalSectors);
            Close("passes", all.SharedWavefronts, some.SharedWavefronts);
            Close("operations", all.Operations, some.Operations);

            void Close(string what, double expected, double got) => Assert.True(Math.Abs(got - expected) <= 0.03 * expected,
                $"{rung.EntryName}: {got} {what} from {some.Counts.BlocksRun} of {all.Counts.Blocks} blocks, {expected} from all");
        }
        Assert.InRange(sampled, 10, int.MaxValue);
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
        Outcome narrow = Hsenet.Run("ptx", "profile", "Linear.V1", "--weights", "bf16");
        Assert.Contains("kernel                       linear_v1_naive_bf16", narrow.Output);
        Outcome pair = Hsenet.Run("ptx", "profile", "--compare", "linear_v1_naive_f32", "Linear.V1",
            "--weights", "f32");
        Assert.Contains("The bound of linear_v1_naive_f32 is 1.00", pair.Output);
        Hsenet.Run("ptx", "profile", "Linear", "--activation", "tanh").IsRefused("tanh", "SwiGlu");
        Hsenet.Run("ptx", "profile", "Linear", "--weights", "int4").IsRefused("int4", "bf16");
        Hsenet.Run("ptx", "profile", "LayerNorm", "--weights", "bf16").IsRefused("LayerNorm");
        Hsenet.Run("ptx", "profile", "--compare", "Linear.V1", "LayerNorm").IsRefused("linear_v1_naive_bf16");
        Hsenet.Run("ptx", "profile", "Linear", "--html", _folder.At("p.html")).IsRefused("--html");
    }

    public void Dispose() => _folder.Dispose();
}
