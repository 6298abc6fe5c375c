// The seam that hands over what a launch executes: lanes, directions of branches, addresses, and only the blocks that were asked for.
namespace HSENet.Ptx.Tests;

public class ExecutionObserverTests
{
    const string Body = """
        ld.param.u64 %rd1, [p];
        mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mad.lo.u32 %r4, %r2, %r3, %r1;
        mul.wide.u32 %rd2, %r4, 4; add.u64 %rd3, %rd1, %rd2;
        setp.lt.u32 %p1, %r1, 8; @%p1 bra LOW;
        st.global.u32 [%rd3+4096], %r4;
        LOW:
        @%p1 st.global.u32 [%rd3], %r4;
        ret;
        """;

    sealed class Record : IExecutionObserver
    {
        public List<(long Block, int Warp)> Warps { get; } = [];
        public List<(uint Mask, uint Taken)> Endings { get; } = [];
        public List<(PtxSpace Space, ulong First, uint Mask, uint Bytes)> Accesses { get; } = [];

        public void Block(Warp warp, int block, uint mask) => Warps.Add((warp.Block.Number, warp.Index));

        public void Ending(int block, uint mask, uint taken) => Endings.Add((mask, taken));

        public void Access(int statement, PtxSpace space, ReadOnlySpan<ulong> addresses, long offset, uint mask, uint bytes) =>
            Accesses.Add((space, addresses[System.Numerics.BitOperations.TrailingZeroCount(mask)] + (ulong)offset, mask, bytes));
    }

    [Fact]
    public void Lanes_directions_and_addresses_are_handed_over_for_the_blocks_that_were_asked_for()
    {
        using EmulatorModule module = EmulatorModule.Load(PtxPrinter.Print(Sample.Kernel(Body)));
        using EmulatorMemory memory = new();
        EmulatorAllocation buffer = memory.Allocate(16384, "p");
        Record record = new();
        byte[] parameters = [.. BitConverter.GetBytes(buffer.Address), .. BitConverter.GetBytes(0)];
        EmulatorResult result = new Emulator(memory).Launch(module.Kernel("k"), new Dim3(8), new Dim3(64), 0, parameters,
            new EmulatorOptions { Profile = true, Observer = record, Blocks = [2, 5] });
        Assert.Equal([(2L, 0), (2L, 1), (5L, 0), (5L, 1)], record.Warps.Distinct());
        // The first warp parts, the second falls through.
        Assert.Equal([(uint.MaxValue, 0xffu), (uint.MaxValue, 0u)], record.Endings.Take(2));
        Assert.Equal(
            [
                (PtxSpace.Global, buffer.Address + 4096 + 4 * (128 + 8), 0xffffff00u, 4u),
                (PtxSpace.Global, buffer.Address + 4 * 128, 0xffu, 4u),
                (PtxSpace.Global, buffer.Address + 4096 + 4 * 160, uint.MaxValue, 4u),
            ], record.Accesses.Take(3));
        Assert.Equal(2, result.Profile!.Blocks);
    }
}
