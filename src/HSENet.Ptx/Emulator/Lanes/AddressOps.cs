// Conversions between generic addresses and those of a space, and the table's lines of them.
namespace HSENet.Ptx;

readonly struct SharedToGeneric : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => GenericAddress.InShared(a) ? a : a | GenericAddress.SharedWindow;
}

readonly struct LocalToGeneric : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => GenericAddress.InLocal(a) ? a : a | GenericAddress.LocalWindow;
}

readonly struct FromGeneric : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => GenericAddress.InShared(a) || GenericAddress.InLocal(a) || ParameterSpace.Contains(a)
        ? a & GenericAddress.WindowMask : a;
}

/// <summary>isspacep: A comes twice.</summary>
readonly struct IsShared : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => GenericAddress.InShared(a);
}

readonly struct IsLocal : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => GenericAddress.InLocal(a);
}

/// <summary>mapa: a cluster has one block, so its shared address stays, and there is no other rank.</summary>
static unsafe class OnlyBlock
{
    public static void Map<T>(Warp w, Instruction* i, uint mask) where T : unmanaged
    {
        T* a = (T*)(w.Rows + i->A), d = (T*)(w.Rows + i->D);
        uint* rank = (uint*)(w.Rows + i->B);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = System.Numerics.BitOperations.TrailingZeroCount(m);
            if (rank[l] != 0)
                w.Block.Findings.Add(w, i, l, FindingKind.OutOfBounds, 0, "", $"there is no block {rank[l]} in a cluster of one");
            d[l] = a[l];
        }
    }
}

readonly struct RankOfOnlyBlock<T> : IUnary<T, uint>
{
    public static uint Of(T a) => 0;
}

sealed partial class DecodeTable
{
    void AddAddresses()
    {
        Add("cvta.shared.u64 cvta.shared::cta.u64 cvta.shared::cluster.u64", Form.Unary<SharedToGeneric, ulong, ulong>());
        Add("cvta.local.u64", Form.Unary<LocalToGeneric, ulong, ulong>());
        Add("cvta.to.shared.u64 cvta.to.shared::cta.u64 cvta.to.shared::cluster.u64 cvta.to.local.u64 cvta.to.param.u64 "
            + "cvta.to.param::entry.u64", Form.Unary<FromGeneric, ulong, ulong>());
        Add("cvta.param.u64 cvta.param::entry.u64", Form.Unary<ParameterToGeneric, ulong, ulong>());
        Add("isspacep.shared isspacep.shared::cta isspacep.shared::cluster", Form.TestOfOne<IsShared, ulong>());
        Add("isspacep.local", Form.TestOfOne<IsLocal, ulong>());
        Add("getctarank.u64 getctarank.shared::cluster.u64", Form.Unary<RankOfOnlyBlock<ulong>, ulong, uint>());
        Add("getctarank.u32 getctarank.shared::cluster.u32", Form.Unary<RankOfOnlyBlock<uint>, uint, uint>());
    }
}
