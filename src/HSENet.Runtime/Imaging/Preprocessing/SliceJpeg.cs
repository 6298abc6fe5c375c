// What an image looks like after JPEG at quality 95 and back: libjpeg's integer transforms and its standard luminance table, without a
// file.
namespace HSENet.Runtime;

/// <summary>
/// The loss of baseline JPEG with one component, byte for byte as libjpeg (islow, both ways) and with it Pillow computes it. Entropy
/// coding loses nothing and is left out.
/// </summary>
static class SliceJpeg
{
    const int Quality = 95, ConstantBits = 13, FirstPassBits = 2;

    // Table K.1 of the JPEG standard.
    static ReadOnlySpan<byte> Luminance =>
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100,
            103, 99,
    ];

    static readonly int[] Steps = [.. Enumerable.Range(0, 64)
        .Select(i => Math.Clamp((Luminance[i] * (200 - 2 * Quality) + 50) / 100, 1, 255))];

    /// <summary>Replaces an image by what a decoder gives back.</summary>
    public static void RoundTrip(Span<byte> image, int rows, int columns)
    {
        Span<int> block = stackalloc int[64];
        for (int top = 0; top < rows; top += 8)
            for (int left = 0; left < columns; left += 8)
            {
                // Beyond the edge the last row and column are repeated.
                for (int i = 0; i < 64; i++)
                    block[i] = image[Math.Min(rows - 1, top + i / 8) * columns + Math.Min(columns - 1, left + i % 8)] - 128;
                Forward(block);
                Quantise(block);
                Inverse(block);
                for (int i = 0; i < 64; i++)
                    if (top + i / 8 < rows && left + i % 8 < columns)
                        image[(top + i / 8) * columns + left + i % 8] = (byte)Math.Clamp(block[i] + 128, 0, 255);
            }
    }

    // The forward transform is eight times too large, so is the step; to the nearest, halves away from zero; then back to coefficients.
    static void Quantise(Span<int> block)
    {
        for (int i = 0; i < 64; i++)
        {
            int step = Steps[i] * 8, level = (Math.Abs(block[i]) + step / 2) / step;
            block[i] = Math.Sign(block[i]) * level * Steps[i];
        }
    }

    // Rows, then columns (jfdctint.c).
    static void Forward(Span<int> block)
    {
        for (int row = 0; row < 64; row += 8)
            ForwardLine(block[row..], 1, ConstantBits - FirstPassBits);
        for (int column = 0; column < 8; column++)
            ForwardLine(block[column..], 8, ConstantBits + FirstPassBits);
    }

    static void ForwardLine(Span<int> x, int s, int shift)
    {
        int s07 = x[0] + x[7 * s], s16 = x[s] + x[6 * s], s25 = x[2 * s] + x[5 * s], s34 = x[3 * s] + x[4 * s];
        int d07 = x[0] - x[7 * s], d16 = x[s] - x[6 * s], d25 = x[2 * s] - x[5 * s], d34 = x[3 * s] - x[4 * s];
        int even = s07 + s34, evenOther = s16 + s25, twist = s07 - s34, twistOther = s16 - s25;
        x[0] = Descale((even + evenOther) << ConstantBits, shift);
        x[4 * s] = Descale((even - evenOther) << ConstantBits, shift);
        int z = (twistOther + twist) * 4433;
        x[2 * s] = Descale(z + twist * 6270, shift);
        x[6 * s] = Descale(z - twistOther * 15137, shift);
        Odd(d34, d25, d16, d07, out int o0, out int o1, out int o2, out int o3);
        x[7 * s] = Descale(o0, shift);
        x[5 * s] = Descale(o1, shift);
        x[3 * s] = Descale(o2, shift);
        x[s] = Descale(o3, shift);
    }

    // Columns, then rows (jidctint.c); the second pass also takes out the factor 8.
    static void Inverse(Span<int> block)
    {
        for (int column = 0; column < 8; column++)
            InverseLine(block[column..], 8, ConstantBits - FirstPassBits);
        for (int row = 0; row < 64; row += 8)
            InverseLine(block[row..], 1, ConstantBits + FirstPassBits + 3);
    }

    static void InverseLine(Span<int> x, int s, int shift)
    {
        int z = (x[2 * s] + x[6 * s]) * 4433, low = z - x[6 * s] * 15137, high = z + x[2 * s] * 6270;
        int sum = (x[0] + x[4 * s]) << ConstantBits, difference = (x[0] - x[4 * s]) << ConstantBits;
        int e0 = sum + high, e3 = sum - high, e1 = difference + low, e2 = difference - low;
        Odd(x[7 * s], x[5 * s], x[3 * s], x[s], out int o0, out int o1, out int o2, out int o3);
        x[0] = Descale(e0 + o3, shift);
        x[7 * s] = Descale(e0 - o3, shift);
        x[s] = Descale(e1 + o2, shift);
        x[6 * s] = Descale(e1 - o2, shift);
        x[2 * s] = Descale(e2 + o1, shift);
        x[5 * s] = Descale(e2 - o1, shift);
        x[3 * s] = Descale(e3 + o0, shift);
        x[4 * s] = Descale(e3 - o0, shift);
    }

    // The odd half, which both directions share: constants are cosines times 2¹³.
    static void Odd(int a, int b, int c, int d, out int o0, out int o1, out int o2, out int o3)
    {
        int z5 = (a + c + b + d) * 9633;
        int z1 = (a + d) * -7373, z2 = (b + c) * -20995, z3 = (a + c) * -16069 + z5, z4 = (b + d) * -3196 + z5;
        o0 = a * 2446 + z1 + z3;
        o1 = b * 16819 + z2 + z4;
        o2 = c * 25172 + z2 + z3;
        o3 = d * 12299 + z1 + z4;
    }

    static int Descale(int x, int bits) => (x + (1 << (bits - 1))) >> bits;
}
