// hsenet ptx profile at the model's own shapes: bounds that were computed by hand.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxProfileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    // A token over a cache of 300: 24 blocks, one for each head, 44.75 million warp instructions, four a clock of 1.98 GHz.
    [InlineData("Attention.V1", "Batch=1,Queries=1,Keys=300,QueryHeads=24,KeyHeads=8,HeadSize=128", 24, 235)]
    // The model's vocabulary in one block, 26.54 million.
    [InlineData("Sampling.V1", "Vocabulary=200064", 1, 3351)]
    public void A_launch_of_few_blocks_has_the_bound_of_few_multiprocessors(string rung, string shape, double busy, double microseconds)
    {
        Assert.Equal(0, Hsenet.Run("ptx", "profile", rung, "--shape", shape, "--json", _folder.At("p.json")).Code);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("p.json")));
        Assert.Equal(busy, Number("busy_multiprocessors"), 0.01 * busy);
        Assert.Equal(microseconds, Number("warp_instructions") / (4 * 1.98e3 * busy), 0.01 * microseconds);
        Assert.InRange(Number("bound_us"), 0.99 * microseconds, 1.1 * microseconds);

        double Number(string name) => json.RootElement.GetProperty(name).GetDouble();
    }

    public void Dispose() => _folder.Dispose();
}
