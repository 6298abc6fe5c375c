// Chooses the methods of matrix instructions from types, space and check level.
namespace HSENet.Ptx;

static unsafe class MatrixForms
{
    /// <summary>ldmatrix or stmatrix.</summary>
    public static Execute Access(bool store, PtxSpace? space, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Access<BoundsOnly>(store, space),
        CheckLevel.Access => Access<AccessChecks>(store, space),
        CheckLevel.Races => Access<RaceChecks>(store, space),
        CheckLevel.Profile => Access<ProfiledChecks>(store, space),
        _ => Access<AllChecks>(store, space),
    };

    /// <summary>mma by the types of d, a and b; null when there is none.</summary>
    public static Execute Multiply(PtxType d, PtxType a, PtxType b) => (d, a, b) switch
    {
        (PtxType.F32, PtxType.F16, PtxType.F16) => &MatrixInstructions.ToSingle<HalfElement>,
        (PtxType.F32, PtxType.Bf16, PtxType.Bf16) => &MatrixInstructions.ToSingle<BFloat16Element>,
        (PtxType.F32, PtxType.Tf32, PtxType.Tf32) => &MatrixInstructions.ToSingle<TensorFloat32Element>,
        (PtxType.F16, PtxType.F16, PtxType.F16) => &MatrixInstructions.ToHalf<HalfElement>,
        (PtxType.S32, PtxType.S8, PtxType.S8) => &MatrixInstructions.ToInteger<SignedByteElement, SignedByteElement>,
        (PtxType.S32, PtxType.S8, PtxType.U8) => &MatrixInstructions.ToInteger<SignedByteElement, UnsignedByteElement>,
        (PtxType.S32, PtxType.U8, PtxType.S8) => &MatrixInstructions.ToInteger<UnsignedByteElement, SignedByteElement>,
        (PtxType.S32, PtxType.U8, PtxType.U8) => &MatrixInstructions.ToInteger<UnsignedByteElement, UnsignedByteElement>,
        _ => null,
    };

    static Execute Access<TMode>(bool store, PtxSpace? space) where TMode : ICheckMode => space == PtxSpace.Shared
        ? store ? &MatrixInstructions.Store<SharedSpace, TMode> : &MatrixInstructions.Load<SharedSpace, TMode>
        : store ? &MatrixInstructions.Store<GenericSpace, TMode> : &MatrixInstructions.Load<GenericSpace, TMode>;
}
