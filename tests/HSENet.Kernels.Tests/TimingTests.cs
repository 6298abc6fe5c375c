// Median and quartiles of few samples and of many.
namespace HSENet.Kernels.Tests;

public sealed class TimingTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3, 3, 3)]
    [InlineData(new double[] { 4, 2 }, 3, 2, 4)]
    [InlineData(new double[] { 5, 1, 4 }, 4, 1, 5)]
    [InlineData(new double[] { 5, 1, 3, 2, 4 }, 3, 2, 4)]
    [InlineData(new double[] { 9, 1, 2, 8, 3, 7, 4, 6, 5, 10 }, 5.5, 3, 8)]
    public void Half_of_the_samples_are_below_the_median_and_the_quartiles_lie_as_far_from_both_ends(double[] samples, double median,
        double lower, double upper) =>
        Assert.Equal(new Timing(median, lower, upper, samples.Length), Timing.Of(samples));

    [Fact]
    public void No_samples_have_no_median() => Assert.Throws<ArgumentException>(() => Timing.Of([]));
}
