// Operands that reach the corners of an integer type, and the integer that bits stand for
using System.Numerics;

namespace HSENet.Ptx.Tests;

static class IntegerSamples
{
    public static List<ulong> Of(IntegerFormat type, int random, int seed = 3)
    {
        ulong mask = type.Bits == 64 ? ulong.MaxValue : (1UL << type.Bits) - 1;
        List<ulong> samples = [0, 1, 2, 3, mask, mask - 1, mask >> 1, (mask >> 1) + 1, (mask >> 1) - 1, (mask >> 1) + 2];
        for (int bit = 2; bit < type.Bits; bit += 5)
            samples.AddRange([1UL << bit, (1UL << bit) - 1, (1UL << bit) + 1, mask ^ (1UL << bit)]);
        Random source = new(seed);
        for (int i = 0; i < random; i++)
        {
            ulong bits = (ulong)source.NextInt64(long.MinValue, long.MaxValue);
            samples.AddRange([bits & mask, (bits & mask) >> source.Next(type.Bits)]);
        }
        return samples;
    }

    public static BigInteger Value(IntegerFormat type, ulong bits)
    {
        BigInteger modulus = BigInteger.One << type.Bits;
        BigInteger value = new BigInteger(bits) % modulus;
        return type.Signed && value >= modulus / 2 ? value - modulus : value;
    }
}
