// Instructions of a whole warp through text, parser, decoder and executor, against the functions that are their meaning.
using System.Text;

namespace HSENet.Ptx.Tests;

public unsafe class WarpInstructionTests
{
    /// <summary>
    /// Runs a body in one warp. It finds inputs in %a0… (a word for each lane), the lane in %lane, 512 zero bytes of shared memory in
    /// "tile", the address of its lane's 16 of them in %t0, and leaves results in %d0….
    /// </summary>
    static uint[][] Run(string body, uint[][] inputs, int outputs)
    {
        using EmulatorMemory memory = new();
        EmulatorAllocation input = memory.Allocate<uint>([.. inputs.SelectMany(row => row), 0], "input");
        EmulatorAllocation output = memory.Allocate(outputs * 128, "output");
        StringBuilder text = new();
        text.AppendLine("""
            .version 8.6
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 in, .param .u64 out)
            {
            .shared .align 16 .b8 tile[512];
            .reg .pred %p<9>; .reg .b32 %a<32>; .reg .b32 %d<32>; .reg .b32 %t<9>; .reg .b32 %lane; .reg .b64 %in; .reg .b64 %out;
            .reg .b64 %offset;
            mov.u32 %lane, %laneid; mul.wide.u32 %offset, %lane, 4;
            ld.param.u64 %in, [in]; add.u64 %in, %in, %offset; ld.param.u64 %out, [out]; add.u64 %out, %out, %offset;
            mov.u32 %t0, tile; mad.lo.u32 %t0, %lane, 16, %t0; st.shared.v4.b32 [%t0], {0, 0, 0, 0}; bar.warp.sync 0xffffffff;
            """);
        for (int i = 0; i < inputs.Length; i++)
            text.AppendLine($"ld.global.b32 %a{i}, [%in+{128 * i}];");
        text.AppendLine(body);
        for (int i = 0; i < outputs; i++)
            text.AppendLine($"st.global.b32 [%out+{128 * i}], %d{i};");
        using EmulatorModule module = EmulatorModule.Load(text.AppendLine("ret;\n}").ToString());
        byte[] parameters = [.. BitConverter.GetBytes(input.Address), .. BitConverter.GetBytes(output.Address)];
        Assert.Empty(new Emulator(memory).Launch(module.Kernel("k"), 1, 32, 0, parameters).Findings);
        uint[] words = new uint[32 * outputs];
        output.Read<uint>(words);
        return [.. words.Chunk(32)];
    }

    static uint[][] Rows(int count, Func<Random, uint> make, int seed = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 32).Select(_ => make(random)).ToArray())];
    }

    static string List(string letter, int first, int count) =>
        "{" + string.Join(", ", Enumerable.Range(first, count).Select(i => "%" + letter + i)) + "}";

    delegate void Multiply(byte* rows, int* d, int* a, int* b, int* c);

    public static TheoryData<string, int, int, int> Shapes => new()
    {
        { "m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2, 4 }, { "m16n8k8.row.col.f32.bf16.bf16.f32", 2, 1, 4 },
        { "m16n8k16.row.col.f32.f16.f16.f32", 4, 2, 4 }, { "m16n8k8.row.col.f32.f16.f16.f32", 2, 1, 4 },
        { "m16n8k16.row.col.f16.f16.f16.f16", 4, 2, 2 }, { "m16n8k8.row.col.f16.f16.f16.f16", 2, 1, 2 },
        { "m16n8k8.row.col.f32.tf32.tf32.f32", 4, 2, 4 }, { "m16n8k4.row.col.f32.tf32.tf32.f32", 2, 1, 4 },
        { "m16n8k32.row.col.s32.s8.s8.s32", 4, 2, 4 }, { "m16n8k16.row.col.s32.s8.s8.s32", 2, 1, 4 },
        { "m16n8k32.row.col.satfinite.s32.u8.s8.s32", 4, 2, 4 }, { "m16n8k32.row.col.s32.u8.u8.s32", 4, 2, 4 },
            { "m16n8k16.row.col.satfinite.s32.s8.u8.s32", 2, 1, 4 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Mma_multiplies_the_fragments_of_its_shape(string name, int a, int b, int sums)
    {
        string[] words = name.Split('.');
        bool saturate = words.Contains("satfinite");
        string type = words[^3], typeB = words[^2];
        uint Small(Random r) => type switch
        {
            "bf16" => Bf16(r) | Bf16(r) << 16,
            "f16" => F16(r) | F16(r) << 16,
            "tf32" => BitConverter.SingleToUInt32Bits((float)(r.NextDouble() - 0.5)),
            _ => (uint)r.NextInt64(),
        };
        uint[][] inputs = [.. Rows(a + b, Small), .. Rows(sums, words[^1] switch
        {
            "f32" => r => BitConverter.SingleToUInt32Bits((float)(r.NextDouble() - 0.5)),
            "f16" => r => F16(r) | F16(r) << 16,
            _ => r => r.Next(2) == 0 ? 0x7fffffffu : (uint)r.NextInt64(),
        }, 2)];
        string body = $"mma.sync.aligned.{name} {List("d", 0, sums)}, {List("a", 0, a)}, {List("a", a, b)}, {List("a", a + b, sums)};";
        uint[][] results = Run(body, inputs, sums);
        Multiply multiply = (type, typeB, words[^4]) switch
        {
            ("bf16", _, _) => (r, d, x, y, c) => MatrixMultiply.ToSingle<BFloat16Element>(r, d, x, y, c, b),
            ("f16", _, "f32") => (r, d, x, y, c) => MatrixMultiply.ToSingle<HalfElement>(r, d, x, y, c, b),
            ("f16", _, _) => (r, d, x, y, c) => MatrixMultiply.ToHalf<HalfElement>(r, d, x, y, c, b),
            ("tf32", _, _) => (r, d, x, y, c) => MatrixMultiply.ToSingle<TensorFloat32Element>(r, d, x, y, c, b),
            ("s8", "s8", _) => (r, d, x, y, c) =>
                MatrixMultiply.ToInteger<SignedByteElement, SignedByteElement>(r, d, x, y, c, b, saturate),
            ("u8", "s8", _) => (r, d, x, y, c) =>
                MatrixMultiply.ToInteger<UnsignedByteElement, SignedByteElement>(r, d, x, y, c, b, saturate),
            ("s8", "u8", _) => (r, d, x, y, c) =>
                MatrixMultiply.ToInteger<SignedByteElement, UnsignedByteElement>(r, d, x, y, c, b, saturate),
            _ => (r, d, x, y, c) => MatrixMultiply.ToInteger<UnsignedByteElement, UnsignedByteElement>(r, d, x, y, c, b, saturate),
        };
        uint[] file = [.. inputs.SelectMany(row => row), .. new uint[32 * sums]];
        int* offsets = stackalloc int[32];
        for (int i = 0; i < 32; i++)
            offsets[i] = 128 * i;
        fixed (uint* rows = file)
            multiply((byte*)rows, offsets + a + b + sums, offsets, offsets + a, offsets + a + b);
        for (int i = 0; i < sums; i++)
            Assert.Equal(file.AsSpan(32 * (a + b + sums + i), 32).ToArray(), results[i]);
    }

    static uint Bf16(Random random) => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 0.5)) >> 16;

    static uint F16(Random random) => BitConverter.HalfToUInt16Bits((Half)(random.NextDouble() - 0.5));

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "")]
    [InlineData(4, "")]
    [InlineData(1, ".trans")]
    [InlineData(4, ".trans")]
    public void Matrices_go_through_shared_memory_row_by_row(int count, string transposed)
    {
        // Row r of the tile is written by lane r and read back through addresses that swap neighbouring rows
        uint[][] words = Rows(4, r => (uint)r.NextInt64());
        string body = $$"""
            st.shared.v4.b32 [%t0], {%a0, %a1, %a2, %a3}; bar.warp.sync 0xffffffff;
            xor.b32 %t1, %lane, 1; mov.u32 %t2, tile; mad.lo.u32 %t1, %t1, 16, %t2;
            ldmatrix.sync.aligned.m8n8.x{{count}}{{transposed}}.shared.b16 {{List("d", 0, count)}}, [%t1];
            """;
        uint[][] results = Run(body, words, count);
        uint* rows = stackalloc uint[32], register = stackalloc uint[32];
        for (int matrix = 0; matrix < count; matrix++)
        {
            for (int row = 0; row < 8; row++)
                for (int word = 0; word < 4; word++)
                    rows[4 * row + word] = words[word][(8 * matrix + row) ^ 1];
            MatrixFragments.Load(rows, register, transposed != "");
            Assert.Equal(new ReadOnlySpan<uint>(register, 32).ToArray(), results[matrix]);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".trans")]
    public void Stored_matrices_are_what_loading_gives_back(string transposed)
    {
        uint[][] fragments = Rows(4, r => (uint)r.NextInt64());
        string body = $$"""
            stmatrix.sync.aligned.m8n8.x4{{transposed}}.shared.b16 [%t0], {{List("a", 0, 4)}}; bar.warp.sync 0xffffffff;
            ldmatrix.sync.aligned.m8n8.x4{{transposed}}.shared.b16 {{List("d", 0, 4)}}, [%t0];
            ldmatrix.sync.aligned.m8n8.x4.shared.b16 {{List("d", 4, 4)}}, [%t0];
            movmatrix.sync.aligned.m8n8.trans.b16 %d8, %a0;
            """;
        uint[][] results = Run(body, fragments, 9);
        uint* rows = stackalloc uint[32], register = stackalloc uint[32];
        for (int matrix = 0; matrix < 4; matrix++)
        {
            Assert.Equal(fragments[matrix], results[matrix]);
            fixed (uint* fragment = fragments[matrix])
                MatrixFragments.Store(fragment, rows, transposed != "");
            MatrixFragments.Load(rows, register, false);
            Assert.Equal(new ReadOnlySpan<uint>(register, 32).ToArray(), results[4 + matrix]);
        }
        fixed (uint* fragment = fragments[0])
            MatrixFragments.Transpose(fragment, register);
        Assert.Equal(new ReadOnlySpan<uint>(register, 32).ToArray(), results[8]);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("bfly")]
    [InlineData("idx")]
    public void Shuffles_read_the_lane_that_their_operands_name(string word)
    {
        ShuffleMode mode = word switch
        {
            "up" => ShuffleMode.Up,
            "down" => ShuffleMode.Down,
            "bfly" => ShuffleMode.Butterfly,
            _ =>
            ShuffleMode.Index
        };
        uint[][] inputs = Rows(3, r => (uint)r.Next());
        uint[] clamps = [0, 31, 0x1800, 0x181f, 0x1c03, 0x100f, 0x1f1f];
        for (int lane = 0; lane < 32; lane++)
            inputs[2][lane] = clamps[lane % clamps.Length];
        string body = $"shfl.sync.{word}.b32 %d0|%p0, %a0, %a1, %a2, 0xffffffff; selp.u32 %d1, 1, 0, %p0; shfl.sync.{word}.b32 %d2, %a0, "
            + $"3, 0x1c1f, 0xffffffff;";
        uint[][] results = Run(body, inputs, 3);
        for (int lane = 0; lane < 32; lane++)
        {
            (int source, bool inRange) = WarpExchange.ShuffleSource(mode, lane, inputs[1][lane], inputs[2][lane]);
            Assert.Equal((inputs[0][source], inRange ? 1u : 0), (results[0][lane], results[1][lane]));
            Assert.Equal(inputs[0][WarpExchange.ShuffleSource(mode, lane, 3, 0x1c1f).Source], results[2][lane]);
        }
    }

    [Fact]
    public void Votes_matches_and_reductions_combine_the_warp()
    {
        uint[][] inputs = Rows(2, r => (uint)r.Next(5) * 0x40000001);
        string[] reductions = ["add.u32", "min.u32", "min.s32", "max.u32", "max.s32", "and.b32", "or.b32", "xor.b32"];
        string body = """
            setp.gt.u32 %p0, %a0, 0x40000000; setp.lt.u32 %p1, %lane, 32;
            vote.sync.all.pred %p2, %p0, 0xffffffff; selp.u32 %d0, 1, 0, %p2;
            vote.sync.any.pred %p2, %p0, 0xffffffff; selp.u32 %d1, 1, 0, %p2;
            vote.sync.uni.pred %p2, !%p1, 0xffffffff; selp.u32 %d2, 1, 0, %p2;
            vote.sync.ballot.b32 %d3, %p0, 0xffffffff;
            match.any.sync.b32 %d4, %a0, 0xffffffff;
            match.all.sync.b32 %d5|%p2, %a0, 0xffffffff; selp.u32 %d6, 1, 0, %p2;
            activemask.b32 %d7;

            """ + string.Join('\n', reductions.Select((name, n) => $"redux.sync.{name} %d{8 + n}, %a1, 0xffffffff;"));
        uint[][] results = Run(body, inputs, 8 + reductions.Length);
        uint predicate = 0;
        for (int lane = 0; lane < 32; lane++)
            predicate |= inputs[0][lane] > 0x40000000 ? 1u << lane : 0;
        ulong[] values = [.. inputs[0].Select(value => (ulong)value)];
        (ReduxOperation, bool)[] operations =
        [
            (ReduxOperation.Add, false), (ReduxOperation.Min, false), (ReduxOperation.Min, true), (ReduxOperation.Max, false),
                (ReduxOperation.Max, true),
            (ReduxOperation.And, false), (ReduxOperation.Or, false), (ReduxOperation.Xor, false),
        ];
        for (int lane = 0; lane < 32; lane++)
        {
            Assert.Equal([0, 1, 1, predicate, WarpExchange.MatchAny(uint.MaxValue, values, lane), 0, 0, uint.MaxValue],
                results.Take(8).Select(row => row[lane]));
            foreach ((int n, (ReduxOperation operation, bool signed)) in operations.Index())
                Assert.Equal(WarpExchange.Reduce(operation, signed, uint.MaxValue, inputs[1]), results[8 + n][lane]);
        }
    }

    [Fact]
    public void Members_alone_take_part()
    {
        uint[][] inputs = Rows(1, r => (uint)r.Next(3));
        string body = """
            setp.lt.u32 %p0, %lane, 12; mov.u32 %d0, 77; mov.u32 %d1, 77; mov.u32 %d2, 77;
            @!%p0 bra END;
            shfl.sync.idx.b32 %d0, %a0, 5, 31, 0xfff; match.any.sync.b32 %d1, %a0, 0xfff; redux.sync.add.u32 %d2, %a0, 0xfff;
            END:
            """;
        uint[][] results = Run(body, inputs, 3);
        ulong[] values = [.. inputs[0].Select(value => (ulong)value)];
        for (int lane = 0; lane < 32; lane++)
        {
            uint[] expected = lane >= 12 ? [77, 77, 77]
                : [inputs[0][5], WarpExchange.MatchAny(0xfff, values, lane),
                    WarpExchange.Reduce(ReduxOperation.Add, false, 0xfff, inputs[0])];
            Assert.Equal(expected, results.Select(row => row[lane]));
        }
    }
}
