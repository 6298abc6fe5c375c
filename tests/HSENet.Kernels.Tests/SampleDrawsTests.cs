// A sample's numbers are those of Random, however they are made.
namespace HSENet.Kernels.Tests;

public sealed class SampleDrawsTests
{
    [Theory]
    [InlineData(1, 10_000)]
    [InlineData(7, 55)]
    [InlineData(2, 56)]
    [InlineData(3, 4151)]
    [InlineData(4, 1)]
    public void Values_are_those_of_a_random_with_the_seed(int seed, int count)
    {
        var (singles, doubles, below, numbers) = (new float[count], new double[count], new int[count], new int[count]);
        SampleDraws.Fill<float>(seed, singles, (drawn, values) =>
        {
            int made = 0;
            foreach (int number in drawn)
                if (SampleDraws.TrySingle(number, out float single))
                    values[made++] = single;
            return made;
        });
        SampleDraws.Fill<double>(seed, doubles, (drawn, values) => Each(drawn, values, SampleDraws.Double));
        SampleDraws.Fill<int>(seed, below, (drawn, values) => Each(drawn, values, number => SampleDraws.Below(number, 1000)));
        SampleDraws.Fill<int>(seed, numbers, (drawn, values) => Each(drawn, values, number => number));
        Assert.Equal(Drawn(random => random.NextSingle()), singles);
        Assert.Equal(Drawn(random => random.NextDouble()), doubles);
        Assert.Equal(Drawn(random => random.Next(1000)), below);
        Assert.Equal(Drawn(random => random.Next()), numbers);

        T[] Drawn<T>(Func<Random, T> draw)
        {
            Random random = new(seed);
            return [.. Enumerable.Range(0, count).Select(_ => draw(random))];
        }
    }

    // One in thirty million.
    [Fact]
    public void A_number_that_would_be_one_as_a_single_is_drawn_again()
    {
        Assert.False(SampleDraws.TrySingle(int.MaxValue - 1, out _));
        Assert.True(SampleDraws.TrySingle(int.MaxValue - 100, out float below));
        Assert.True(below < 1);
        Random random = new(1);
        int refused = random.Next();
        int[] kept = new int[100];
        SampleDraws.Fill<int>(1, kept, (drawn, values) =>
        {
            int made = 0;
            foreach (int number in drawn)
                if (number != refused)
                    values[made++] = number;
            return made;
        });
        Assert.All(kept, number => Assert.Equal(random.Next(), number));
    }

    static int Each<T>(ReadOnlySpan<int> drawn, Span<T> values, Func<int, T> make)
    {
        for (int i = 0; i < drawn.Length; i++)
            values[i] = make(drawn[i]);
        return drawn.Length;
    }
}
