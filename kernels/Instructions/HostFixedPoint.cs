// Dot products of rows of signed bytes with one row of x in fixed point: whole numbers, summed by the instruction that multiplies bytes.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>
/// Converting a byte to f32 costs more than reading it. So x becomes bytes instead, once for all rows: in each group of
/// <see cref="Weights.ScaleGroup"/> neighbours, which share a scale in every row of W, x = 2^−s · (d₀ + 2⁸·d₁ + 2¹⁶·d₂) with digits from
/// −128 to 127, rounded to the nearest whole number of 2^−s: half of it is below 2⁻²² of the group's largest |x|. Sums of a group are
/// exact; they are rounded as they become f32.
/// </summary>
static unsafe class HostFixedPoint
{
    const int Digits = 3, Group = Weights.ScaleGroup, Step = 32;

    // What is kept for a group, in bytes: the digits, each step's lowest first; for each digit what its sums begin with; 2^−s eight times.
    const int SumsAt = Digits * Group, FactorAt = SumsAt + Digits * Step, GroupBytes = FactorAt + Step;

    const int ScalesInLine = 64 / sizeof(float);

    // The instruction multiplies unsigned bytes with signed ones: w + 128 with a digit. Sums begin with −128 times the sum of the digits.
    const byte Offset = 128;

    // The largest number that three digits hold, and the exponents of |x| at which 2^s and 2^−s are normal numbers with room to spare.
    const float Largest = 127 * 65536 + 127 * 256 + 127;
    const int Exponents = 80, Bias = 127, Fraction = 23;

    /// <summary>Whether the machine multiplies bytes.</summary>
    public static bool IsSupported => AvxVnni.IsSupported && Avx2.IsSupported && Fma.IsSupported;

    /// <summary>
    /// Writes <paramref name="length"/> floats, whole groups, as digits into as many floats of <paramref name="prepared"/>. False where a
    /// group's largest |x| is no number, infinite, or beyond 2^±80: such an x is left to f32.
    /// </summary>
    [MethodImpl(HostMethod.Hot)]
    public static bool TryPrepare(float* x, float* prepared, nint length)
    {
        byte* group = (byte*)prepared;
        for (nint k = 0; k < length; k += Group, group += GroupBytes)
        {
            // As whole numbers the bits of |x| are in order, infinity and what is no number above all others.
            var bits = Vector256<int>.Zero;
            for (int i = 0; i < Group; i += Vector256<float>.Count)
                bits = Vector256.Max(bits, Vector256.Load((int*)(x + k + i)) & Vector256.Create(int.MaxValue));
            var half = Vector128.Max(bits.GetLower(), bits.GetUpper());
            half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
            int largest = Math.Max(half[0], half[1]), exponent = (largest >> Fraction) - Bias;
            if (largest != 0 && exponent is < -Exponents or > Exponents)
                return false;
            int shift = largest == 0 ? 0 : Fraction - 1 - exponent;
            if (BitConverter.Int32BitsToSingle(largest) * Power(shift) > Largest)
                shift--;
            Write(x + k, Power(shift), group);
            Vector256.Create(Power(-shift)).Store((float*)(group + FactorAt));
        }
        return true;

        static float Power(int exponent) => BitConverter.Int32BitsToSingle((exponent + Bias) << Fraction);
    }

    static void Write(float* x, float factor, byte* group)
    {
        Vector256<int> low = default, middle = default, high = default;
        for (int k = 0; k < Group; k += Step, group += Digits * Step)
        {
            var a = Whole(x + k, factor);
            var b = Whole(x + k + 8, factor);
            var c = Whole(x + k + 16, factor);
            var d = Whole(x + k + 24, factor);
            low = Digit(a, b, c, d, low, group);
            middle = Digit(Next(a), Next(b), Next(c), Next(d), middle, group + Step);
            high = Digit(Next(Next(a)), Next(Next(b)), Next(Next(c)), Next(Next(d)), high, group + 2 * Step);
        }
        (-low).Store((int*)group);
        (-middle).Store((int*)(group + Step));
        (-high).Store((int*)(group + 2 * Step));

        static Vector256<int> Whole(float* x, float factor) => Avx.ConvertToVector256Int32(Vector256.Load(x) * factor);

        // What is left after the lowest digit, which is the lowest byte, with its sign.
        static Vector256<int> Next(Vector256<int> value) => (value + Vector256.Create(128)) >> 8;

        static Vector256<int> Digit(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<int> sums, byte* to)
        {
            var digits = Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
            digits.Store((sbyte*)to);
            return AvxVnni.MultiplyWideningAndAdd(sums, Vector256.Create(Offset), digits);
        }
    }

    /// <summary>sums[i] = Σₖ x[k] · w[row + i, k] for up to four rows, the last of which is <paramref name="last"/> after the first: the
    /// other sums repeat it. <paramref name="x"/> is prepared.</summary>
    [MethodImpl(HostMethod.Hot)]
    public static void FourRows(HostMatrix w, nint row, nint apart, int last, float* x, nint length, float* sums)
    {
        nint stride = w.Stride, groups = stride / Group, i1 = Math.Min(1, last) * apart,
            i2 = Math.Min(2, last) * apart, i3 = Math.Min(3, last) * apart;
        byte* w0 = w.Values + row * stride, w1 = w0 + i1 * stride, w2 = w0 + i2 * stride, w3 = w0 + i3 * stride;
        float* s0 = w.Scales + row * groups, s1 = s0 + i1 * groups, s2 = s0 + i2 * groups, s3 = s0 + i3 * groups;
        byte* digits = (byte*)x;
        var total = Vector256<float>.Zero;
        for (nint k = 0; k < length; digits += GroupBytes - SumsAt)
        {
            nint group = k / Group;
            if (group % ScalesInLine == 0)
                HostDot.Prefetch((byte*)(s0 + groups + group), apart * groups * sizeof(float));
            Vector256<int> l0 = Vector256.Load((int*)(digits + SumsAt)), m0 = Vector256.Load((int*)(digits + SumsAt + Step)),
                h0 = Vector256.Load((int*)(digits + SumsAt + 2 * Step));
            Vector256<int> l1 = l0, l2 = l0, l3 = l0, m1 = m0, m2 = m0, m3 = m0, h1 = h0, h2 = h0, h3 = h0;
            for (nint stop = k + Group; k < stop; k += Step, digits += Digits * Step)
            {
                if (k % 64 == 0)
                    HostDot.Prefetch(w0 + k + HostDot.AheadBytes, apart * stride);
                var v = Unsigned(w0 + k);
                l0 = Add(l0, v, digits);
                m0 = Add(m0, v, digits + Step);
                h0 = Add(h0, v, digits + 2 * Step);
                v = Unsigned(w1 + k);
                l1 = Add(l1, v, digits);
                m1 = Add(m1, v, digits + Step);
                h1 = Add(h1, v, digits + 2 * Step);
                v = Unsigned(w2 + k);
                l2 = Add(l2, v, digits);
                m2 = Add(m2, v, digits + Step);
                h2 = Add(h2, v, digits + 2 * Step);
                v = Unsigned(w3 + k);
                l3 = Add(l3, v, digits);
                m3 = Add(m3, v, digits + Step);
                h3 = Add(h3, v, digits + 2 * Step);
            }
            // The two lower digits together stay below 2³¹.
            var lower = Vector256.ConvertToSingle(AcrossLanes(l0 + (m0 << 8), l1 + (m1 << 8), l2 + (m2 << 8), l3 + (m3 << 8)));
            var upper = Vector256.ConvertToSingle(AcrossLanes(h0, h1, h2, h3));
            var scales = Vector128.Create(s0[group], s1[group], s2[group], s3[group]);
            var factor = Vector256.Create(scales, scales) * Vector256.Load((float*)(digits + FactorAt - SumsAt));
            total = Fma.MultiplyAdd(Fma.MultiplyAdd(upper, Vector256.Create(65536f), lower), factor, total);
        }
        (total.GetLower() + total.GetUpper()).Store(sums);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<byte> Unsigned(byte* at) => Vector256.Load(at) ^ Vector256.Create(Offset);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Add(Vector256<int> sum, Vector256<byte> weights, byte* digits) =>
            AvxVnni.MultiplyWideningAndAdd(sum, weights, Vector256.Load((sbyte*)digits));
    }

    // [a b c d a b c d], each the sum of half of its places.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> AcrossLanes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        var ab = (Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b)).AsInt64();
        var cd = (Avx2.UnpackLow(c, d) + Avx2.UnpackHigh(c, d)).AsInt64();
        return Avx2.UnpackLow(ab, cd).AsInt32() + Avx2.UnpackHigh(ab, cd).AsInt32();
    }
}
