// Forms that work on sixteen lanes at once against the same functor lane by lane, on edge values of integers and floats, with and without a mask.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Tests;

public unsafe class VectorFormTests
{
    const int Row = 256, Rows = 6;

    public static TheoryData<string> Names => [.. DecodeTable.Instance.Forms.Where(form => form.Value.Scalar != null).Select(form => form.Key)];

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
            List<ulong> narrow = [.. IntegerSamples.Of(new(32, false), 100), .. FloatSamples.Of(ReferenceFormat.Single, 30), .. FloatSamples.Of(ReferenceFormat.Half, 30)];
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
}
