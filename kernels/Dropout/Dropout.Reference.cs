// Dropout in double precision: the generator as its paper states it, then the formula.
namespace HSENet.Kernels;

public static partial class Dropout
{
    /// <summary>y as [n] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in DropoutArguments a)
    {
        var y = new double[a.Count];
        for (int i = 0; i < y.Length; i++)
            y[i] = (a.Residual.IsEmpty ? 0 : a.Residual[i]) + a.X[i] * ReferenceFactor(a.Seed, i, a.Rate);
        return y;
    }

    /// <summary>0 when the upper 24 bits of Philox2x32-10's first word are less than rate · 2²⁴, otherwise 1 / (1 − rate).</summary>
    internal static double ReferenceFactor(long seed, int index, float rate)
    {
        var (word, _) = ReferencePhilox((uint)index, (uint)(seed >>> 32), (uint)(seed & 0xFFFFFFFF));
        return word / 256 < rate * 16777216.0 ? 0 : 1 / (1 - (double)rate);
    }

    /// <summary>Both words of a Philox2x32-10 block.</summary>
    internal static (uint First, uint Second) ReferencePhilox(uint first, uint second, uint key)
    {
        for (ulong round = 0; round < 10; round++)
        {
            ulong product = 0xD256D193ul * first, roundKey = (key + round * 0x9E3779B9ul) % (1ul << 32);
            (first, second) = ((uint)(product / (1ul << 32) ^ roundKey ^ second), (uint)(product % (1ul << 32)));
        }
        return (first, second);
    }
}
