// What is drawn for augmentation: the reference's probabilities and ranges, the same for the same step, and applied to a volume.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class AugmentationTests
{
    const int Draws = 4000;

    static readonly Augmentation[] Drawn =
        [.. Enumerable.Range(0, Draws).Select(i => Augmentation.Draw(new StepContext(i / 40, 17), i % 40, square: true))];

    [Fact]
    public void Each_transform_comes_as_often_as_in_the_reference()
    {
        Rate(0.5, augmentation => augmentation.QuarterTurns != 0);
        for (int turns = 1; turns <= 3; turns++)
            Rate(0.5 / 3, augmentation => augmentation.QuarterTurns == turns);
        Rate(0.1, augmentation => augmentation.FlipDepth);
        Rate(0.1, augmentation => augmentation.FlipHeight);
        Rate(0.1, augmentation => augmentation.FlipWidth);
        Rate(0.5, augmentation => augmentation.Factor != 0);
        Rate(0.5, augmentation => augmentation.Offset != 0);
        // Each by itself.
        Rate(0.25, augmentation => augmentation.Factor != 0 && augmentation.Offset != 0);
        Rate(0.05, augmentation => augmentation.QuarterTurns != 0 && augmentation.FlipDepth);
        Rate(0.01, augmentation => augmentation.FlipHeight && augmentation.FlipWidth);

        // Six standard deviations of the binomial distribution.
        static void Rate(double expected, Func<Augmentation, bool> happens) =>
            Assert.Equal(expected, Drawn.Count(happens) / (double)Draws, 6 * Math.Sqrt(expected * (1 - expected) / Draws));
    }

    [Fact]
    public void Strengths_fill_their_range()
    {
        foreach (var strength in new Func<Augmentation, float>[] { augmentation => augmentation.Factor, augmentation =>
            augmentation.Offset })
        {
            float[] drawn = [.. Drawn.Select(strength).Where(value => value != 0)];
            Assert.All(drawn, value => Assert.InRange(value, -0.1f, 0.1f));
            Assert.InRange(drawn.Min(), -0.1f, -0.099f);
            Assert.InRange(drawn.Max(), 0.099f, 0.1f);
        }
    }

    [Fact]
    public void The_same_step_draws_the_same_and_another_seed_step_or_row_something_else()
    {
        Augmentation[] Series(long seed, long step, int firstRow) =>
            [.. Enumerable.Range(firstRow, 20).Select(row => Augmentation.Draw(new StepContext(step, seed), row, square: true))];
        var series = Series(1, 2, 3);
        Assert.Equal(series, Series(1, 2, 3));
        Assert.NotEqual(series, Series(9, 2, 3));
        Assert.NotEqual(series, Series(1, 9, 3));
        Assert.NotEqual(series, Series(1, 2, 9));
    }

    [Fact]
    public void Oblong_slices_are_turned_by_180_degrees_or_not_at_all()
    {
        var turns = Enumerable.Range(0, 200).Select(row => Augmentation.Draw(new StepContext(0, 5), row, square: false).QuarterTurns)
            .ToHashSet();
        Assert.Equal([0, 2], turns.Order());
    }

    [Fact]
    public void A_volume_is_turned_then_flipped_then_scaled_then_shifted()
    {
        using var run = new PartRun(new MemoryPlan());
        using DeviceMemory x = run.Device.Allocate(8 * sizeof(float), "x"), y = run.Device.Allocate(8 * sizeof(float), "y");
        View<float> volume = x.View<float>(0, 8), augmented = y.View<float>(0, 8);
        run.Device.Upload<float>([1, 2, 3, 4, 5, 6, 7, 8], volume);
        new Augmentation(1, FlipDepth: true, FlipHeight: false, FlipWidth: true, 0.5f, 1)
            .Apply(run.Device, volume, augmented, new Size3(2, 2, 2));
        // Turned: 2 4 / 1 3 and 6 8 / 5 7; slices reversed, columns reversed; then 1.5·x + 1.
        Assert.Equal([13f, 10, 11.5f, 8.5f, 7, 4, 5.5f, 2.5f], run.Read(augmented));
    }
}
