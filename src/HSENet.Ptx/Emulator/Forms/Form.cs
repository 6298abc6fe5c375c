// How an instruction is decoded: the method that executes it and the kinds of its operands.
namespace HSENet.Ptx;

/// <summary>What a row holds.</summary>
enum RowKind : byte
{
    /// <summary>One bit for each lane.</summary>
    Predicate,

    /// <summary>Registers of up to 32 bits.</summary>
    Bits32,

    /// <summary>Registers of 64 bits.</summary>
    Bits64,
}

/// <summary>An executable form. Made by the methods here, one for each shape, from a functor.</summary>
sealed unsafe class Form
{
    Form(Execute execute, RowKind destination, params RowKind[] sources)
    {
        Execute = execute;
        Destination = destination;
        Sources = sources;
    }

    /// <summary>Executes it.</summary>
    public Execute Execute { get; }

    /// <summary>The same lane by lane, when <see cref="Execute"/> works on vectors.</summary>
    public Execute Scalar { get; private init; }

    public RowKind Destination { get; }

    public RowKind[] Sources { get; }

    /// <summary>Packed modifiers of a modal functor.</summary>
    public long Mode { get; init; }

    public static Form Unary<TOp, TA, TD>() where TOp : IUnary<TA, TD> where TA : unmanaged where TD : unmanaged =>
        new(&Lanes.Unary<TOp, TA, TD>, Kind<TD>(), Kind<TA>());

    public static Form Binary<TOp, TA, TB, TD>() where TOp : IBinary<TA, TB, TD> where TA : unmanaged where TB : unmanaged
        where TD : unmanaged =>
        new(&Lanes.Binary<TOp, TA, TB, TD>, Kind<TD>(), Kind<TA>(), Kind<TB>());

    public static Form Binary<TOp, T>() where TOp : IBinary<T, T, T> where T : unmanaged => Binary<TOp, T, T, T>();

    public static Form Ternary<TOp, TA, TB, TC, TD>()
        where TOp : ITernary<TA, TB, TC, TD> where TA : unmanaged where TB : unmanaged where TC : unmanaged where TD : unmanaged =>
        new(&Lanes.Ternary<TOp, TA, TB, TC, TD>, Kind<TD>(), Kind<TA>(), Kind<TB>(), Kind<TC>());

    public static Form ModalUnary<TOp, TA, TD>(long mode) where TOp : IModalUnary<TA, TD> where TA : unmanaged where TD : unmanaged =>
        new(&Lanes.ModalUnary<TOp, TA, TD>, Kind<TD>(), Kind<TA>()) { Mode = mode };

    public static Form ModalBinary<TOp, TA, TB, TD>(long mode)
        where TOp : IModalBinary<TA, TB, TD> where TA : unmanaged where TB : unmanaged where TD : unmanaged =>
        new(&Lanes.ModalBinary<TOp, TA, TB, TD>, Kind<TD>(), Kind<TA>(), Kind<TB>()) { Mode = mode };

    public static Form ModalTernary<TOp, TA, TB, TC, TD>(long mode)
        where TOp : IModalTernary<TA, TB, TC, TD> where TA : unmanaged where TB : unmanaged where TC : unmanaged where TD : unmanaged =>
        new(&Lanes.ModalTernary<TOp, TA, TB, TC, TD>, Kind<TD>(), Kind<TA>(), Kind<TB>(), Kind<TC>()) { Mode = mode };

    public static Form Test<TOp, T>() where TOp : ITest<T> where T : unmanaged =>
        new(&Lanes.Test<TOp, T>, RowKind.Predicate, Kind<T>(), Kind<T>());

    /// <summary>A test of one source, which comes twice.</summary>
    public static Form TestOfOne<TOp, T>() where TOp : ITest<T> where T : unmanaged =>
        new(&Lanes.Test<TOp, T>, RowKind.Predicate, Kind<T>());

    public static Form ModalTest<TOp, T>(long mode) where TOp : IModalTest<T> where T : unmanaged =>
        new(&Lanes.ModalTest<TOp, T>, RowKind.Predicate, Kind<T>(), Kind<T>()) { Mode = mode };

    /// <summary>A test of one source, which its functor gets twice.</summary>
    public static Form ModalProperty<TOp, T>(long mode) where TOp : IModalTest<T> where T : unmanaged =>
        new(&Lanes.ModalTest<TOp, T>, RowKind.Predicate, Kind<T>()) { Mode = mode };

    /// <summary>An operation on predicates with two sources; one that has one source gets it twice.</summary>
    public static Form Predicates<TOp>(int sources) where TOp : IBinary<uint, uint, uint> =>
        new(&Lanes.Predicates<TOp>, RowKind.Predicate, [.. Enumerable.Repeat(RowKind.Predicate, sources)]);

    public static Form Select<T>() where T : unmanaged =>
        new(typeof(T) == typeof(uint) ? &LaneVectors.Select : &Lanes.Select<T>, Kind<T>(), Kind<T>(), Kind<T>(), RowKind.Predicate)
        {
            Scalar = typeof(T) == typeof(uint) ? &Lanes.Select<T> : null,
        };

    public static Form Vector<TOp>() where TOp : IVectorBinary =>
        new(&LaneVectors.Binary<TOp>, RowKind.Bits32, RowKind.Bits32, RowKind.Bits32) { Scalar = &Lanes.Binary<TOp, uint, uint, uint> };

    public static Form VectorUnary<TOp>() where TOp : IVectorUnary =>
        new(&LaneVectors.Unary<TOp>, RowKind.Bits32, RowKind.Bits32) { Scalar = &Lanes.Unary<TOp, uint, uint> };

    public static Form VectorTernary<TOp>() where TOp : IVectorTernary =>
        new(&LaneVectors.Ternary<TOp>, RowKind.Bits32, RowKind.Bits32, RowKind.Bits32, RowKind.Bits32)
        {
            Scalar = &Lanes.Ternary<TOp, uint, uint, uint, uint>,
        };

    public static Form VectorTest<TOp>() where TOp : IVectorTest =>
        new(&LaneVectors.Test<TOp>, RowKind.Predicate, RowKind.Bits32, RowKind.Bits32) { Scalar = &Lanes.Test<TOp, uint> };

    public static Form Vector64<TOp>() where TOp : IVectorBinary64 =>
        new(&LaneVectors.Binary64<TOp>, RowKind.Bits64, RowKind.Bits64,
            RowKind.Bits64)
        { Scalar = &Lanes.Binary<TOp, ulong, ulong, ulong> };

    public static Form VectorTernary64<TOp>() where TOp : IVectorTernary64 =>
        new(&LaneVectors.Ternary64<TOp>, RowKind.Bits64, RowKind.Bits64, RowKind.Bits64, RowKind.Bits64)
        {
            Scalar = &Lanes.Ternary<TOp, ulong, ulong, ulong, ulong>,
        };

    public static Form VectorWiden<TOp>() where TOp : IVectorWiden =>
        new(&LaneVectors.Widen<TOp>, RowKind.Bits64, RowKind.Bits32) { Scalar = &Lanes.Unary<TOp, uint, ulong> };

    public static Form Move64() => new(&LaneVectors.Move64, RowKind.Bits64, RowKind.Bits64) { Scalar = &Lanes.Unary<Copy64, ulong, ulong> };

    public static Form MultiplyWide<TOp>(bool signed) where TOp : IBinary<uint, uint, ulong> =>
        new(signed ? &LaneVectors.MultiplyWideSigned : &LaneVectors.MultiplyWide, RowKind.Bits64, RowKind.Bits32,
            RowKind.Bits32)
        { Scalar = &Lanes.Binary<TOp, uint, uint, ulong> };

    static RowKind Kind<T>() where T : unmanaged => sizeof(T) == 8 ? RowKind.Bits64 : RowKind.Bits32;
}
