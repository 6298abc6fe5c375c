// The table of choices: its rows fit the catalogue, and launches find the nearest.
namespace HSENet.Kernels.Tests;

public sealed class RungChoicesTests
{
    [Fact]
    public void Every_choice_names_rungs_of_its_operation_the_fastest_first()
    {
        RungChoice[] rows = [.. RungChoice.Read(RungChoices.Text())];
        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var names = KernelCatalog.Operations.Single(operation => operation.Name == row.Operation).Rungs
                .Where(rung => rung.Weights == null || rung.Weights == row.Weights).Select(rung => rung.Name);
            Assert.All(row.Rungs, rung => Assert.Contains(rung.Rung, names));
            Assert.Equal(row.Rungs.Select(rung => rung.Microseconds).Order(), row.Rungs.Select(rung => rung.Microseconds));
            Assert.Equal(row.ToString(), RungChoice.Read(row.ToString()).Single().ToString());
        });
    }

    [Fact]
    public void Sizes_between_rows_of_the_table_take_the_nearer_and_unknown_architectures_the_nearest_older()
    {
        string exact = First(90, new(2049, 768, 3072, WeightType.BF16));
        Assert.Equal(RungChoice.Read(RungChoices.Text()).Single(row => row.Weights == WeightType.BF16
            && row.Sizes == "Rows=2049,Inputs=768,Outputs=3072").Rungs[0].Rung, exact);
        Assert.Equal(exact, First(90, new(1900, 800, 3200, WeightType.BF16)));
        Assert.Equal(exact, First(120, new(2049, 768, 3072, WeightType.BF16)));
        Assert.Equal(exact, First(80, new(2049, 768, 3072, WeightType.BF16)));
        Assert.Equal("V7.OneRow", First(90, new(1, 4096, 4096, WeightType.BF16)));
        Assert.Equal("V7.OneRow", First(90, new(1, 4096, 4096, WeightType.Int8)));
        Assert.Empty(RungChoices.Of(SwiGlu.ForwardOperation, 90, new(1, 1)));

        static string First(int architecture, LaunchSizes sizes)
        {
            var rungs = RungChoices.Of(Linear.ForwardOperation, architecture, sizes);
            Assert.All(rungs, rung => Assert.Equal(sizes.Weights, rung.Weights));
            return rungs[0].Name;
        }
    }

    [Fact]
    public void A_stage_is_launched_with_the_rung_that_it_belongs_to_and_never_alone()
    {
        var rung = Attention.ForwardOperation.TypedRungs.ToArray().First(rung => rung.Name == "V4.SplitKeys64");
        Assert.Equal(["V4.SplitKeys64", "V4.SplitKeys64.Combine"], rung.Stages.Select(stage => stage.Name));
        Assert.DoesNotContain(rung.Last, Attention.ForwardOperation.TypedRungs.ToArray());
        List<string> launched = [];
        using var device = new EmulatorDevice { Instead = got => launched.Add(got.Rung.Name) };
        using var run = KernelSample.Of(rung).Prepare(device, rung.Last!);
        run.Launch();
        Assert.Equal(rung.Stages.Select(stage => stage.Name), launched);
    }
}
