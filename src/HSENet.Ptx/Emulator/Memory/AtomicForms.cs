// Chooses the method of an atomic from operation, type, space and check level.
namespace HSENet.Ptx;

static unsafe class AtomicForms
{
    /// <summary>The method, or null when there is none; <paramref name="operation"/> is the word of the mnemonic.</summary>
    public static Execute Find(string operation, PtxType type, PtxSpace? space, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Find<BoundsOnly>(operation, type, space),
        CheckLevel.Access => Find<AccessChecks>(operation, type, space),
        CheckLevel.Races => Find<RaceChecks>(operation, type, space),
        CheckLevel.Profile => Find<ProfiledChecks>(operation, type, space),
        _ => Find<AllChecks>(operation, type, space),
    };

    static Execute Find<TMode>(string operation, PtxType type, PtxSpace? space) where TMode : ICheckMode => space switch
    {
        PtxSpace.Global => Find<GlobalSpace, TMode>(operation, type, flush: true),
        PtxSpace.Shared => Find<SharedSpace, TMode>(operation, type, flush: false),
        null => Find<GenericSpace, TMode>(operation, type, flush: true),
        _ => null,
    };

    static Execute Find<TSpace, TMode>(string operation, PtxType type, bool flush) where TSpace : ISpace where TMode : ICheckMode =>
        operation switch
        {
            "add" => type switch
            {
                PtxType.F32 => flush ? Word<AddFlushedF32, TSpace, TMode>() : Word<AddF32, TSpace, TMode>(),
                PtxType.F64 => Long<AddF64, TSpace, TMode>(),
                PtxType.F16x2 => Word<AddHalves, TSpace, TMode>(),
                PtxType.Bf16x2 => Word<AddBrainHalves, TSpace, TMode>(),
                PtxType.F16 => Half<AddHalf, TSpace, TMode>(),
                PtxType.Bf16 => Half<AddBrain, TSpace, TMode>(),
                _ => Of<Add32, Add64, TSpace, TMode>(type),
            },
            "exch" => Of<Exchange<uint>, Exchange<ulong>, TSpace, TMode>(type),
            "and" => Of<And32, And64, TSpace, TMode>(type),
            "or" => Of<Or32, Or64, TSpace, TMode>(type),
            "xor" => Of<Xor32, Xor64, TSpace, TMode>(type),
            "min" or "max" when LaneRules.Float(type) is { } format => HalfExtremes<TSpace, TMode>(operation, format, type),
            "min" => type is PtxType.S32 or PtxType.S64 ? Of<MinSigned32, MinSigned64, TSpace, TMode>(type)
                : Of<MinUnsigned32, MinUnsigned64, TSpace, TMode>(type),
            "max" => type is PtxType.S32 or PtxType.S64 ? Of<MaxSigned32, MaxSigned64, TSpace, TMode>(type)
                : Of<MaxUnsigned32, MaxUnsigned64, TSpace, TMode>(type),
            "inc" => Word<WrappingIncrement, TSpace, TMode>(),
            "dec" => Word<WrappingDecrement, TSpace, TMode>(),
            "cas" => type.Bits() switch
            {
                16 => &Atomics.CompareAndSwap<Unsigned16, uint, TSpace, TMode>,
                32 => &Atomics.CompareAndSwap<Bits32, uint, TSpace, TMode>,
                64 => &Atomics.CompareAndSwap<Bits64, ulong, TSpace, TMode>,
                _ => null,
            },
            _ => null,
        };

    static Execute HalfExtremes<TSpace, TMode>(string operation, FloatFormat format, PtxType type) where TSpace : ISpace
        where TMode : ICheckMode => (operation, format == FloatFormat.Half, type.Bits()) switch
        {
            ("min", true, 16) => Half<MinHalf, TSpace, TMode>(),
            ("min", true, 32) => Word<MinHalves, TSpace, TMode>(),
            ("min", false, 16) => Half<MinBrain, TSpace, TMode>(),
            ("min", false, 32) => Word<MinBrains, TSpace, TMode>(),
            ("max", true, 16) => Half<MaxHalf, TSpace, TMode>(),
            ("max", true, 32) => Word<MaxHalves, TSpace, TMode>(),
            ("max", false, 16) => Half<MaxBrain, TSpace, TMode>(),
            ("max", false, 32) => Word<MaxBrains, TSpace, TMode>(),
            _ => null,
        };

    static Execute Of<TOp32, TOp64, TSpace, TMode>(PtxType type)
        where TOp32 : IBinary<uint, uint, uint> where TOp64 : IBinary<ulong, ulong, ulong> where TSpace : ISpace where TMode : ICheckMode =>
        type.Bits() == 64 ? Long<TOp64, TSpace, TMode>() : type.Bits() == 32 ? Word<TOp32, TSpace, TMode>() : null;

    static Execute Word<TOp, TSpace, TMode>() where TOp : IBinary<uint, uint, uint> where TSpace : ISpace where TMode : ICheckMode =>
        &Atomics.Update<TOp, Bits32, uint, TSpace, TMode>;

    static Execute Half<TOp, TSpace, TMode>() where TOp : IBinary<uint, uint, uint> where TSpace : ISpace where TMode : ICheckMode =>
        &Atomics.Update<TOp, Unsigned16, uint, TSpace, TMode>;

    static Execute Long<TOp, TSpace, TMode>() where TOp : IBinary<ulong, ulong, ulong> where TSpace : ISpace where TMode : ICheckMode =>
        &Atomics.Update<TOp, Bits64, ulong, TSpace, TMode>;
}
