// Sums of a profile on kernels that can be counted by hand, and the bounds that follow.
using System.Text.Json;

namespace HSENet.Ptx.Tests;

public class KernelProfileTests
{
    static readonly GpuModel H200 = GpuModel.Find("H200")!;

    [Fact]
    public void Operations_are_counted_by_type_for_active_lanes()
    {
        KernelProfile profile = Profile("""
            .reg .f64 %d<3>; .reg .b32 %h<3>;
            mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 5; mov.f32 %f1, 0f3f800000; mov.f64 %d1, 0d3ff0000000000000; mov.b32 %h1, 0;
            fma.rn.f32 %f2, %f1, %f1, %f1;
            @%p1 add.rn.f32 %f2, %f1, %f1;
            add.rn.f64 %d2, %d1, %d1;
            fma.rn.f16x2 %h2, %h1, %h1, %h1;
            ex2.approx.f32 %f2, %f1;
            neg.f32 %f2, %f1;
            """, threads: 64);
        Assert.Equal(64 * 2 + 5 + 64, profile.OperationsByType["f32"]);
        Assert.Equal(64, profile.OperationsByType["f64"]);
        Assert.Equal(64 * 4, profile.OperationsByType["f16"]);
        Assert.Equal(2, profile.InstructionsByClass["special function"]);
        Assert.Equal(profile.WarpInstructions, profile.InstructionsByClass.Values.Sum());
        Assert.Equal(0, profile.TensorShare);
    }

    [Fact]
    public void Tensor_cores_count_for_their_own_bound()
    {
        KernelProfile profile = Profile("""
            .reg .b32 %a<7>; .reg .f32 %c<4>; .reg .b32 %i;
            mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0; mov.b32 %a4, 0; mov.b32 %a5, 0; mov.b32 %a6, 0;
            mov.f32 %c0, 0f00000000; mov.f32 %c1, 0f00000000; mov.f32 %c2, 0f00000000; mov.f32 %c3, 0f00000000; mov.u32 %i, 0;
            LOOP:
            mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%c0,%c1,%c2,%c3}, {%a1,%a2,%a3,%a4}, {%a5,%a6}, {%c0,%c1,%c2,%c3};
            add.u32 %i, %i, 1; setp.lt.u32 %p1, %i, 10; @%p1 bra LOOP;
            """, threads: 32);
        long operations = 10 * 2 * 16 * 8 * 16;
        Assert.Equal(operations, profile.TensorOperationsByType["bf16"]);
        Assert.Equal(1, profile.TensorShare);
        Assert.Equal(132 * operations / (0.629 * 989.4e12) * 1e6, profile.Bound.Tensor, 1e-5); // one block: one of 132 multiprocessors
    }

    [Theory]
    [InlineData(128, 32, 0, 16, "warps")] // 64 warps
    [InlineData(32, 32, 0, 32, "blocks")]
    [InlineData(64, 40, 0, 24, "registers")] // 12 warps in each quarter of the registers, 48 of 64: 75 %
    [InlineData(256, 255, 0, 1, "registers")] // 256 registers of 256 threads are the whole file
    [InlineData(128, 32, 100 * 1024, 2, "shared memory")] // two of 101 KB in 228
    [InlineData(32, 16, 6401, 30, "shared memory")] // 7,425 bytes come as 7,552
    [InlineData(1024, 80, 0, 0, "registers")]
    public void Occupancy_is_what_runs_out_first(int threads, int registers, int shared, int blocks, string limit)
    {
        Occupancy occupancy = Occupancy.Of(H200, threads, registers, shared);
        Assert.Equal((blocks, limit), (occupancy.Blocks, occupancy.Limit));
        Assert.Equal(blocks * threads / 32 / 64.0, occupancy.Share);
    }

    [Fact]
    public void A_copy_by_one_block_is_bound_by_its_way_to_memory_and_a_loop_by_issue()
    {
        KernelProfile copy = Profile("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 16; add.u64 %rd1, %rd1, %rd2;
            ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd1]; st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};
            """, threads: 1024, buffer: 16384);
        Assert.Equal(("L2", 2 * 16384L, 16.0), (copy.Bound.Name, copy.MemoryBytes, copy.SectorsPerRequest));
        KernelProfile loop = Profile("mov.u32 %r1, 0; LOOP: add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 100; @%p1 bra LOOP;", threads: 256);
        Assert.Equal(("issue", "integer"), (loop.Bound.Name, loop.Bound.IssueLimit)); // two of three instructions, at half the lanes
        Assert.Equal(8 * 200 * 32 / 64.0 / 1.98e3, loop.Bound.Issue, 1e-12);
    }

    [Fact]
    public void Text_json_and_page_show_bank_conflicts_with_their_line()
    {
        const string body = """
            .shared .align 16 .b8 tile[8192];
            mov.u32 %r1, %tid.x; mul.lo.u32 %r2, %r1, 128; mov.u32 %r7, tile; add.u32 %r7, %r7, %r2;
            st.shared.u32 [%r7], %r1; bar.sync 0;
            """;
        KernelProfile profile = Profile(body, threads: 32);
        Assert.Equal((31, 1), (profile.BankConflicts, profile.Barriers));
        Assert.Contains("bank conflicts by instruction", ProfileText.Write(profile));
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
            ProfileJson.Write(profile, writer);
        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        JsonElement store = json.RootElement.GetProperty("instructions").EnumerateArray()
            .Single(row => row.TryGetProperty("bank_conflicts", out _));
        Assert.Contains("st.shared", store.GetProperty("text").GetString());
        int line = store.GetProperty("line").GetInt32();
        string page = ProfilePage.Write(profile, Text(body));
        Assert.Contains($"<td class=\"line\">{line}</td><td class=\"n\">", page);
        Assert.Contains("<td class=\"n bad\">31.0</td>", page);
    }

    static string Text(string body) => $$"""
        .version 8.6
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 p0)
        {
        .reg .pred %p<3>; .reg .b32 %r<9>; .reg .f32 %f<3>; .reg .b64 %rd<5>;
        {{body}}
        ret;
        }
        """;

    static KernelProfile Profile(string body, int threads, int buffer = 16)
    {
        using EmulatorModule module = EmulatorModule.Load(Text(body));
        using EmulatorMemory memory = new();
        EmulatorAllocation x = memory.Allocate<byte>(new byte[buffer], "x");
        EmulatorResult result = new Emulator(memory).Launch(module.Kernel("k"), new Dim3(1, 1, 1), new Dim3(threads, 1, 1), 0,
            BitConverter.GetBytes(x.Address), new EmulatorOptions { Profile = true });
        Assert.Empty(result.Findings);
        return KernelProfile.Of(module.Program, "k", result.Profile!, H200);
    }
}
