// The random factor of dropout: a counter-based generator, so that a mask is computed again instead of stored.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>
/// Dropout's factors from Philox2x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): a function of a seed and
/// an index, with the same bits on every device and in any order.
/// </summary>
public static class DropoutMask
{
    const uint Multiplier = 0xD256D193, Weyl = 0x9E3779B9;
    const int Rounds = 10, Bits = 24; // a float holds 24 bits exactly

    /// <summary>0 with probability <paramref name="rate"/>, otherwise 1 / (1 − rate). Callable inside GPU kernels.</summary>
    /// <param name="seed">Names the mask: its lower half is the key, its upper half the counter's upper word.</param>
    /// <param name="index">The element: the counter's lower word.</param>
    /// <param name="rate">In [0, 1); 0 gives 1 always.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Factor(long seed, int index, float rate) =>
        Random(seed, index) < rate * (1 << Bits) ? 0f : ScalarInstructions.Divide(1f, 1f - rate);

    /// <summary>A number in [0, 1), a multiple of 2^-24: what <see cref="Factor"/> compares with the rate. Callable inside GPU
    /// kernels.</summary>
    /// <inheritdoc cref="Factor" path="/param"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Uniform(long seed, int index) => Random(seed, index) * (1f / (1 << Bits));

    /// <summary>The upper <see cref="Bits"/> bits of an element's random word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Random(long seed, int index) => Philox((uint)index, (uint)(seed >> 32), (uint)seed) >> 32 - Bits;

    /// <summary>The first word of a Philox2x32-10 block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Philox(uint counter, uint counterHigh, uint key)
    {
        for (int round = 0; round < Rounds; round++)
        {
            uint high = ScalarInstructions.MultiplyHigh(Multiplier, counter), low = Multiplier * counter;
            counter = high ^ key ^ counterHigh;
            counterHigh = low;
            key += Weyl;
        }
        return counter;
    }

    /// <summary>The factors of the elements from <paramref name="first"/> on, for host rungs: eight at a time.</summary>
    [MethodImpl(HostMethod.Hot)]
    internal static unsafe void Factors(long seed, int first, float rate, float* factors, int count)
    {
        int i = 0;
        if (Avx2.IsSupported)
        {
            var multiplier = Vector256.Create((ulong)Multiplier).AsUInt32();
            var kept = Vector256.Create((ulong)BitConverter.SingleToUInt32Bits(1f / (1f - rate)));
            var smallest = Vector256.Create((ulong)MathF.Ceiling(rate * (1 << Bits)));
            for (; i <= count - 8; i += 8)
            {
                // A word in the lower half of each 64 bits; what stands above it never reaches a product.
                var a = Vector256.Create((ulong)(uint)(first + i)) + Vector256.Create(0ul, 1, 2, 3);
                var b = a + Vector256.Create(4ul);
                var aHigh = Vector256.Create((ulong)(uint)(seed >> 32));
                var bHigh = aHigh;
                uint key = (uint)seed;
                for (int round = 0; round < Rounds; round++, key += Weyl)
                {
                    Vector256<ulong> p = Avx2.Multiply(a.AsUInt32(), multiplier), q = Avx2.Multiply(b.AsUInt32(), multiplier),
                        keys = Vector256.Create((ulong)key);
                    a = p >> 32 ^ keys ^ aHigh;
                    b = q >> 32 ^ keys ^ bHigh;
                    (aHigh, bHigh) = (p, q);
                }
                a = Vector256.GreaterThanOrEqual(a << 32 >> 64 - Bits, smallest) & kept;
                b = Vector256.GreaterThanOrEqual(b << 32 >> 64 - Bits, smallest) & kept;
                Vector256.Narrow(a, b).AsSingle().Store(factors + i);
            }
        }
        for (; i < count; i++)
            factors[i] = Factor(seed, first + i, rate);
    }
}
