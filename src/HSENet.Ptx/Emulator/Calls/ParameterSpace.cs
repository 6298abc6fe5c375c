// A kernel's parameters as memory: for addresses that a compiler takes of them.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>Addresses count from the first parameter; generic ones lie in a window of their own.</summary>
readonly unsafe struct ParameterSpace : ISpace
{
    public const ulong Window = 3ul << 56;

    public static string Name => "param";
    public static bool IsShared => false;

    public static MemoryRegion* Likely(Warp w, Instruction* i) => w.Block.ParameterRegion;

    public static MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane) => w.Block.ParameterRegion;

    public static MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address)
    {
        if (Contains(address))
            address &= GenericAddress.WindowMask;
        return w.Block.ParameterRegion;
    }

    public static bool Contains(ulong address) => (address & ~GenericAddress.WindowMask) == Window;
}

readonly struct ParameterToGeneric : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => a | ParameterSpace.Window;
}

/// <summary>isspacep of .const, .global and .param: A is the address, the immediate the space.</summary>
static unsafe class SpaceTests
{
    public static void Execute(Warp w, Instruction* i, uint mask)
    {
        ulong* addresses = (ulong*)(w.Rows + i->A);
        uint result = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            ulong address = addresses[lane];
            bool elsewhere = GenericAddress.InShared(address) || GenericAddress.InLocal(address) || ParameterSpace.Contains(address);
            PtxSpace space = ParameterSpace.Contains(address) ? PtxSpace.Param : elsewhere ? PtxSpace.Shared
                : w.Block.Regions.IsConstant(address) ? PtxSpace.Const : PtxSpace.Global;
            result |= (space == (PtxSpace)i->Immediate ? 1u : 0) << lane;
        }
        Lanes.Merge(w, i->D, result, mask);
    }
}
