// wmma: loads of every shape, type and layout, products against sums of exact products, stores, and what is found.
namespace HSENet.Ptx.Tests;

public class WmmaTests
{
    static readonly string[] Shapes = ["m16n16k16", "m8n32k16", "m32n8k16"];
    static readonly string[] Layouts = ["row", "col"];

    public static TheoryData<string, string, string, string> Products
    {
        get
        {
            TheoryData<string, string, string, string> data = [];
            foreach (string shape in Shapes)
                foreach (string types in new[] { "f16 f32 f32", "f16 f16 f16", "f16 f32 f16", "f16 f16 f32", "bf16 f32 f32", "s8 s32 s32",
                    "u8 s32 s32" })
                    foreach (string layout in Layouts)
                        data.Add(shape, types, layout, layout == "row" ? "col" : "row");
            foreach (string layout in Layouts)
            {
                data.Add("m16n16k8", "tf32 f32 f32", layout, layout);
                data.Add("m8n8k4", "f64 f64 f64", layout, layout == "row" ? "col" : "row");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void A_product_is_the_sum_of_exact_products(string shape, string types, string layoutA, string layoutB)
    {
        foreach (string space in new[] { ".global", "" })
        {
            (EmulatorResult result, double[] found, double[] expected) = Run(shape, types.Split(' '), layoutA, layoutB, space);
            Assert.Empty(result.Findings);
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void A_matrix_that_starts_between_fragments_is_found()
    {
        EmulatorResult result = Run("m16n16k16", ["f16", "f32", "f32"], "row", "row", ".global", offset: 8).Result;
        Assert.All(result.Findings, finding => Assert.Equal(FindingKind.Misaligned, finding.Kind));
        Assert.Contains("no multiple of its fragment's 32 bytes", result.Findings[0].Message);
    }

    [Fact]
    public void All_lanes_give_one_address()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 32; add.u64 %rd1, %rd1, %rd2;
            wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r10, %r11, %r12, %r13, %r14, %r15, %r16, %r17}, [%rd1];
            """);
        EmulatorFinding finding = kernel.Launch(1, 32, null, kernel.Buffer("a", new byte[2048])).Findings.Single();
        Assert.Contains("another address", finding.Message);
    }

    [Fact]
    public void Every_lane_must_be_there()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 31;
            @%p1 wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r10, %r11, %r12, %r13, %r14, %r15, %r16, %r17}, [%rd1];
            """);
        Assert.Equal(FindingKind.MissingLanes, kernel.Launch(1, 32, null, kernel.Buffer("a", new byte[512])).Findings.Single().Kind);
    }

    [Theory]
    [InlineData("wmma.load.a.sync.aligned.row.m16n16k8.global.f16 {%r10, %r11, %r12, %r13, %r14, %r15, %r16, %r17}, [%rd1];")]
    [InlineData("wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r10, %r11, %r12, %r13}, [%rd1];")]
    [InlineData("wmma.load.c.sync.aligned.row.m16n16k16.global.f64 {%fd1, %fd2}, [%rd1];")]
    public void What_is_no_shape_of_a_type_is_refused(string instruction)
    {
        using Kernel kernel = Kernel.Of(instruction);
        Assert.Throws<PtxException>(() => kernel.Launch(1, 32, null, 0ul));
    }

    // Small whole numbers: every product and sum is exact in every type.
    static (EmulatorResult Result, double[] Found, double[] Expected) Run(
        string shape, string[] types, string layoutA, string layoutB, string space, int offset = 0)
    {
        int[] sizes = [.. shape[1..].Split('n', 'k').Select(int.Parse)];
        (int m, int n, int k) = (sizes[0], sizes[1], sizes[2]);
        Random random = new(m + k);
        double[] Numbers(int count, string type) =>
            [.. Enumerable.Range(0, count).Select(_ => (double)random.Next(type == "u8" ? 0 : -4, 5))];
        double[] a = Numbers(m * k, types[0]), b = Numbers(k * n, types[0]), c = Numbers(m * n, types[2]);
        double[] expected = new double[m * n];
        for (int row = 0; row < m; row++)
            for (int column = 0; column < n; column++)
                expected[row * n + column] = c[row * n + column] + Enumerable.Range(0, k).Sum(i => a[row * k + i] * b[i * n + column]);
        PtxTypes.TryParse(types[0], out PtxType factor);
        PtxTypes.TryParse(types[1], out PtxType result);
        PtxTypes.TryParse(types[2], out PtxType sum);
        // Rows (or columns) are further apart than they are long.
        int strideA = (layoutA == "row" ? k : m) + 16, strideB = (layoutB == "row" ? n : k) + 16, strideC = n + 8;
        string multiply = types[0] == "f16" ? $"{types[1]}.{types[2]}"
            : $"{(types[0] == "f64" ? "rn." : "")}{types[1]}.{types[0]}.{types[0]}.{types[2]}";
        string registersA = Registers(new WmmaFragment(new(m, n, k), WmmaMatrix.A, factor), 0),
            registersB = Registers(new WmmaFragment(new(m, n, k), WmmaMatrix.B, factor), 8),
            registersC = Registers(new WmmaFragment(new(m, n, k), WmmaMatrix.Sums, sum), 16),
            registersD = Registers(new WmmaFragment(new(m, n, k), WmmaMatrix.Sums, result), 8); // where b is
        using Kernel kernel = Kernel.Of($$"""
            ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1]; ld.param.u64 %rd3, [p2]; ld.param.u64 %rd4, [p3];
            mov.u32 %r50, {{strideA}};
            wmma.load.a.sync.aligned.{{layoutA}}.{{shape}}{{space}}.{{types[0]}} {{registersA}}, [%rd1+{{offset}}], %r50;
            wmma.load.b.sync.aligned.{{layoutB}}.{{shape}}{{space}}.{{types[0]}} {{registersB}}, [%rd2], {{strideB}};
            wmma.load.c.sync.aligned.row.{{shape}}{{space}}.{{types[2]}} {{registersC}}, [%rd3], {{strideC}};
            wmma.mma.sync.aligned.{{layoutA}}.{{layoutB}}.{{shape}}.{{multiply}}
                {{registersD}}, {{registersA}}, {{registersB}}, {{registersC}};
            wmma.store.d.sync.aligned.col.{{shape}}{{space}}.{{types[1]}} [%rd4], {{registersD}};
            """, 4);
        EmulatorAllocation product = kernel.Memory.Allocate(m * n * result.Bytes(), "d");
        EmulatorResult launch = kernel.Launch(1, 32, new EmulatorOptions { Races = true, Profile = true },
            Matrix("a", a, m, k, layoutA, strideA, factor), Matrix("b", b, k, n, layoutB, strideB, factor),
            Matrix("c", c, m, n, "row", strideC, sum), product);
        byte[] bytes = Kernel.Values<byte>(product);
        double[] found = new double[m * n];
        for (int i = 0; i < m * n; i++)
            found[i % m * n + i / m] = Value(bytes.AsSpan(i * result.Bytes(), result.Bytes()), result);
        return (launch, found, expected);

        EmulatorAllocation Matrix(string name, double[] values, int rows, int columns, string layout, int stride, PtxType type)
        {
            byte[] memory = new byte[(layout == "row" ? rows : columns) * stride * type.Bytes() + 64];
            for (int row = 0; row < rows; row++)
                for (int column = 0; column < columns; column++)
                    Put(memory.AsSpan((layout == "row" ? row * stride + column : column * stride + row) * type.Bytes(), type.Bytes()),
                        values[row * columns + column], type);
            return kernel.Buffer(name, memory);
        }
    }

    static string Registers(WmmaFragment fragment, int first) => $"{{{string.Join(", ", Enumerable.Range(first, fragment.Registers)
        .Select(n => fragment.ElementBytes == 8 ? $"%fd{n % 16 + (first == 16 ? 4 : 0)}" : $"%r{n}"))}}}";

    static void Put(Span<byte> element, double value, PtxType type)
    {
        ulong bits = type switch
        {
            PtxType.S8 or PtxType.U8 or PtxType.S32 => (ulong)(long)value,
            PtxType.Tf32 => BitConverter.SingleToUInt32Bits((float)value),
            _ => LaneRules.Float(type)!.FromDouble(value, Rounding.Nearest),
        };
        BitConverter.GetBytes(bits).AsSpan(0, element.Length).CopyTo(element);
    }

    static double Value(ReadOnlySpan<byte> element, PtxType type)
    {
        byte[] whole = new byte[8];
        element.CopyTo(whole);
        ulong bits = BitConverter.ToUInt64(whole);
        return type == PtxType.S32 ? (int)bits : LaneRules.Float(type)!.ToDouble(bits);
    }
}
