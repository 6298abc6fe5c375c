// Scalar floating-point instructions that ILGPU does not write itself.
using ILGPU.IR.Intrinsics;

namespace HSENet.Kernels;

/// <summary>Scalar PTX instructions.</summary>
static class ScalarInstructions
{
    /// <summary>a · b + c with one rounding.</summary>
    [IntrinsicImplementation, PtxInstruction("fma.rn.f32 {d}, {0}, {1}, {2}")]
    public static float FusedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>The nearest integer, ties to even.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rni.f32.f32 {d}, {0}")]
    public static float RoundToEven(float x) => MathF.Round(x);

    /// <summary>√x, correctly rounded.</summary>
    [IntrinsicImplementation, PtxInstruction("sqrt.rn.f32 {d}, {0}")]
    public static float SquareRoot(float x) => MathF.Sqrt(x);

    /// <summary>a / b, correctly rounded.</summary>
    [IntrinsicImplementation, PtxInstruction("div.rn.f32 {d}, {0}, {1}")]
    public static float Divide(float a, float b) => a / b;

    // An assembler may fuse mul.f64 with add.f64, which moves a byte that lies on a boundary; these it may not.

    /// <summary>a + b in double precision, correctly rounded, never fused.</summary>
    [IntrinsicImplementation, PtxInstruction("add.rn.f64 {d}, {0}, {1}")]
    public static double Add(double a, double b) => a + b;

    /// <summary>a · b in double precision, correctly rounded, never fused.</summary>
    [IntrinsicImplementation, PtxInstruction("mul.rn.f64 {d}, {0}, {1}")]
    public static double Multiply(double a, double b) => a * b;

    /// <summary>a · b + c in double precision with one rounding.</summary>
    [IntrinsicImplementation, PtxInstruction("fma.rn.f64 {d}, {0}, {1}, {2}")]
    public static double FusedMultiplyAdd(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <summary>a / b in double precision, correctly rounded.</summary>
    [IntrinsicImplementation, PtxInstruction("div.rn.f64 {d}, {0}, {1}")]
    public static double Divide(double a, double b) => a / b;

    /// <summary>a · b, correctly rounded, never fused.</summary>
    [IntrinsicImplementation, PtxInstruction("mul.rn.f32 {d}, {0}, {1}")]
    public static float Multiply(float a, float b) => a * b;

    /// <summary>The upper half of a · b.</summary>
    [IntrinsicImplementation, PtxInstruction("mul.hi.u32 {d}, {0}, {1}")]
    public static uint MultiplyHigh(uint a, uint b) => (uint)((ulong)a * b >> 32);
}
