// 256-bit host vectors: AVX2.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>8 floats.</summary>
readonly unsafe struct Wide256(Vector256<float> value) : IHostVector<Wide256>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(Inline)]
    public static Wide256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)]
    public static Wide256 Load(float* p) => new(Vector256.Load(p));

    [MethodImpl(Inline)]
    public static Wide256 Load(ushort* p) => new(((Avx2.IsSupported ? Avx2.ConvertToVector256Int32(Vector128.Load(p)).AsUInt32()
        : Vector256.Create(Vector128.WidenLower(Vector128.Load(p)), Vector128.WidenUpper(Vector128.Load(p)))) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide256 LoadEven(ushort* p) => new((Vector256.Load((uint*)p) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide256 LoadOdd(ushort* p) => new((Vector256.Load((uint*)p) & Vector256.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(Inline)]
    public static Wide256 Load(sbyte* p) =>
        new(Vector256.ConvertToSingle(Avx2.IsSupported ? Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(*(long*)p).AsSByte())
        : Vector256.WidenLower(Vector256.WidenLower(Vector256.Create(Vector128.CreateScalar(*(long*)p).AsSByte(), default)))));

    [MethodImpl(Inline)]
    public static Wide256 LoadLanes(float* p, nint rowStride) => new(Vector256.Create(Vector128.Load(p), Vector128.Load(p + rowStride)));

    [MethodImpl(Inline)]
    public static void Store(float* p, Wide256 value) => value._value.Store(p);

    [MethodImpl(Inline)]
    public static Wide256 operator +(Wide256 a, Wide256 b) => new(a._value + b._value);

    [MethodImpl(Inline)]
    public static Wide256 operator -(Wide256 a, Wide256 b) => new(a._value - b._value);

    [MethodImpl(Inline)]
    public static Wide256 operator *(Wide256 a, Wide256 b) => new(a._value * b._value);

    [MethodImpl(Inline)]
    public static Wide256 operator /(Wide256 a, Wide256 b) => new(a._value / b._value);

    [MethodImpl(Inline)]
    public static Wide256 MultiplyAdd(Wide256 a, Wide256 b, Wide256 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(Inline)]
    public static Wide256 Min(Wide256 a, Wide256 b) => new(Vector256.MinNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide256 Max(Wide256 a, Wide256 b) => new(Vector256.MaxNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide256 Abs(Wide256 a) => new(Vector256.Abs(a._value));

    [MethodImpl(Inline)]
    public static Wide256 Round(Wide256 a) => new(Vector256.Round(a._value));

    [MethodImpl(Inline)]
    public static Wide256 SquareRoot(Wide256 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(Inline)]
    public static Wide256 IfLess(Wide256 a, Wide256 b, Wide256 yes, Wide256 no) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a._value, b._value), yes._value, no._value));

    [MethodImpl(Inline)]
    public static Wide256 PowerOfTwo(Wide256 whole) =>
        new(((Vector256.ConvertToInt32Native(whole._value) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Wide256 ShiftExponent(Wide256 a, Wide256 bits) => new((a._value.AsInt32() + (bits._value.AsInt32() << 23)).AsSingle());

    [MethodImpl(Inline)]
    public static float Sum(Wide256 a) => Vector256.Sum(a._value);

    [MethodImpl(Inline)]
    public static float Largest(Wide256 a) => Wide128.Largest(new(Vector128.MaxNative(a._value.GetLower(), a._value.GetUpper())));

    [MethodImpl(Inline)]
    public static Wide128 AddLanes(Wide256 a) => Wide128.AddLanes(new(a._value.GetLower() + a._value.GetUpper()));

    [MethodImpl(Inline)]
    public static Wide256 InterleaveLower(Wide256 a, Wide256 b) => new(Avx.IsSupported ? Avx.UnpackLow(a._value, b._value)
        : Vector256.Create(Wide128.InterleaveLower(a.Lower, b.Lower).Value, Wide128.InterleaveLower(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide256 InterleaveUpper(Wide256 a, Wide256 b) => new(Avx.IsSupported ? Avx.UnpackHigh(a._value, b._value)
        : Vector256.Create(Wide128.InterleaveUpper(a.Lower, b.Lower).Value, Wide128.InterleaveUpper(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide256 JoinLower(Wide256 a, Wide256 b) =>
        new(Avx.IsSupported ? Avx.UnpackLow(a._value.AsDouble(), b._value.AsDouble()).AsSingle()
        : Vector256.Create(Wide128.JoinLower(a.Lower, b.Lower).Value, Wide128.JoinLower(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide256 JoinUpper(Wide256 a, Wide256 b) =>
        new(Avx.IsSupported ? Avx.UnpackHigh(a._value.AsDouble(), b._value.AsDouble()).AsSingle()
        : Vector256.Create(Wide128.JoinUpper(a.Lower, b.Lower).Value, Wide128.JoinUpper(a.Upper, b.Upper).Value));

    Wide128 Lower => new(_value.GetLower());

    Wide128 Upper => new(_value.GetUpper());

    internal Vector256<float> Value => _value;
}
