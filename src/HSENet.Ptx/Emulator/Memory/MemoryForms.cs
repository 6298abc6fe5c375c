// Chooses the method of a load or a store from type, space, number of elements and check level.
namespace HSENet.Ptx;

static unsafe class MemoryForms
{
    public static Execute Access(bool store, PtxType type, PtxSpace? space, int count, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Access<BoundsOnly>(store, type, space, count),
        CheckLevel.Access => Access<AccessChecks>(store, type, space, count),
        CheckLevel.Races => Access<RaceChecks>(store, type, space, count),
        CheckLevel.Profile => Access<ProfiledChecks>(store, type, space, count),
        _ => Access<AllChecks>(store, type, space, count),
    };

    static Execute Access<TMode>(bool store, PtxType type, PtxSpace? space, int count) where TMode : ICheckMode => space switch
    {
        PtxSpace.Global or PtxSpace.Const => Access<GlobalSpace, TMode>(store, type, count),
        PtxSpace.Shared => Access<SharedSpace, TMode>(store, type, count),
        PtxSpace.Local => Access<LocalSpace, TMode>(store, type, count),
        PtxSpace.Param => Access<ParameterSpace, TMode>(store, type, count),
        _ => Access<GenericSpace, TMode>(store, type, count),
    };

    static Execute Access<TSpace, TMode>(bool store, PtxType type, int count) where TSpace : ISpace where TMode : ICheckMode => type switch
    {
        PtxType.S8 => Access<Signed8, uint, TSpace, TMode>(store, count),
        PtxType.S16 => Access<Signed16, uint, TSpace, TMode>(store, count),
        _ => type.Bytes() switch
        {
            1 => Access<Unsigned8, uint, TSpace, TMode>(store, count),
            2 => Access<Unsigned16, uint, TSpace, TMode>(store, count),
            4 => Access<Bits32, uint, TSpace, TMode>(store, count),
            8 => Access<Bits64, ulong, TSpace, TMode>(store, count),
            _ => null,
        },
    };

    static Execute Access<TElement, TRow, TSpace, TMode>(bool store, int count)
        where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace where TMode : ICheckMode =>
        store ? Access<Storing, TElement, TRow, TSpace, TMode>(count) : Access<Loading, TElement, TRow, TSpace, TMode>(count);

    static Execute Access<TDirection, TElement, TRow, TSpace, TMode>(int count) where TDirection : IDirection
        where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace where TMode : ICheckMode => count switch
        {
            1 => &MemoryAccess.Scalar<TDirection, TElement, TRow, TSpace, TMode>,
            2 => &MemoryAccess.Vector<TDirection, TElement, TRow, Two, TSpace, TMode>,
            4 => &MemoryAccess.Vector<TDirection, TElement, TRow, Four, TSpace, TMode>,
            _ => null,
        };
}
