// hsenet ptx choose: the table from which launches choose, and what makes it stale.
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxChooseTests : IDisposable
{
    static readonly string Committed = Path.Combine(Hsenet.Repository, "kernels", "Catalog", "choices.tsv");

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_table_that_other_kernels_another_gpu_or_another_model_made_is_refused()
    {
        string text = File.ReadAllText(Committed);
        string[] facts = [.. text.Split('\n').Where(line => line.Split('\t')[0] is "model" or "gpu" or "ptx")];
        Assert.Contains(facts, fact => fact.StartsWith("model\t", StringComparison.Ordinal));
        Assert.Contains(facts, fact => fact.StartsWith("gpu\th200\t", StringComparison.Ordinal));
        Assert.Contains(facts, fact => fact.StartsWith("ptx\tlinear_v6_", StringComparison.Ordinal));
        // Facts alone: nothing to predict, and every place is missing.
        File.WriteAllText(_folder.At("none.tsv"), string.Join('\n', facts.Select(fact => fact + "0")));
        Outcome stale = Hsenet.Run("ptx", "choose", "--check", "--table", _folder.At("none.tsv"));
        Assert.Equal(1, stale.Code);
        Assert.All(facts, fact => Assert.Contains($"'{fact}' is not in it", stale.Error));
        Assert.Contains("Linear has no Rows=2049,Inputs=768,Outputs=3072", stale.Error);
    }

    public void Dispose() => _folder.Dispose();
}
