// Vector bodies against the same functors lane by lane, on edge values, for full and partial masks.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx.Tests;

public unsafe class VectorBodyTests
{
    static readonly uint[] Edges =
    [
        0, 1, 2, 31, 32, 33, 63, 64, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffffe, 0x3f800000, 0xbf800000, 0x7f800000,
            0xff800000,
        0x7fc00000, 0xffc00001, 0x7f800001, 0x00000001, 0x80000000, 0x007fffff, 0x00800000, 0x7f7fffff, 0x33800000, 0x4b800000, 0x0000ffff,
            0x12345678,
    ];

    public static TheoryData<string> Names =>
        [.. DecodeTable.Instance.Forms.Where(form => form.Value.Scalar != null).Select(form => form.Key)];

    static readonly ulong[] WideEdges =
    [
        0, 1, 0x8000000000000000, 0x8000000000000001, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
            0x7ff8000000000001,
        0xfff4000000000000, 0x7ff0000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x41dfffffffc00000,
            0x41e0000000000000,
        0xc1e0000000200000, 0x36a0000000000000, 0x3690000000000000, 0x47efffffefffffff, 0x47effffff0000000, 0x7fffffffffffffff,
            0xffffffffffffffff, 63, 64,
    ];

    public static TheoryData<string> Ruled =>
        [.. DecodeTable.Instance.Forms.Where(form => Rule(form.Key, form.Value) != null).Select(form => form.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Vectors_and_lanes_give_the_same_bits(string name)
    {
        Form form = DecodeTable.Instance.Forms[name];
        Compare(form, form.Scalar, form.Mode);
    }

    [Theory]
    [MemberData(nameof(Ruled))]
    public void What_has_a_line_of_its_own_gives_the_bits_of_its_rule(string name)
    {
        Form form = DecodeTable.Instance.Forms[name], rule = Rule(name, form)!;
        Compare(form, rule.Execute, rule.Mode);
    }

    [Fact]
    public void Many_lines_have_a_rule_to_be_held_against() => Assert.True(Ruled.Count > 40, $"{Ruled.Count}");

    static Form? Rule(string name, Form form)
    {
        string[] words = name.Split('.');
        PtxOperand[] operands = [.. Enumerable.Repeat(new PtxRegister("%r"), form.Sources.Length + 1)];
        return DecodeTable.Instance.FindRule(new PtxInstruction(words[0], words[1..], operands));
    }

    static void Compare(Form form, delegate*<Warp, Instruction*, uint, void> other, long mode)
    {
        Random random = new(7);
        byte[] memory = GC.AllocateArray<byte>(8 * 256 + 64, pinned: true);
        byte* rows = (byte*)Unsafe.AsPointer(ref memory[0]);
        rows += 64 - (long)rows % 64;
        Warp warp = new(null!, 0) { Rows = rows };
        // D of the vector body, D of the lanes, three sources; a predicate is the first word of its row.
        Instruction instruction = new() { A = 512, B = 768, C = 1024 };
        for (int round = 0; round < 60; round++)
        {
            for (int i = 0; i < 5 * 64; i++)
                ((uint*)rows)[i] = round < 50 && random.Next(4) > 0 ? Edges[random.Next(Edges.Length)] : (uint)random.NextInt64(1L << 32);
            for (int i = 0; i < 5 * 32 && round % 2 == 0 && Array.Exists(form.Sources, kind => kind == RowKind.Bits64); i++)
                ((ulong*)rows)[i] = random.Next(4) > 0 ? WideEdges[random.Next(WideEdges.Length)]
                    : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            new Span<byte>(rows, 256).CopyTo(new Span<byte>(rows + 256, 256));
            uint mask = round % 3 == 0 ? uint.MaxValue : (uint)random.NextInt64(1L << 32);
            instruction.D = 0;
            instruction.Immediate = form.Mode;
            form.Execute(warp, &instruction, mask);
            instruction.D = 256;
            instruction.Immediate = mode;
            other(warp, &instruction, mask);

            Assert.Equal(new Span<uint>(rows, 64).ToArray(), new Span<uint>(rows + 256, 64).ToArray());
        }
    }

    [Fact]
    public void The_hot_instructions_have_vector_bodies() => Assert.True(Names.Count > 40);
}
