// What fence.sc adds to the order: it holds for those too whom its thread meets at a barrier before they write strongly.
using System.Numerics;

namespace HSENet.Ptx;

sealed unsafe partial class RaceOrder
{
    // All fence.sc have one order (PTX ISA, Fence-SC order). Every thread of a block fences, they meet, one writes strongly; who reads that
    // strongly and then executes fence.sc cannot come first in that order, so all of the fences, and what was before them, come first.
    Knowledge? GatherTotal(Knowledge? joined, int warp, uint mask)
    {
        if (!_totalFences)
            return joined;
        Span<ThreadOrder> lanes = _threads.AsSpan(warp * 32, 32);
        Release? fenced = null, met = null;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            if (lanes[l].Total is { } total && total != met)
                joined = Knowledge.Join(joined, (met = total).Known);
            if (lanes[l].TotalFenced is not { } own)
                continue;
            if (own != fenced)
                joined = Knowledge.Join(joined, (fenced = own).Known);
            joined = Knowledge.With(joined, _launch.Root, Base + warp * 32 + l, Knowledge.Lane, own.Clock);
        }
        return joined;
    }

    void SpreadTotal(Release? total, int warp, uint mask)
    {
        for (uint m = total == null ? 0 : mask; m != 0; m &= m - 1)
            _threads[warp * 32 + BitOperations.TrailingZeroCount(m)].Total = total;
    }

    // All threads of the block meet.
    void ShareTotal()
    {
        if (!_totalFences)
            return;
        Knowledge? joined = null;
        for (int warp = 0; warp < warps; warp++)
            joined = GatherTotal(joined, warp, uint.MaxValue);
        Release? total = joined == null ? null : new Release(joined, 0);
        for (int warp = 0; warp < warps; warp++)
        {
            SpreadTotal(total, warp, uint.MaxValue);
            foreach (ref ThreadOrder thread in _threads.AsSpan(warp * 32, 32))
                thread.TotalFenced = null;
        }
        _totalFences = false; // nothing that is not shared already
    }
}
