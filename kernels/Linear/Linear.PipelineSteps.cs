// A step of the pipelined main loop: 16 inputs are multiplied while the fragments of the next 16 are loaded.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Linear
{
    // 64 outputs of eight rows of x: four fragments one below the other, as W is the first matrix.
    struct EightRows
    {
        public Float4 T0, T1, T2, T3;
    }

    struct PipelineSums
    {
        public EightRows E0, E1, E2, E3, E4, E5, E6, E7, E8, E9, E10, E11;
    }

    // 16 inputs of all of a warp's rows, 16 rows of x in each register quad; of an odd eight rows at the end it is 32 inputs.
    struct PipelineFragments
    {
        public Bits4 W0, W1, W2, W3, X0, X1, X2, X3, X4, X5, Odd;
    }

    struct PipelineState
    {
        public PipelineSums Sums;
        public PipelineFragments Fragments;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineFragments LoadFragments<TTile>(ref float x, ref float w, ref float odd) where TTile : struct, IPipelineTile
    {
        PipelineFragments f = default;
        f.W0 = TensorInstructions.LoadMatrices(ref w, 0);
        f.W1 = TensorInstructions.LoadMatrices(ref w, 16 * RowBytes);
        f.W2 = TensorInstructions.LoadMatrices(ref w, 32 * RowBytes);
        f.W3 = TensorInstructions.LoadMatrices(ref w, 48 * RowBytes);
        f.X0 = TensorInstructions.LoadMatrices(ref x, 0);
        f.X1 = TensorInstructions.LoadMatrices(ref x, 16 * RowBytes);
        if (TTile.Eights >= 6)
            f.X2 = TensorInstructions.LoadMatrices(ref x, 32 * RowBytes);
        if (TTile.Eights >= 8)
            f.X3 = TensorInstructions.LoadMatrices(ref x, 48 * RowBytes);
        if (TTile.Eights >= 10)
            f.X4 = TensorInstructions.LoadMatrices(ref x, 64 * RowBytes);
        if (TTile.Eights >= 12)
            f.X5 = TensorInstructions.LoadMatrices(ref x, 80 * RowBytes);
        if (TTile.Eights % 2 != 0)
            f.Odd = TensorInstructions.LoadMatrices(ref odd, 0);
        return f;
    }

    /// <summary>Multiplies, in an order in which registers become free one after the other, and loads into each what comes next: the
    /// load-store unit works evenly while the tensor cores do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineState MultiplyHalf<TTile>(PipelineState s, ref float x, ref float w, ref float odd, bool second)
        where TTile : struct, IPipelineTile =>
        MultiplyEnd<TTile>(MultiplyBegin<TTile>(s, ref x), ref x, ref w, ref odd, second);

    /// <summary>All but the last two times 16 rows of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineState MultiplyBegin<TTile>(PipelineState s, ref float x) where TTile : struct, IPipelineTile
    {
        if (EndQuad<TTile>() > 0)
        {
            var pair = Multiply(s.Sums.E0, s.Sums.E1, s.Fragments, s.Fragments.X0);
            (s.Sums.E0, s.Sums.E1) = (pair.A, pair.B);
            s.Fragments.X0 = TensorInstructions.LoadMatrices(ref x, 0);
        }
        if (EndQuad<TTile>() > 1)
        {
            var pair = Multiply(s.Sums.E2, s.Sums.E3, s.Fragments, s.Fragments.X1);
            (s.Sums.E2, s.Sums.E3) = (pair.A, pair.B);
            s.Fragments.X1 = TensorInstructions.LoadMatrices(ref x, 16 * RowBytes);
        }
        if (EndQuad<TTile>() > 2)
        {
            var pair = Multiply(s.Sums.E4, s.Sums.E5, s.Fragments, s.Fragments.X2);
            (s.Sums.E4, s.Sums.E5) = (pair.A, pair.B);
            s.Fragments.X2 = TensorInstructions.LoadMatrices(ref x, 32 * RowBytes);
        }
        if (EndQuad<TTile>() > 3)
        {
            var pair = Multiply(s.Sums.E6, s.Sums.E7, s.Fragments, s.Fragments.X3);
            (s.Sums.E6, s.Sums.E7) = (pair.A, pair.B);
            s.Fragments.X3 = TensorInstructions.LoadMatrices(ref x, 48 * RowBytes);
        }
        return s;
    }

    /// <summary>The last two times 16 rows of x, or the last 16 and an odd eight: W becomes free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineState MultiplyEnd<TTile>(PipelineState s, ref float x, ref float w, ref float odd, bool second)
        where TTile : struct, IPipelineTile
    {
        const int Step = 16 * RowBytes;
        bool lone = TTile.Eights % 2 != 0;
        Bits2 halfOdd = second ? Fragments.Lower(s.Fragments.Odd) : Fragments.Upper(s.Fragments.Odd);
        if (second && lone)
            s.Fragments.Odd = TensorInstructions.LoadMatrices(ref odd, 0);
        FourEights e = End<TTile>(s.Sums);
        Bits4 upper = Sixteen(s.Fragments, EndQuad<TTile>()), lower = Sixteen(s.Fragments, EndQuad<TTile>() + 1);
        Bits2 third = lone ? halfOdd : Fragments.Upper(lower), fourth = Fragments.Lower(lower);

        e.A.T0 = TensorInstructions.Multiply(s.Fragments.W0, Fragments.Upper(upper), e.A.T0);
        e.B.T0 = TensorInstructions.Multiply(s.Fragments.W0, Fragments.Lower(upper), e.B.T0);
        e.C.T0 = TensorInstructions.Multiply(s.Fragments.W0, third, e.C.T0);
        if (!lone)
            e.D.T0 = TensorInstructions.Multiply(s.Fragments.W0, fourth, e.D.T0);
        s.Fragments.W0 = TensorInstructions.LoadMatrices(ref w, 0);
        e.A.T1 = TensorInstructions.Multiply(s.Fragments.W1, Fragments.Upper(upper), e.A.T1);
        e.B.T1 = TensorInstructions.Multiply(s.Fragments.W1, Fragments.Lower(upper), e.B.T1);
        e.C.T1 = TensorInstructions.Multiply(s.Fragments.W1, third, e.C.T1);
        if (!lone)
            e.D.T1 = TensorInstructions.Multiply(s.Fragments.W1, fourth, e.D.T1);
        s.Fragments.W1 = TensorInstructions.LoadMatrices(ref w, Step);
        e.A.T2 = TensorInstructions.Multiply(s.Fragments.W2, Fragments.Upper(upper), e.A.T2);
        e.B.T2 = TensorInstructions.Multiply(s.Fragments.W2, Fragments.Lower(upper), e.B.T2);
        e.C.T2 = TensorInstructions.Multiply(s.Fragments.W2, third, e.C.T2);
        if (!lone)
            e.D.T2 = TensorInstructions.Multiply(s.Fragments.W2, fourth, e.D.T2);
        s.Fragments.W2 = TensorInstructions.LoadMatrices(ref w, 2 * Step);
        e.A.T3 = TensorInstructions.Multiply(s.Fragments.W3, Fragments.Upper(upper), e.A.T3);
        e.B.T3 = TensorInstructions.Multiply(s.Fragments.W3, Fragments.Lower(upper), e.B.T3);
        s.Fragments = LoadSixteen(s.Fragments, EndQuad<TTile>(), ref x);
        e.C.T3 = TensorInstructions.Multiply(s.Fragments.W3, third, e.C.T3);
        if (!lone)
            e.D.T3 = TensorInstructions.Multiply(s.Fragments.W3, fourth, e.D.T3);
        s.Fragments.W3 = TensorInstructions.LoadMatrices(ref w, 3 * Step);
        if (!lone)
            s.Fragments = LoadSixteen(s.Fragments, EndQuad<TTile>() + 1, ref x);
        s.Sums = WithEnd<TTile>(s.Sums, e);
        return s;
    }

    struct TwoEights
    {
        public EightRows A, B;
    }

    struct FourEights
    {
        public EightRows A, B, C, D;
    }

    // The register quad of x at which MultiplyEnd begins: the last but one, or the last before an odd eight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int EndQuad<TTile>() where TTile : struct, IPipelineTile => (TTile.Eights + 1) / 2 - 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits4 Sixteen(PipelineFragments f, int quad) =>
        quad == 0 ? f.X0 : quad == 1 ? f.X1 : quad == 2 ? f.X2 : quad == 3 ? f.X3 : quad == 4 ? f.X4 : f.X5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineFragments LoadSixteen(PipelineFragments f, int quad, ref float x)
    {
        if (quad == 0)
            f.X0 = TensorInstructions.LoadMatrices(ref x, 0);
        else if (quad == 1)
            f.X1 = TensorInstructions.LoadMatrices(ref x, 16 * RowBytes);
        else if (quad == 2)
            f.X2 = TensorInstructions.LoadMatrices(ref x, 32 * RowBytes);
        else if (quad == 3)
            f.X3 = TensorInstructions.LoadMatrices(ref x, 48 * RowBytes);
        else if (quad == 4)
            f.X4 = TensorInstructions.LoadMatrices(ref x, 64 * RowBytes);
        else
            f.X5 = TensorInstructions.LoadMatrices(ref x, 80 * RowBytes);
        return f;
    }

    /// <summary>The sums of the rows that come last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourEights End<TTile>(PipelineSums s) where TTile : struct, IPipelineTile
    {
        FourEights e = default;
        if (EndQuad<TTile>() == 4)
            (e.A, e.B, e.C, e.D) = (s.E8, s.E9, s.E10, s.E11);
        else if (EndQuad<TTile>() == 3)
            (e.A, e.B, e.C, e.D) = (s.E6, s.E7, s.E8, s.E9);
        else if (EndQuad<TTile>() == 2)
            (e.A, e.B, e.C, e.D) = (s.E4, s.E5, s.E6, s.E7);
        else if (EndQuad<TTile>() == 1)
            (e.A, e.B, e.C, e.D) = (s.E2, s.E3, s.E4, s.E5);
        else
            (e.A, e.B, e.C, e.D) = (s.E0, s.E1, s.E2, s.E3);
        return e;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineSums WithEnd<TTile>(PipelineSums s, FourEights e) where TTile : struct, IPipelineTile
    {
        if (EndQuad<TTile>() == 4)
            (s.E8, s.E9, s.E10, s.E11) = (e.A, e.B, e.C, e.D);
        else if (EndQuad<TTile>() == 3)
            (s.E6, s.E7, s.E8, s.E9) = (e.A, e.B, e.C, e.D);
        else if (EndQuad<TTile>() == 2)
            (s.E4, s.E5, s.E6, s.E7) = (e.A, e.B, e.C, e.D);
        else if (EndQuad<TTile>() == 1)
            (s.E2, s.E3, s.E4, s.E5) = (e.A, e.B, e.C, e.D);
        else
            (s.E0, s.E1, s.E2, s.E3) = (e.A, e.B, e.C, e.D);
        return s;
    }

    // 16 rows of x with all of W.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TwoEights Multiply(EightRows a, EightRows b, PipelineFragments f, Bits4 x)
    {
        TwoEights sums = default;
        sums.A.T0 = TensorInstructions.Multiply(f.W0, Fragments.Upper(x), a.T0);
        sums.B.T0 = TensorInstructions.Multiply(f.W0, Fragments.Lower(x), b.T0);
        sums.A.T1 = TensorInstructions.Multiply(f.W1, Fragments.Upper(x), a.T1);
        sums.B.T1 = TensorInstructions.Multiply(f.W1, Fragments.Lower(x), b.T1);
        sums.A.T2 = TensorInstructions.Multiply(f.W2, Fragments.Upper(x), a.T2);
        sums.B.T2 = TensorInstructions.Multiply(f.W2, Fragments.Lower(x), b.T2);
        sums.A.T3 = TensorInstructions.Multiply(f.W3, Fragments.Upper(x), a.T3);
        sums.B.T3 = TensorInstructions.Multiply(f.W3, Fragments.Lower(x), b.T3);
        return sums;
    }
}
