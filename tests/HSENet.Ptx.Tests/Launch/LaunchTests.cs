// Launch files: what they say reaches the kernel, its results come back, and every fault in them is one line that names it.
using System.Text;
using System.Text.Json;

namespace HSENet.Ptx.Tests;

public class LaunchTests
{
    /// <summary>y[i] = a x[i] + b for i below n; parameters y, {x, n, a, pad, b} and b.</summary>
    const string Ptx = """
        .version 8.0
        .target sm_80
        .address_size 64
        .visible .entry affine(.param .u64 y, .param .align 8 .b8 s[32], .param .f32 unused)
        {
        .reg .pred %p; .reg .b32 %r<5>; .reg .f32 %f<5>; .reg .b64 %rd<8>;
        ld.param.u64 %rd1, [y]; ld.param.u64 %rd2, [s]; ld.param.s32 %r1, [s+8]; ld.param.f32 %f1, [s+12]; ld.param.f64 %rd7, [s+24];
        mov.u32 %r2, %tid.x; setp.ge.s32 %p, %r2, %r1; @%p ret;
        cvt.rn.f32.f64 %f2, %rd7; mul.wide.u32 %rd3, %r2, 4; add.u64 %rd4, %rd2, %rd3; add.u64 %rd5, %rd1, %rd3;
        ld.global.f32 %f3, [%rd4];
        fma.rn.f32 %f4, %f1, %f3, %f2;
        st.global.f32 [%rd5], %f4;
        ret;
        }
        """;

    const string Json = """
        {"kernel": "affine", "grid": [1,1,1], "block": [32], "comment": "ignored",
         "buffers": [{"name": "x", "type": "f32", "values": [1, 2.5, "0x40400000", "NaN", 1e20]}, {"name": "y", "type": "f32", "count": 6}],
         "params": [{"buffer": "y"}, {"struct": [{"buffer": "x"}, {"s32": 5}, {"f32": 2}, {"u8": 1}, {"f64": 0.5}]}, {"bytes": "0000803f"}],
         "outputs": ["y"]}
        """;

    const string Symbols = """
        .version 8.0
        .target sm_80
        .address_size 64
        .const .align 4 .b8 c[8];
        .global .u32 g = 5;
        .visible .entry k()
        {
        .reg .b32 %r<4>;
        ld.const.u32 %r1, [c+4]; ld.global.u32 %r2, [g]; add.u32 %r1, %r1, %r2; st.global.u32 [g], %r1;
        ret;
        }
        """;

    [Fact]
    public void Variables_of_the_module_are_filled_and_read()
    {
        PtxLaunchResult result = PtxLaunch.Run(Symbols, Parse("""
            {"kernel": "k", "grid": 1, "block": 1, "symbols": [{"name": "c", "type": "u32", "values": [1, 20]},
             {"name": "g", "type": "u32", "count": 1}], "outputs": ["g"]}
            """), new EmulatorOptions { Races = true });
        Assert.Empty(result.Execution.Findings);
        Assert.Equal(25u, BitConverter.ToUInt32(result.Outputs[0].Bytes));
    }

    [Theory]
    [InlineData("""{"name": "h", "type": "u32", "count": 1}""", "no variable 'h'")]
    [InlineData("""{"name": "c", "type": "u32", "values": [1, 2, 3]}""", "'c' has 8 bytes, the launch file gives 12")]
    [InlineData("""{"name": "c", "type": "u32", "count": 1}, {"name": "c", "type": "u32", "count": 1}""", "already a buffer or symbol 'c'")]
    public void A_symbol_that_does_not_fit_is_an_error(string symbol, string expected) =>
        Assert.Contains(expected, Assert.Throws<PtxLaunchException>(() => PtxLaunch.Run(Symbols,
            Parse($$"""{"kernel": "k", "grid": 1, "block": 1, "symbols": [{{symbol}}]}"""))).Message);

    static PtxLaunchFile Parse(string json) => PtxLaunchFile.Parse(json, Path.GetTempPath());

    static float[] Floats(PtxLaunchResult result) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(result.Outputs[0].Bytes).ToArray();

    [Fact]
    public void A_kernel_gets_buffers_structs_and_scalars_and_its_outputs_come_back()
    {
        PtxLaunchResult result = PtxLaunch.Run(Ptx, Parse(Json));
        Assert.Empty(result.Execution.Findings);
        Assert.Equal([2.5f, 5.5f, 6.5f, float.NaN, 2e20f, 0], Floats(result));
        using JsonDocument document = JsonDocument.Parse(result.ToJson(writer => writer.WriteNumberValue(7)));
        Assert.Equal(0, document.RootElement.GetProperty("findings").GetArrayLength());
        Assert.Equal("[2.5,5.5,6.5,\"NaN\",2E+20,0]", document.RootElement.GetProperty("outputs").GetProperty("y").GetRawText());
        Assert.Equal(7, document.RootElement.GetProperty("profile").GetInt32());
    }

    /// <summary>The layout of ILGPU's kernels: {ArrayView {address, length}, byte, {double}, int} has padding inside and at its
    /// end.</summary>
    [Fact]
    public void Structs_in_structs_are_padded_as_c_does()
    {
        const string ptx = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry k(.param .b8 first, .param .align 8 .b8 s[48], .param .b16 last)
            {
            .reg .b64 %rd<6>; .reg .b32 %r<4>; .reg .b16 %rs<3>;
            ld.param.b64 %rd1, [s]; ld.param.b64 %rd2, [s+8]; ld.param.b8 %rs1, [s+16]; ld.param.b64 %rd3, [s+24];
            ld.param.b32 %r1, [s+32]; ld.param.b32 %r2, [s+36];
            st.global.b64 [%rd1], %rd2; st.global.b64 [%rd1+8], %rd3; cvt.u32.u16 %r3, %rs1;
            st.global.b32 [%rd1+16], %r3; st.global.b32 [%rd1+20], %r1;
            ld.param.b16 %rs2, [last]; cvt.u32.u16 %r3, %rs2; st.global.b32 [%rd1+24], %r3; st.global.b32 [%rd1+28], %r2;
            ret;
            }
            """;
        const string json = """
            {"kernel": "k", "grid": 1, "block": 1, "buffers": [{"name": "o", "type": "u32", "count": 8}], "outputs": ["o"],
             "params": [{"u8": 9},
             {"struct": [{"struct": [{"buffer": "o"}, {"s64": -2}]}, {"u8": 200},
              {"struct": [{"u64": "0x123456789abcdef0"}, {"s32": -7}, {"u16": 5}]}, {"bytes": "00"}]},
             {"u16": 65535}]}
            """;
        PtxLaunchResult result = PtxLaunch.Run(ptx, Parse(json));
        Assert.Empty(result.Execution.Findings);
        using JsonDocument document = JsonDocument.Parse(result.ToJson());
        Assert.Equal("[4294967294,4294967295,2596069104,305419896,200,4294967289,65535,5]",
            document.RootElement.GetProperty("outputs").GetProperty("o").GetRawText());
    }

    [Fact]
    public void A_finding_names_line_block_thread_and_buffer()
    {
        string json = Json.Replace("\"s32\": 5", "\"s32\": 7", StringComparison.Ordinal);
        PtxLaunchResult result = PtxLaunch.Run(Ptx, Parse(json));
        using JsonDocument document = JsonDocument.Parse(result.ToJson());
        JsonElement finding = document.RootElement.GetProperty("findings")[0];
        Assert.Equal("out-of-bounds", finding.GetProperty("kind").GetString());
        Assert.Equal(10, finding.GetProperty("line").GetInt32());
        Assert.Equal("[0,0,0]", finding.GetProperty("block").GetRawText());
        Assert.Equal("[5,0,0]", finding.GetProperty("thread").GetRawText());
        Assert.Equal("x", finding.GetProperty("buffer").GetString());
        Assert.True(finding.GetProperty("address").GetUInt64() > 0);
        Assert.NotEmpty(finding.GetProperty("message").GetString()!);
    }

    [Fact]
    public void A_buffer_without_values_is_uninitialised_memory()
    {
        string json = Json.Replace("\"values\": [1, 2.5, \"0x40400000\", \"NaN\", 1e20]", "\"count\": 5", StringComparison.Ordinal);
        EmulatorFinding finding = PtxLaunch.Run(Ptx, Parse(json)).Execution.Findings[0];
        Assert.Equal((FindingKind.UninitialisedRead, "x", 10), (finding.Kind, finding.Allocation, finding.Line));
    }

    [Theory]
    [InlineData("u8", "[0,255,\"0xfe\"]", "[0,255,254]")]
    [InlineData("u32", "[]", "[]")]
    [InlineData("s8", "[-128,127,\"0xff\"]", "[-128,127,-1]")]
    [InlineData("u64", "[18446744073709551615]", "[18446744073709551615]")]
    [InlineData("s64", "[-9223372036854775808]", "[-9223372036854775808]")]
    [InlineData("f16", "[0.1,65504,\"-Infinity\",\"0x7fff\"]", "[0.099975586,65504,\"-Infinity\",\"NaN\"]")]
    [InlineData("bf16", "[1.00390625,\"0x3f81\"]", "[1,1.0078125]")]
    [InlineData("f64", "[0.1,-0,1e-320]", "[0.1,-0,1E-320]")]
    public void Values_of_every_type_go_in_and_come_out(string type, string values, string expected)
    {
        string json = $$"""
            {"kernel": "none", "grid": 1, "block": 1, "buffers": [{"name": "b", "type": "{{type}}", "values": {{values}}}],
             "outputs": ["b"]}
            """;
        const string ptx = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry none()\n{\nret;\n}";
        using JsonDocument document = JsonDocument.Parse(PtxLaunch.Run(ptx, Parse(json)).ToJson());
        Assert.Equal(expected, document.RootElement.GetProperty("outputs").GetProperty("b").GetRawText());
    }

    [Theory]
    [InlineData("\"grid\": [1,1,1]", "\"grid\": [0,1,1]", "grid[0]")]
    [InlineData("\"grid\": [1,1,1]", "\"grid\": [1,1,1,1]", "grid")]
    [InlineData("\"block\": [32]", "\"block\": [1.5]", "block[0]")]
    [InlineData("\"kernel\": \"affine\", ", "", "kernel")]
    [InlineData("\"kernel\": \"affine\"", "\"kernel\": 5", "kernel")]
    [InlineData("{\"buffer\": \"y\"}", "{\"buffer\": \"z\"}", "'z'")]
    [InlineData("\"outputs\": [\"y\"]", "\"outputs\": [\"q\"]", "'q'")]
    [InlineData("\"outputs\": [\"y\"]", "\"outputs\": \"y\"", "outputs")]
    [InlineData("\"name\": \"y\"", "\"name\": \"x\"", "buffers[1]")]
    [InlineData("\"type\": \"f32\", \"count\"", "\"type\": \"f33\", \"count\"", "'f33'")]
    [InlineData("\"type\": \"f32\", \"count\"", "\"type\": \"pred\", \"count\"", "'pred'")]
    [InlineData("\"count\": 6", "\"count\": -6", "buffers[1].count")]
    [InlineData("\"count\": 6", "\"count\": 9223372036854775807", "buffers[1].count")]
    [InlineData(", \"count\": 6", "", "buffers[1]")]
    [InlineData("\"values\": [1,", "\"count\": 3, \"values\": [1,", "count 3")]
    [InlineData("2.5", "true", "buffers[0].values[1]")]
    [InlineData("2.5", "1e39", "buffers[0].values[1]")]
    [InlineData("2.5", "\"0x1ffffffff\"", "buffers[0].values[1]")]
    [InlineData("{\"s32\": 5}", "{\"s32\": 2147483648}", "params[1].struct[1].s32")]
    [InlineData("{\"u8\": 1}", "{\"u8\": 1.5}", "params[1].struct[3].u8")]
    [InlineData("{\"u8\": 1}", "{\"x8\": 1}", "params[1].struct[3]")]
    [InlineData("{\"bytes\": \"0000803f\"}", "{\"bytes\": \"0000803\"}", "params[2].bytes")]
    [InlineData("\"values\": [1, 2.5, \"0x40400000\", \"NaN\", 1e20]", "\"file\": \"no such file.npy\"", "no such file.npy")]
    [InlineData("\"outputs\": [\"y\"]}", "\"outputs\": [\"y\"]", "not JSON")]
    public void A_fault_in_the_file_is_one_line_that_names_it(string good, string bad, string named)
    {
        Assert.Contains(good, Json, StringComparison.Ordinal);
        PtxLaunchException failure = Assert.Throws<PtxLaunchException>(() => Parse(Json.Replace(good, bad, StringComparison.Ordinal)));
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData(", {\"bytes\": \"0000803f\"}", "", "params has 2 entries, kernel 'affine' takes 3")]
    [InlineData("{\"buffer\": \"y\"}", "{\"u32\": 1}", "params[0] has 4 bytes, parameter 'y'")]
    [InlineData("{\"u8\": 1}, ", "", "params[1] has 24 bytes")]
    [InlineData("\"count\": 6", "\"count\": 100000000000000", "bytes, this machine has")]
    public void Parameters_and_buffers_that_do_not_fit_are_named(string good, string bad, string message)
    {
        PtxLaunchFile launch = Parse(Json.Replace(good, bad, StringComparison.Ordinal));
        PtxLaunchException failure = Assert.Throws<PtxLaunchException>(() => PtxLaunch.Run(Ptx, launch));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_kernel_and_a_block_that_is_too_large_are_named()
    {
        PtxException kernel = Assert.Throws<PtxException>(() =>
            PtxLaunch.Run(Ptx, Parse(Json.Replace("\"affine\"", "\"other\"", StringComparison.Ordinal))));
        Assert.Contains("'other'", kernel.Message, StringComparison.Ordinal);
        EmulatorException block = Assert.Throws<EmulatorException>(() =>
            PtxLaunch.Run(Ptx, Parse(Json.Replace("[32]", "[32, 64]", StringComparison.Ordinal))));
        Assert.Contains("(32, 64, 1)", block.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_are_read_from_array_files_of_the_buffers_type()
    {
        string folder = Directory.CreateTempSubdirectory("ptx-launch").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "x.npy"),
                Numpy("<f4", false, "(5,)", [.. new float[] { 1, 2, 3, 4, 5 }.SelectMany(BitConverter.GetBytes)]));
            string json = Json.Replace("\"values\": [1, 2.5, \"0x40400000\", \"NaN\", 1e20]", "\"file\": \"x.npy\"",
                StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, "launch.json"), json);
            Assert.Equal([2.5f, 4.5f, 6.5f, 8.5f, 10.5f, 0],
                Floats(PtxLaunch.Run(Ptx, PtxLaunchFile.Read(Path.Combine(folder, "launch.json")))));
            (byte[] File, string Named)[] faults =
            [
                (Numpy("<f8", false, "(5,)", new byte[40]), "'<f8'"), (Numpy("<f4", true, "(5, 1)", new byte[20]), "column-major"),
                (Numpy("<f4", false, "(6,)", new byte[20]), "20 bytes of data"),
                    (Numpy("<f4", false, "(99999999999999999999,)", new byte[20]), "20 bytes of data"),
                (Encoding.ASCII.GetBytes("text"), "no NumPy array file"), (Numpy("<f4", false, "(5,)", [])[..40], "ends in its header"),
            ];
            foreach ((byte[] file, string named) in faults)
            {
                File.WriteAllBytes(Path.Combine(folder, "x.npy"), file);
                PtxLaunchException failure = Assert.Throws<PtxLaunchException>(() => PtxLaunchFile.Parse(json, folder));
                Assert.Contains(named, failure.Message, StringComparison.Ordinal);
            }
            Assert.Throws<PtxLaunchException>(() => PtxLaunchFile.Read(Path.Combine(folder, "none.json")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static byte[] Numpy(string type, bool columnMajor, string shape, byte[] data)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': {(columnMajor ? "True" : "False")}, 'shape': {shape}, }}\n";
        byte[] length = BitConverter.GetBytes((ushort)header.Length);
        return [0x93, .. Encoding.ASCII.GetBytes("NUMPY"), 1, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    [Fact]
    public void No_mutation_of_a_launch_file_gives_another_exception()
    {
        Random random = new(11);
        string letters = Json + "{}[]\",:0123456789-eE\\u\ud800";
        for (int i = 0; i < 5000; i++)
        {
            StringBuilder text = new(Json);
            for (int edit = random.Next(1, 4); edit > 0; edit--)
            {
                int at = random.Next(text.Length);
                switch (random.Next(3))
                {
                    case 0: text[at] = letters[random.Next(letters.Length)]; break;
                    case 1: text.Remove(at, Math.Min(random.Next(1, 9), text.Length - at)); break;
                    default: text.Insert(at, letters.AsSpan(random.Next(letters.Length - 8), random.Next(1, 8))); break;
                }
            }
            try
            {
                PtxLaunchFile launch = Parse(text.ToString());
                if (launch.Buffers.Sum(buffer => buffer.Bytes) < 1 << 20 && launch.Grid.Count * launch.Block.Count < 1 << 12)
                    PtxLaunch.Run(Ptx, launch, new EmulatorOptions { Threads = 1 });
            }
            catch (Exception failure) when (failure is PtxLaunchException or EmulatorException or PtxException)
            {
                Assert.DoesNotContain('\n', failure.Message);
            }
        }
    }
}
