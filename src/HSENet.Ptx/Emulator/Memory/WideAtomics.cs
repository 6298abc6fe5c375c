// atom.exch and atom.cas of 128 bits, whose registers are two of 64.
using System.Numerics;

namespace HSENet.Ptx;

unsafe partial class Decoder
{
    void DecodeWideAtomic(IReadOnlyList<PtxOperand> operands)
    {
        (int address, long offset) = Address((PtxAddress)operands[1]);
        bool compares = _current.Has("cas");
        int[] rows = [.. operands.OfType<PtxVector>().SelectMany((vector, n) => vector.Elements.Select(element =>
            n == 0 ? Destination(element, RowKind.Bits64) : Source(element, RowKind.Bits64)))];
        int index = Emit(WideAtomics.Form(_current.Space, _level), 0, address, compares ? 1 : 0, 0, offset, rows, accessesMemory: true);
        SetAtomicOrder(index, hasResult: true);
        _kernel.Ordered |= _current.Space != PtxSpace.Shared;
    }
}

/// <summary>Operands: A the address with the immediate, B 1 for cas; More the rows of the result, of the value or of what is compared and
/// the value, two each. Blocks that touch such words run one after the other.</summary>
static unsafe class WideAtomics
{
    const int Bytes = 16;

    public static Execute Form(PtxSpace? space, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Form<BoundsOnly>(space),
        CheckLevel.Access => Form<AccessChecks>(space),
        CheckLevel.Races => Form<RaceChecks>(space),
        CheckLevel.Profile => Form<ProfiledChecks>(space),
        _ => Form<AllChecks>(space),
    };

    static Execute Form<TMode>(PtxSpace? space) where TMode : ICheckMode => space switch
    {
        PtxSpace.Global => &Execute<GlobalSpace, TMode>,
        PtxSpace.Shared => &Execute<SharedSpace, TMode>,
        _ => &Execute<GenericSpace, TMode>,
    };

    static void Execute<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, Bytes);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            UInt128 first = Read(w, i, 2, l), old = 0;
            byte* p = MemoryCheck.Access<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, Bytes, AccessKind.Atomic);
            if (p != null)
            {
                old = *(UInt128*)p;
                UInt128 value = i->B == 0 ? first : old == first ? Read(w, i, 4, l) : old;
                if (value != old)
                    w.Block.Changes.Count++;
                *(UInt128*)p = value;
            }
            ((ulong*)(w.Rows + i->More[0]))[l] = (ulong)old;
            ((ulong*)(w.Rows + i->More[1]))[l] = (ulong)(old >> 64);
        }
    }

    static UInt128 Read(Warp w, Instruction* i, int at, int lane) =>
        new(((ulong*)(w.Rows + i->More[at + 1]))[lane], ((ulong*)(w.Rows + i->More[at]))[lane]);
}
