// Dropout's generator: its authors' known answers, and the same factors from every path.
namespace HSENet.Kernels.Tests;

public sealed class DropoutTests
{
    // Random123, kat_vectors: philox2x32 10.
    [Theory]
    [InlineData(0u, 0u, 0u, 0xff1dae59u, 0x6cd10df2u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0x2c3f628bu, 0xab4fd7adu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0xdd7ce038u, 0xf62a4c12u)]
    public void Philox_gives_the_known_answers(uint counter, uint counterHigh, uint key, uint first, uint second)
    {
        Assert.Equal(first, DropoutMask.Philox(counter, counterHigh, key));
        Assert.Equal((first, second), Dropout.ReferencePhilox(counter, counterHigh, key));
    }

    [Theory, InlineData(0f), InlineData(0.05f), InlineData(0.1f), InlineData(0.75f)]
    public unsafe void Factors_of_eight_elements_are_those_of_one(float rate)
    {
        const int count = 1003, first = int.MaxValue - count;
        const long seed = 0x123456789abcdef0;
        float* factors = stackalloc float[count];
        DropoutMask.Factors(seed, first, rate, factors, count);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(DropoutMask.Factor(seed, first + i, rate), factors[i]);
            Assert.Equal(Dropout.ReferenceFactor(seed, first + i, rate), factors[i], 4 * Numbers.U);
        }
    }

    // Six standard deviations of a binomial count: one seed in 5e8 would miss it, and the seed is fixed.
    [Theory, InlineData(0.05f), InlineData(0.1f), InlineData(0.5f)]
    public void The_rate_is_the_share_of_zeros(float rate)
    {
        const int count = 100_000;
        int dropped = Enumerable.Range(0, count).Count(i => DropoutMask.Factor(42, i, rate) == 0);
        Assert.Equal(count * (double)rate, dropped, 6 * Math.Sqrt(count * rate * (1 - rate)));
    }
}
