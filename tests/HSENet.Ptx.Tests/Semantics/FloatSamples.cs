// Operands that reach the corners of a float format: zeros, subnormals, neighbours of powers of two, ties, the largest numbers, infinities,
// NaNs
namespace HSENet.Ptx.Tests;

static class FloatSamples
{
    public static List<ulong> Of(ReferenceFormat format, int random, int seed = 1)
    {
        ulong one = format.Format.One, last = format.LargestFinite, normal = 1UL << format.MantissaBits;
        List<ulong> magnitudes =
        [
            0, 1, 2, normal - 1, normal, normal + 1, one - 1, one, one + 1, one + normal, one + (normal >> 1), one + (normal >> 2),
                one - normal,
            one + (normal >> 1) + 1, last, last - 1, format.Infinity, format.Infinity + 1, format.Infinity + (normal >> 1),
                format.SignBit - 1,
        ];
        Random source = new(seed);
        for (int i = 0; i < random; i++)
        {
            magnitudes.Add((ulong)source.NextInt64() & (format.SignBit - 1));
            // Exponents near one's, where sums cancel and products round
            magnitudes.Add(one + ((ulong)source.NextInt64() & ((normal << 2) - 1)) - normal);
        }
        return [.. magnitudes, .. magnitudes.Select(m => m | format.SignBit)];
    }

    public static readonly Rounding[] Roundings = [Rounding.Nearest, Rounding.Zero, Rounding.Down, Rounding.Up];

    public static ReferenceFormat Named(string name) => All.Single(f => f.Format.Name == name);

    static readonly ReferenceFormat[] All =
    [
        ReferenceFormat.Half, ReferenceFormat.BFloat16, ReferenceFormat.Single, ReferenceFormat.Double, ReferenceFormat.TensorFloat32,
        ReferenceFormat.E5M2, ReferenceFormat.E4M3,
    ];
}
