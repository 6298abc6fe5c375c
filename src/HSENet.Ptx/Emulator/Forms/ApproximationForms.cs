// Signs, approximations and flushing arithmetic of f32 that kernels execute often, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

readonly struct NegateF32 : IVectorUnary
{
    public static uint Of(uint a) => a ^ 0x80000000;
    public static V Of(V a) => a ^ Vector512.Create(0x80000000);
}

readonly struct AbsoluteF32 : IVectorUnary
{
    public static uint Of(uint a) => a & 0x7fffffff;
    public static V Of(V a) => a & Vector512.Create(0x7fffffffu);
}

/// <summary>rcp.rn and rcp.approx: the quotient of two f32 rounded once is also what rounding it by way of f64 gives.</summary>
readonly struct ReciprocalF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(1 / FloatBits.Single(a));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Create(1f) / a.AsSingle());
}

readonly struct ReciprocalSquareRootF32 : IVectorUnary
{
    public static uint Of(uint a) => (uint)FloatApproximation.Apply(Approximation.ReciprocalSquareRoot, FloatFormat.Single, a, false);
    public static V Of(V a)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(a.AsSingle());
        Vector512<double> one = Vector512.Create(1.0);
        return FloatBits.Canonical(Vector512.Narrow(one / Vector512.Sqrt(low), one / Vector512.Sqrt(high)));
    }
}

readonly struct Exponential2F32 : IVectorUnary
{
    public static uint Of(uint a) => (uint)FloatApproximation.Apply(Approximation.Exponential2, FloatFormat.Single, a, false);
    public static V Of(V a)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(a.AsSingle());
        V result = Vector512.Narrow(Exponential2.Of(low), Exponential2.Of(high)).AsUInt32();
        return Vector512.ConditionalSelect(Vector512.Equals(a.AsSingle(), a.AsSingle()).AsUInt32(), result,
            Vector512.Create(FloatBits.CanonicalNaN));
    }
}

/// <summary>The functions that are evaluated lane by lane: in f64, rounded once, as <see cref="FloatApproximation"/> does.</summary>
readonly struct Logarithm2F32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => FloatBits.Canonical((float)Math.Log2(FloatBits.Single(a)));
}

readonly struct SineF32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => FloatBits.Canonical((float)Math.Sin(FloatBits.Single(a)));
}

readonly struct CosineF32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => FloatBits.Canonical((float)Math.Cos(FloatBits.Single(a)));
}

readonly struct HyperbolicTangentF32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => FloatBits.Canonical((float)Math.Tanh(FloatBits.Single(a)));
}

static class FlushBits
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(uint a) => (a & 0x7f800000) == 0 ? a & 0x80000000 : a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(V a) =>
        a & (Vector512.Create(0x80000000) | ~Vector512.Equals(a & Vector512.Create(0x7f800000u), V.Zero));
}

/// <summary>.ftz of an instruction: operands and result lose their subnormals.</summary>
readonly struct FlushedUnary<TOp> : IVectorUnary where TOp : IVectorUnary
{
    public static uint Of(uint a) => FlushBits.Of(TOp.Of(FlushBits.Of(a)));
    public static V Of(V a) => FlushBits.Of(TOp.Of(FlushBits.Of(a)));
}

readonly struct FlushedLane<TOp> : IUnary<uint, uint> where TOp : IUnary<uint, uint>
{
    public static uint Of(uint a) => FlushBits.Of(TOp.Of(FlushBits.Of(a)));
}

readonly struct FlushedBinary<TOp> : IVectorBinary where TOp : IVectorBinary
{
    public static uint Of(uint a, uint b) => FlushBits.Of(TOp.Of(FlushBits.Of(a), FlushBits.Of(b)));
    public static V Of(V a, V b) => FlushBits.Of(TOp.Of(FlushBits.Of(a), FlushBits.Of(b)));
}

readonly struct FlushedTernary<TOp> : IVectorTernary where TOp : IVectorTernary
{
    public static uint Of(uint a, uint b, uint c) => FlushBits.Of(TOp.Of(FlushBits.Of(a), FlushBits.Of(b), FlushBits.Of(c)));
    public static V Of(V a, V b, V c) => FlushBits.Of(TOp.Of(FlushBits.Of(a), FlushBits.Of(b), FlushBits.Of(c)));
}

sealed partial class DecodeTable
{
    void AddApproximations()
    {
        Add("neg.f32", Form.VectorUnary<NegateF32>());
        Add("abs.f32", Form.VectorUnary<AbsoluteF32>());
        Add("rcp.rn.f32 rcp.approx.f32", Form.VectorUnary<ReciprocalF32>());
        Add("sqrt.approx.f32", Form.VectorUnary<SquareRootF32>());
        Add("rsqrt.approx.f32", Form.VectorUnary<ReciprocalSquareRootF32>());
        Add("ex2.approx.f32", Form.VectorUnary<Exponential2F32>());
        AddScalar<Logarithm2F32>("lg2");
        AddScalar<SineF32>("sin");
        AddScalar<CosineF32>("cos");
        AddScalar<HyperbolicTangentF32>("tanh");
        Add("div.full.f32", Form.Vector<DivideF32>());

        Add("neg.ftz.f32", Form.VectorUnary<FlushedUnary<NegateF32>>());
        Add("abs.ftz.f32", Form.VectorUnary<FlushedUnary<AbsoluteF32>>());
        Add("rcp.rn.ftz.f32 rcp.approx.ftz.f32", Form.VectorUnary<FlushedUnary<ReciprocalF32>>());
        Add("sqrt.rn.ftz.f32 sqrt.approx.ftz.f32", Form.VectorUnary<FlushedUnary<SquareRootF32>>());
        Add("rsqrt.approx.ftz.f32", Form.VectorUnary<FlushedUnary<ReciprocalSquareRootF32>>());
        Add("ex2.approx.ftz.f32", Form.VectorUnary<FlushedUnary<Exponential2F32>>());
        Add("add.ftz.f32 add.rn.ftz.f32", Form.Vector<FlushedBinary<AddF32>>());
        Add("sub.ftz.f32 sub.rn.ftz.f32", Form.Vector<FlushedBinary<SubtractF32>>());
        Add("mul.ftz.f32 mul.rn.ftz.f32", Form.Vector<FlushedBinary<MultiplyF32>>());
        Add("div.rn.ftz.f32 div.full.ftz.f32", Form.Vector<FlushedBinary<DivideF32>>());
        Add("min.ftz.f32", Form.Vector<FlushedBinary<MinF32>>());
        Add("max.ftz.f32", Form.Vector<FlushedBinary<MaxF32>>());
        Add("fma.rn.ftz.f32 mad.rn.ftz.f32", Form.VectorTernary<FlushedTernary<FusedMultiplyAddF32>>());
    }

    void AddScalar<TOp>(string name) where TOp : IUnary<uint, uint>
    {
        Add($"{name}.approx.f32", Form.Unary<TOp, uint, uint>());
        Add($"{name}.approx.ftz.f32", Form.Unary<FlushedLane<TOp>, uint, uint>());
    }
}
