// The numbers of a Random with a seed, many at once: a sample has up to a hundred million of them.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>
/// Values from what <c>new Random(seed)</c> draws, those of its methods bit by bit. Each number that it draws is the difference of the 55th
/// and the 34th before it, so those after the first 55 are made a vector at a time.
/// </summary>
static class SampleDraws
{
    const int Far = 55, Near = 34, Chunk = 4096;
    const double Unit = 1.0 / int.MaxValue;

    /// <summary>Makes values of numbers, in order; returns how many. A number that is drawn again makes none.</summary>
    public delegate int Conversion<T>(ReadOnlySpan<int> numbers, Span<T> values);

    /// <summary>Fills values.</summary>
    /// <param name="seed">Of the <see cref="Random"/>.</param>
    /// <param name="values">What is filled.</param>
    /// <param name="convert">Makes a value of a number.</param>
    public static void Fill<T>(int seed, Span<T> values, Conversion<T> convert)
    {
        Random random = new(seed);
        int[] numbers = new int[Far + Chunk];
        for (int i = Chunk; i < numbers.Length; i++)
            numbers[i] = random.Next();
        for (int ready = Chunk; !values.IsEmpty; ready = Far)
        {
            for (ReadOnlySpan<int> drawn = numbers.AsSpan(ready); !drawn.IsEmpty && !values.IsEmpty;)
            {
                int count = Math.Min(drawn.Length, values.Length);
                values = values[convert(drawn[..count], values)..];
                drawn = drawn[count..];
            }
            Next(numbers);
        }
    }

    /// <summary><see cref="Random.NextSingle"/>; false where it draws again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySingle(int number, out float value) => (value = (float)(number * Unit)) < 1;

    /// <summary><see cref="Random.NextDouble"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Double(int number) => number * Unit;

    /// <summary><see cref="Random.Next(int)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Below(int number, int limit) => (int)(number * Unit * limit);

    // The last 55 go to the front, and what follows from them comes behind.
    static void Next(Span<int> numbers)
    {
        numbers[Chunk..].CopyTo(numbers);
        for (int i = Far; i < numbers.Length; i += Vector<int>.Count)
        {
            Vector<int> next = new Vector<int>(numbers[(i - Far)..]) - new Vector<int>(numbers[(i - Near)..]);
            next += Vector.Equals(next, new Vector<int>(int.MaxValue)); // minus one where it holds
            next += Vector.LessThan(next, Vector<int>.Zero) & new Vector<int>(int.MaxValue);
            next.CopyTo(numbers[i..]);
        }
    }
}
