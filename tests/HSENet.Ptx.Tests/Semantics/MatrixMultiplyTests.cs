// mma on fragments against the matrices that the manual's layout tables name, element by element and in the stated order of sums
using System.Runtime.Intrinsics;

namespace HSENet.Ptx.Tests;

public unsafe class MatrixMultiplyTests
{
    const int Registers = 20;

    /// <summary>A row file with registers 0.. for A, 4.. for B, 6.. for C, 10.. for D, and accessors by matrix element.</summary>
    sealed class Fragments(int bitsPerElement, int depth)
    {
        public readonly uint[] Words = new uint[Registers * 32];
        public readonly int K = depth * 128 / bitsPerElement;
        readonly int _perRegister = 32 / bitsPerElement;

        public void SetA(int row, int k, uint bits) =>
            Set(2 * (k / (4 * _perRegister)) + row / 8, 4 * (row % 8) + k / _perRegister % 4, k % _perRegister, bits);

        public void SetB(int k, int column, uint bits) =>
            Set(4 + k / (4 * _perRegister), 4 * column + k / _perRegister % 4, k % _perRegister, bits);

        void Set(int register, int lane, int part, uint bits) => Words[register * 32 + lane] |= bits << (part * bitsPerElement);

        /// <summary>Register and lane of an element of C (from register 6) with one element per register.</summary>
        public static int Wide(int first, int row, int column) => (first + 2 * (row / 8) + column % 2) * 32 + 4 * (row % 8) + column / 2;

        /// <summary>The same with two f16 per register.</summary>
        public static int Packed(int first, int row, int column) => (first + row / 8) * 32 + 4 * (row % 8) + column / 2;
    }

    delegate void Multiply(byte* rows, int* d, int* a, int* b, int* c);

    static void Run(Fragments fragments, Multiply multiply, int first = 10)
    {
        int* offsets = stackalloc int[Registers];
        for (int i = 0; i < Registers; i++)
            offsets[i] = i * 128;
        fixed (uint* words = fragments.Words)
            multiply((byte*)words, offsets + first, offsets, offsets + 4, offsets + 6);
    }

    public static TheoryData<string, int> FloatShapes =>
        new() { { "bf16", 1 }, { "bf16", 2 }, { "f16", 1 }, { "f16", 2 }, { "tf32", 1 }, { "tf32", 2 } };

    [Theory]
    [MemberData(nameof(FloatShapes))]
    public void Float_products_are_summed_in_ascending_k_with_one_rounding_each(string type, int depth)
    {
        Random random = new(depth);
        Fragments fragments = new(type == "tf32" ? 32 : 16, depth);
        float[,] a = new float[16, fragments.K], b = new float[fragments.K, 8], c = new float[16, 8];
        for (int k = 0; k < fragments.K; k++)
        {
            for (int row = 0; row < 16; row++)
                fragments.SetA(row, k, Pick(type, random, out a[row, k]));
            for (int column = 0; column < 8; column++)
                fragments.SetB(k, column, Pick(type, random, out b[k, column]));
        }
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                c[row, column] = (float)(random.NextDouble() - 0.5) * 8;
                fragments.Words[Fragments.Wide(6, row, column)] = BitConverter.SingleToUInt32Bits(c[row, column]);
            }
        foreach (int target in new[] { 10, 6, 0 }) // results may replace C or A
        {
            Fragments copy = new(type == "tf32" ? 32 : 16, depth);
            fragments.Words.CopyTo(copy.Words, 0);
            Run(copy, (rows, d, x, y, z) =>
            {
                if (type == "bf16")
                    MatrixMultiply.ToSingle<BFloat16Element>(rows, d, x, y, z, depth);
                else if (type == "f16")
                    MatrixMultiply.ToSingle<HalfElement>(rows, d, x, y, z, depth);
                else
                    MatrixMultiply.ToSingle<TensorFloat32Element>(rows, d, x, y, z, depth);
            }, target);
            for (int row = 0; row < 16; row++)
                for (int column = 0; column < 8; column++)
                {
                    float expected = c[row, column];
                    for (int k = 0; k < fragments.K; k++)
                        expected = MathF.FusedMultiplyAdd(a[row, k], b[k, column], expected);
                    Assert.Equal(BitConverter.SingleToUInt32Bits(expected), copy.Words[Fragments.Wide(target, row, column)]);
                }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void F16_results_are_the_f32_sums_rounded_once_more(int depth)
    {
        Random random = new(depth);
        Fragments fragments = new(16, depth);
        float[,] a = new float[16, fragments.K], b = new float[fragments.K, 8];
        Half[,] c = new Half[16, 8];
        for (int k = 0; k < fragments.K; k++)
        {
            for (int row = 0; row < 16; row++)
                fragments.SetA(row, k, Pick("f16", random, out a[row, k]));
            for (int column = 0; column < 8; column++)
                fragments.SetB(k, column, Pick("f16", random, out b[k, column]));
        }
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                c[row, column] = (Half)(random.NextDouble() - 0.5);
                fragments.Words[Fragments.Packed(6, row, column)] |= (uint)BitConverter.HalfToUInt16Bits(c[row, column]) << (column % 2
                    * 16);
            }
        Run(fragments, (rows, d, x, y, z) => MatrixMultiply.ToHalf<HalfElement>(rows, d, x, y, z, depth));
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                float expected = (float)c[row, column];
                for (int k = 0; k < fragments.K; k++)
                    expected = MathF.FusedMultiplyAdd(a[row, k], b[k, column], expected);
                uint word = fragments.Words[Fragments.Packed(10, row, column)];
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)expected), (ushort)(word >> (column % 2 * 16)));
            }
    }

    [Theory]
    [InlineData(true, true, 2, false)]
    [InlineData(true, true, 1, true)]
    [InlineData(false, false, 2, true)]
    [InlineData(false, true, 2, false)]
    [InlineData(true, false, 1, false)]
    public void Integer_sums_are_exact_and_wrap_or_saturate(bool signedA, bool signedB, int depth, bool saturate)
    {
        Random random = new(depth);
        Fragments fragments = new(8, depth);
        int[,] a = new int[16, fragments.K], b = new int[fragments.K, 8], c = new int[16, 8];
        for (int k = 0; k < fragments.K; k++)
        {
            for (int row = 0; row < 16; row++)
            {
                a[row, k] = random.Next(3) == 0 ? (signedA ? -128 : 255) : random.Next(signedA ? -128 : 0, signedA ? 128 : 256);
                fragments.SetA(row, k, (uint)a[row, k] & 255);
            }
            for (int column = 0; column < 8; column++)
            {
                b[k, column] = random.Next(3) == 0 ? (signedB ? -128 : 255) : random.Next(signedB ? -128 : 0, signedB ? 128 : 256);
                fragments.SetB(k, column, (uint)b[k, column] & 255);
            }
        }
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                c[row, column] = (column % 3) switch { 0 => int.MaxValue - row, 1 => int.MinValue + row, _ => random.Next() };
                fragments.Words[Fragments.Wide(6, row, column)] = (uint)c[row, column];
            }
        Run(fragments, (rows, d, x, y, z) =>
        {
            if (signedA && signedB)
                MatrixMultiply.ToInteger<SignedByteElement, SignedByteElement>(rows, d, x, y, z, depth, saturate);
            else if (signedA)
                MatrixMultiply.ToInteger<SignedByteElement, UnsignedByteElement>(rows, d, x, y, z, depth, saturate);
            else if (signedB)
                MatrixMultiply.ToInteger<UnsignedByteElement, SignedByteElement>(rows, d, x, y, z, depth, saturate);
            else
                MatrixMultiply.ToInteger<UnsignedByteElement, UnsignedByteElement>(rows, d, x, y, z, depth, saturate);
        });
        bool clamped = false;
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                long expected = c[row, column];
                for (int k = 0; k < fragments.K; k++)
                    expected += a[row, k] * b[k, column];
                clamped |= expected != (int)expected;
                int result = saturate ? (int)Math.Clamp(expected, int.MinValue, int.MaxValue) : (int)expected;
                Assert.Equal(result, (int)fragments.Words[Fragments.Wide(10, row, column)]);
            }
        Assert.True(clamped);
    }

    [Fact]
    public void A_nan_result_is_canonical_and_infinities_pass()
    {
        Fragments fragments = new(16, 2);
        fragments.SetA(3, 5, 0x7f80);
        fragments.SetB(5, 2, 0);
        fragments.SetA(4, 6, 0xff80);
        fragments.SetB(6, 1, 0x4000);
        Run(fragments, (rows, d, a, b, c) => MatrixMultiply.ToSingle<BFloat16Element>(rows, d, a, b, c, 2));
        Assert.Equal(0x7fffffffu, fragments.Words[Fragments.Wide(10, 3, 2)]);
        Assert.Equal(0xff800000u, fragments.Words[Fragments.Wide(10, 4, 1)]);
    }

    [Fact]
    public void Half_vectors_convert_every_value_and_round_to_nearest_even()
    {
        for (uint start = 0; start < 65536; start += 16)
        {
            var bits = Vector512.CreateSequence(start, 1u);
            var floats = HalfVectors.ToSingle(bits);
            for (int i = 0; i < 16; i++)
            {
                Half half = BitConverter.UInt16BitsToHalf((ushort)(start + i));
                Assert.True(Half.IsNaN(half) ? float.IsNaN(floats[i]) : floats[i].Equals((float)half));
            }
        }
        List<ulong> samples = FloatSamples.Of(ReferenceFormat.Single, 300);
        for (uint half = 0; half < 0x7c00; half++) // every tie and its neighbours
        {
            float low = (float)BitConverter.UInt16BitsToHalf((ushort)half),
                high = half == 0x7bff ? 65536 : (float)BitConverter.UInt16BitsToHalf((ushort)(half + 1));
            uint middle = BitConverter.SingleToUInt32Bits((low + high) / 2);
            samples.AddRange([middle - 1, middle, middle + 1, middle | 0x80000000]);
        }
        foreach (ulong sample in samples)
        {
            uint result = HalfVectors.FromSingle(Vector512.Create((uint)sample).AsSingle())[7];
            ulong expected = FloatFormat.Half.FromDouble(BitConverter.UInt32BitsToSingle((uint)sample), Rounding.Nearest);
            Assert.Equal(expected, result);
        }
    }

    static uint Pick(string type, Random random, out float value)
    {
        float number = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-6, 6)));
        uint bits = BitConverter.SingleToUInt32Bits(number);
        switch (type)
        {
            case "bf16":
                value = BitConverter.UInt32BitsToSingle(bits & 0xffff0000);
                return bits >> 16;
            case "f16":
                value = (float)(Half)number;
                return BitConverter.HalfToUInt16Bits((Half)number);
            default:
                value = BitConverter.UInt32BitsToSingle(bits >> 13 << 13);
                return bits; // the low bits must not matter
        }
    }
}
