// Forms that work on sixteen lanes at once against the same functor lane by lane, on edge values of integers and floats, with and without a
// mask.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx.Tests;

public unsafe class VectorFormTests
{
    const int Row = 256, Rows = 6;

    public static TheoryData<string> Names =>
        [.. DecodeTable.Instance.Forms.Where(form => form.Value.Scalar != null).Select(form => form.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_bodies_of_a_form_give_the_same_bits(string name)
    {
        Form form = DecodeTable.Instance.Forms[name];
        byte* rows = (byte*)NativeMemory.AlignedAlloc(Row * Rows, 64);
        try
        {
            Warp warp = new(null!, 0) { Rows = rows };
            Instruction instruction = new() { D = 0, A = Row, B = 2 * Row, C = 3 * Row, Immediate = form.Mode };
            List<ulong> wide = [.. IntegerSamples.Of(new(64, false), 100), .. FloatSamples.Of(ReferenceFormat.Double, 30)];
            List<ulong> narrow = [.. IntegerSamples.Of(new(32, false), 100), .. FloatSamples.Of(ReferenceFormat.Single, 30),
                .. FloatSamples.Of(ReferenceFormat.Half, 30)];
            Random random = new(name.Length);
            for (int round = 0; round < 200; round++)
            {
                uint mask = round % 3 == 0 ? uint.MaxValue : (uint)random.NextInt64();
                for (int source = 0; source < form.Sources.Length; source++)
                    for (int lane = 0; lane < 32; lane++)
                        if (form.Sources[source] == RowKind.Bits64)
                            ((ulong*)(rows + (source + 1) * Row))[lane] = wide[random.Next(wide.Count)];
                        else
                            ((uint*)(rows + (source + 1) * Row))[lane] = (uint)narrow[random.Next(narrow.Count)];
                byte[] before = new Span<byte>(rows, Row).ToArray();
                form.Execute(warp, &instruction, mask);
                byte[] vector = new Span<byte>(rows, Row).ToArray();
                before.CopyTo(new Span<byte>(rows, Row));
                form.Scalar(warp, &instruction, mask);
                Assert.Equal(new Span<byte>(rows, Row).ToArray(), vector);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }
    }

    /// <summary>Products near ties of 16 bits with addends far below, and numbers of every size.</summary>
    [Fact]
    public void Packed_fused_products_are_rounded_once()
    {
        Random random = new(12);
        for (int round = 0; round < 4000; round++)
        {
            Vector512<uint> a = Words(random, round % 2 == 0), b = Words(random, round % 2 == 0), c = Words(random, false);
            Vector512<uint> half = HalfFusedMultiplyAdd<HalfFormat>.Of(a, b, c), brain = HalfFusedMultiplyAdd<BFloat16Format>.Of(a, b, c);
            for (int lane = 0; lane < 16; lane++)
            {
                Assert.Equal(HalfFusedMultiplyAdd<HalfFormat>.Of(a[lane], b[lane], c[lane]), half[lane]);
                Assert.Equal(HalfFusedMultiplyAdd<BFloat16Format>.Of(a[lane], b[lane], c[lane]), brain[lane]);
            }
        }
    }

    // Near one in both formats' bits with few bits set, or anything.
    static Vector512<uint> Words(Random random, bool nearOne)
    {
        uint[] words = new uint[16];
        for (int lane = 0; lane < 16; lane++)
            words[lane] = nearOne ? (random.Next(2) == 0 ? 0x3c00u : 0x3f80u) + (1u << random.Next(8)) + (uint)random.Next(2)
                : (uint)random.Next(65536);
        return Vector512.Create(words);
    }
}
