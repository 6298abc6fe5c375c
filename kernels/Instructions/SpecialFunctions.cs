// The special function unit: one instruction for 2^x and for 1/x, a little less exact than f32, and what activations make of them.
using System.Runtime.CompilerServices;
using ILGPU.IR.Intrinsics;
using static HSENet.Kernels.ScalarInstructions;

namespace HSENet.Kernels;

/// <summary>Functions for rungs that read their inputs in bf16: relative errors around 2⁻²², other bits on a GPU than in the
/// emulator.</summary>
static class SpecialFunctions
{
    // log₂ Φ(−x) on [0, 6], of which x·Φ(−x) gets an error of 5.2e-8
    const float Tail0 = -0.999993085861206f, Tail1 = -1.1512017250061035f, Tail2 = -0.4587710499763489f, Tail3 = -0.05341198295354843f,
        Tail4 = 0.008080622181296349f, Tail5 = -0.0007691861828789115f, Tail6 = 3.308843952254392e-05f, TailEnd = 6f;

    /// <summary>2^x; results below 2⁻¹²⁶ are 0.</summary>
    [IntrinsicImplementation, PtxInstruction("ex2.approx.ftz.f32 {d}, {0}")]
    public static float Exponential2(float x) => MathF.Pow(2f, x);

    /// <summary>1 / x.</summary>
    [IntrinsicImplementation, PtxInstruction("rcp.approx.ftz.f32 {d}, {0}")]
    public static float Reciprocal(float x) => 1f / x;

    /// <summary>x · Φ(x) = max(x, 0) − |x| · Φ(−|x|), absolute error 3e-7 or 3e-6·|x|, whichever is less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Gelu(float x)
    {
        float t = MathF.Min(MathF.Abs(x), TailEnd);
        float tail = FusedMultiplyAdd(Tail6, t, Tail5);
        tail = FusedMultiplyAdd(tail, t, Tail4);
        tail = FusedMultiplyAdd(tail, t, Tail3);
        tail = FusedMultiplyAdd(tail, t, Tail2);
        tail = FusedMultiplyAdd(tail, t, Tail1);
        tail = FusedMultiplyAdd(tail, t, Tail0);
        return FusedMultiplyAdd(-MathF.Abs(x), Exponential2(tail), MathF.Max(x, 0f));
    }

    /// <summary>x / (1 + e^−x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Silu(float x) => x * Reciprocal(1f + Exponential2(-ElementaryCoefficients.Log2E * x));
}
