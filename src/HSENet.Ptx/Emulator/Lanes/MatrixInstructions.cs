// mma, ldmatrix, stmatrix, movmatrix: instructions of all 32 lanes on matrices.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>Offsets of the fragments' registers are in <see cref="Instruction.More"/>.</summary>
static unsafe class MatrixInstructions
{
    /// <summary>mma with f32 sums: More holds d, a, b, c with 4, 2·depth, depth, 4 registers; the immediate is the depth.</summary>
    public static void ToSingle<TElement>(Warp w, Instruction* i, uint mask) where TElement : struct, IMatrixElement
    {
        int depth = (int)i->Immediate;
        int* d = i->More, a = d + 4, b = a + 2 * depth, c = b + depth;
        if (AllLanes(w, i, mask))
            MatrixMultiply.ToSingle<TElement>(w.Rows, d, a, b, c, depth);
    }

    /// <summary>mma with f16 sums, 2 registers each.</summary>
    public static void ToHalf<TElement>(Warp w, Instruction* i, uint mask) where TElement : struct, IMatrixElement
    {
        int depth = (int)i->Immediate;
        int* d = i->More, a = d + 2, b = a + 2 * depth, c = b + depth;
        if (AllLanes(w, i, mask))
            MatrixMultiply.ToHalf<TElement>(w.Rows, d, a, b, c, depth);
    }

    /// <summary>mma of bytes; B is 1 for .satfinite.</summary>
    public static void ToInteger<TA, TB>(Warp w, Instruction* i, uint mask) where TA : struct, IMatrixElement where TB : struct,
        IMatrixElement
    {
        int depth = (int)i->Immediate;
        int* d = i->More, a = d + 4, b = a + 2 * depth, c = b + depth;
        if (AllLanes(w, i, mask))
            MatrixMultiply.ToInteger<TA, TB>(w.Rows, d, a, b, c, depth, i->B != 0);
    }

    /// <summary>ldmatrix: C matrices, B is 1 for .trans. A lane's address that is at fault gives zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Load<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        if (!AllLanes(w, i, mask))
            return;
        ulong* addresses = (ulong*)(w.Rows + i->A);
        uint used = UsedLanes(i->C);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, addresses, used, MatrixFragments.RowBytes);
        uint* rows = stackalloc uint[4 * 32];
        for (int lane = 0; lane < i->C * MatrixFragments.RowsPerMatrix; lane++)
        {
            byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, lane, addresses[lane] + (ulong)i->Immediate, MatrixFragments.RowBytes, false);
            if (p == null)
                new Span<uint>(rows + lane * 4, 4).Clear();
            else
                Unsafe.CopyBlockUnaligned(rows + lane * 4, p, MatrixFragments.RowBytes);
        }
        for (int matrix = 0; matrix < i->C; matrix++)
            MatrixFragments.Load(rows + matrix * 32, (uint*)(w.Rows + i->More[matrix]), i->B != 0);
    }

    /// <summary>stmatrix, as <see cref="Load"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        if (!AllLanes(w, i, mask))
            return;
        ulong* addresses = (ulong*)(w.Rows + i->A);
        w.Block.Changes.Count++;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, addresses, UsedLanes(i->C), MatrixFragments.RowBytes);
        uint* rows = stackalloc uint[4 * 32];
        for (int matrix = 0; matrix < i->C; matrix++)
            MatrixFragments.Store((uint*)(w.Rows + i->More[matrix]), rows + matrix * 32, i->B != 0);
        for (int lane = 0; lane < i->C * MatrixFragments.RowsPerMatrix; lane++)
        {
            byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, lane, addresses[lane] + (ulong)i->Immediate, MatrixFragments.RowBytes, true);
            if (p != null)
                Unsafe.CopyBlockUnaligned(p, rows + lane * 4, MatrixFragments.RowBytes);
        }
    }

    public static void Transpose(Warp w, Instruction* i, uint mask)
    {
        if (AllLanes(w, i, mask))
            MatrixFragments.Transpose((uint*)(w.Rows + i->A), (uint*)(w.Rows + i->D));
    }

    static uint UsedLanes(int matrices) => matrices == 4 ? uint.MaxValue : (1u << (matrices * MatrixFragments.RowsPerMatrix)) - 1;

    public static bool AllLanes(Warp w, Instruction* i, uint mask)
    {
        if (mask == uint.MaxValue)
            return true;
        int missing = BitOperations.TrailingZeroCount(~mask);
        w.Block.Findings.Add(w, i, missing, FindingKind.MissingLanes, 0, "",
            $"{w.Block.Kernel.Statements[i->Statement].Opcode} needs all 32 lanes; here are 0x{mask:x8}");
        return false;
    }
}
