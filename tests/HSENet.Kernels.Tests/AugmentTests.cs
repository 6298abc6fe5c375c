// Known answers of augmentation, and that its random numbers are those that dropout compares.
namespace HSENet.Kernels.Tests;

public sealed class AugmentTests
{
    // numpy.rot90(numpy.arange(1, 10).reshape(3, 3), k), and numpy.flip of it along the rows.
    [Theory]
    [InlineData(0, 0, "123456789")]
    [InlineData(1, 0, "369258147")]
    [InlineData(2, 0, "987654321")]
    [InlineData(3, 0, "741852963")]
    [InlineData(1, 1, "147258369")]
    public void Quarter_turns_are_those_of_numpy(int turns, int flipHeight, string expected)
    {
        using var device = new HostDevice(1);
        using var memory = new CaseMemory(device);
        var y = memory.Output(9);
        Augment.Forward(device, new AugmentArguments
        {
            X = memory.Input(1f, 2, 3, 4, 5, 6, 7, 8, 9),
            Y = y,
            Depth = 1,
            Height = 3,
            Width = 3,
            QuarterTurns = turns,
            FlipHeight = flipHeight
        });
        Assert.Equal(expected, string.Concat(y.AsSpan().ToArray().Select(value => (int)value)));
    }

    [Fact]
    public void Odd_turns_of_oblong_slices_are_refused()
    {
        using var device = new HostDevice(1);
        using var memory = new CaseMemory(device);
        var arguments = new AugmentArguments
        {
            X = memory.Zeros(6),
            Y = memory.Output(6),
            Depth = 1,
            Height = 2,
            Width = 3,
            QuarterTurns = 1
        };
        Assert.Contains("QuarterTurns", Assert.Throws<KernelArgumentException>(() => Augment.Forward(device, arguments)).Message);
    }

    [Fact]
    public void Uniform_numbers_are_what_dropout_compares_with_its_rate()
    {
        const float rate = 0.3f;
        double sum = 0;
        for (int i = 0; i < 4096; i++)
        {
            float uniform = DropoutMask.Uniform(77, i);
            Assert.Equal(DropoutMask.Factor(77, i, rate) == 0, uniform < rate);
            sum += uniform;
        }
        // The mean of n uniform numbers has a standard deviation of 1/√(12·n); six of them.
        Assert.Equal(0.5, sum / 4096, 6 / Math.Sqrt(12 * 4096));
    }
}
