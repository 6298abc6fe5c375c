// Predictions of whole launches: the same on every run, from machine code and from PTX alone.
using System.Text;
using System.Text.Json;

namespace HSENet.Ptx.Tests;

public class PtxTimingTests
{
    // y[i] = x[i] · a for a block of 256 threads each; the machine code is what an assembler makes of it, shortened.
    const string Ptx = """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry scale(.param .u64 x, .param .u64 y, .param .f32 a)
        {
        .reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .f32 %f<4>;
        ld.param.u64 %rd1, [x];
        ld.param.u64 %rd2, [y];
        ld.param.f32 %f1, [a];
        mov.u32 %r1, %ctaid.x;
        mov.u32 %r2, %tid.x;
        shl.b32 %r3, %r1, 8;
        add.u32 %r4, %r3, %r2;
        mul.wide.u32 %rd3, %r4, 4;
        add.u64 %rd4, %rd1, %rd3;
        add.u64 %rd5, %rd2, %rd3;
        ld.global.f32 %f2, [%rd4];
        mul.f32 %f3, %f2, %f1;
        st.global.f32 [%rd5], %f3;
        ret;
        }
        """;

    static readonly string[] Code =
    [
        "S2R R0, SR_CTAID.X | write=0", "S2R R1, SR_TID.X | write=0", "MOV R7, 0x4 | stall=2", "LEA R0, R0, R1, 0x8 | wait=1 stall=5",
        "IMAD.WIDE.U32 R2, R0, R7, c[0x0][0x210] | stall=5", "LDG.E R6, [R2.64] | write=1 stall=2",
        "IMAD.WIDE.U32 R4, R0, R7, c[0x0][0x218] | stall=4", "FMUL R6, R6, c[0x0][0x220] | wait=2 stall=5", "STG.E [R4.64], R6 | read=2",
            "EXIT",
    ];

    static PtxLaunchFile Launch(int blocks) => new()
    {
        Kernel = "scale",
        Grid = new Dim3(blocks),
        Block = new Dim3(256),
        Buffers = [new PtxLaunchBuffer("x", PtxType.F32, blocks * 256L, null), new PtxLaunchBuffer("y", PtxType.F32, blocks * 256L, null)],
        Parameters = [new PtxLaunchAddress("x"), new PtxLaunchAddress("y"), new PtxLaunchValue(BitConverter.GetBytes(2f), 4)],
    };

    static TimingPrediction Predict(int blocks, string gpu = "h200") =>
        PtxTiming.Predict(Ptx, Launch(blocks), GpuModel.Find(gpu)!, TimingRig.Listing(Code) with { Kernel = "scale" });

    [Theory]
    [InlineData(".reqntid 64", "(64, 1, 1)")]
    [InlineData(".maxntid 128", "128")]
    public void A_block_that_the_kernel_does_not_take_is_refused(string directive, string word) => Assert.Contains(word,
        Assert.Throws<EmulatorException>(() => PtxTiming.Predict(Ptx.Replace("f32 a)", "f32 a) " + directive, StringComparison.Ordinal),
            Launch(1), TimingRig.H100, TimingRig.Listing(Code) with { Kernel = "scale" })).Message);

    [Theory]
    [InlineData(1, 65536, 1)]
    [InlineData(1, 1, 65536)]
    [InlineData(0, 1, 1)]
    public void A_grid_that_no_GPU_takes_is_refused_from_machine_code_and_from_PTX(int x, int y, int z)
    {
        PtxLaunchFile launch = Launch(1) with { Grid = new Dim3(x, y, z) };
        Func<object>[] ways = [() => PtxTiming.Predict(Ptx, launch, TimingRig.H100, TimingRig.Listing(Code) with { Kernel = "scale" }),
            () => PtxTiming.Estimate(Ptx, launch, TimingRig.H100)];
        foreach (Func<object> way in ways)
            Assert.Equal($"scale: a grid of ({x}, {y}, {z}) blocks cannot be launched: from 1 on, y and z go to 65535",
                Assert.Throws<EmulatorException>(way).Message);
    }

    [Fact]
    public void A_large_copy_comes_near_the_memorys_bandwidth_and_never_beyond()
    {
        TimingPrediction p = Predict(1 << 20); // a gigabyte each way
        Assert.Equal(2.0 * (1L << 30), p.MemoryBytes, (1L << 30) * 0.01);
        Assert.InRange(p.MemoryGigabytes, 0.6 * 4800, 0.93 * 4800);
        Assert.Equal(Code.Length * 8.0 * (1 << 20), p.WarpInstructions);
        Assert.Equal((double)(1L << 28), p.Operations);
    }

    [Fact]
    public void The_same_launch_gives_the_same_prediction()
    {
        Assert.Equal(Json(Predict(5000)), Json(Predict(5000)));
        Assert.Equal(Json(PtxTiming.Estimate(Ptx, Launch(500), GpuModel.Find("h200")!)),
            Json(PtxTiming.Estimate(Ptx, Launch(500), GpuModel.Find("h200")!)));
    }

    [Fact]
    public void A_prediction_says_that_it_is_one_and_how_far_off_it_may_be()
    {
        TimingPrediction p = Predict(5000, "h100");
        string text = TimingText.Write(p);
        Assert.StartsWith("predicted", text, StringComparison.Ordinal);
        Assert.Contains("not measured. Error on published measurements", text, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Json(p));
        Assert.True(json.RootElement.GetProperty("predicted").GetBoolean());
        Assert.True(json.RootElement.GetProperty("error").GetProperty("mean").GetDouble() > 0);
        Assert.Equal(p.Microseconds, json.RootElement.GetProperty("microseconds").GetDouble(), 0.001);
        Assert.Equal(StallReasons.Count, json.RootElement.GetProperty("stalls").EnumerateObject().Count());
    }

    [Fact]
    public void More_blocks_take_longer_and_what_does_not_fit_is_refused()
    {
        Assert.True(Predict(132 * 64).Cycles > 1.5 * Predict(132 * 16).Cycles);
        Assert.Throws<EmulatorException>(() =>
            PtxTiming.Predict(Ptx, Launch(8) with { DynamicSharedBytes = 300_000 }, GpuModel.Find("h200")!,
            TimingRig.Listing(Code)));
        Assert.Throws<PtxException>(() => PtxTiming.Predict(Ptx, Launch(8) with { Kernel = "none" }, GpuModel.Find("h200")!,
            TimingRig.Listing(Code)));
    }

    [Fact]
    public void The_estimate_from_PTX_lies_near_the_prediction_from_machine_code()
    {
        foreach (int blocks in new[] { 132, 4000, 100_000 })
            Assert.InRange(PtxTiming.Estimate(Ptx, Launch(blocks), GpuModel.Find("h200")!).Microseconds / Predict(blocks).Microseconds,
                0.6, 1.6);
    }

    static string Json(TimingPrediction p)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
            TimingText.WriteJson(p, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
