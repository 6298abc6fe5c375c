// 512-bit host vectors: AVX-512.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>16 floats.</summary>
readonly unsafe struct Wide512(Vector512<float> value) : IHostVector<Wide512>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(Inline)]
    public static Wide512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)]
    public static Wide512 Load(float* p) => new(Vector512.Load(p));

    [MethodImpl(Inline)]
    public static Wide512 Load(ushort* p) => new(((Avx512F.IsSupported ? Avx512F.ConvertToVector512UInt32(Vector256.Load(p))
        : Vector512.Create(Vector256.WidenLower(Vector256.Load(p)), Vector256.WidenUpper(Vector256.Load(p)))) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide512 LoadEven(ushort* p) => new((Vector512.Load((uint*)p) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide512 LoadOdd(ushort* p) => new((Vector512.Load((uint*)p) & Vector512.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(Inline)]
    public static Wide512 Load(sbyte* p) =>
        new(Vector512.ConvertToSingle(Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(Vector128.Load(p))
        : Vector512.WidenLower(Vector512.WidenLower(Vector512.Create(Vector256.Create(Vector128.Load(p), default), default)))));

    [MethodImpl(Inline)]
    public static Wide512 LoadLanes(float* p, nint rowStride) => new(Vector512.Create(
        Vector256.Create(Vector128.Load(p), Vector128.Load(p + rowStride)),
        Vector256.Create(Vector128.Load(p + 2 * rowStride), Vector128.Load(p + 3 * rowStride))));

    [MethodImpl(Inline)]
    public static void Store(float* p, Wide512 value) => value._value.Store(p);

    [MethodImpl(Inline)]
    public static Wide512 operator +(Wide512 a, Wide512 b) => new(a._value + b._value);

    [MethodImpl(Inline)]
    public static Wide512 operator -(Wide512 a, Wide512 b) => new(a._value - b._value);

    [MethodImpl(Inline)]
    public static Wide512 operator *(Wide512 a, Wide512 b) => new(a._value * b._value);

    [MethodImpl(Inline)]
    public static Wide512 operator /(Wide512 a, Wide512 b) => new(a._value / b._value);

    [MethodImpl(Inline)]
    public static Wide512 MultiplyAdd(Wide512 a, Wide512 b, Wide512 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(Inline)]
    public static Wide512 Min(Wide512 a, Wide512 b) => new(Vector512.MinNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide512 Max(Wide512 a, Wide512 b) => new(Vector512.MaxNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide512 Abs(Wide512 a) => new(Vector512.Abs(a._value));

    [MethodImpl(Inline)]
    public static Wide512 Round(Wide512 a) => new(Vector512.Round(a._value));

    [MethodImpl(Inline)]
    public static Wide512 SquareRoot(Wide512 a) => new(Vector512.Sqrt(a._value));

    [MethodImpl(Inline)]
    public static Wide512 IfLess(Wide512 a, Wide512 b, Wide512 yes, Wide512 no) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a._value, b._value), yes._value, no._value));

    [MethodImpl(Inline)]
    public static Wide512 PowerOfTwo(Wide512 whole) =>
        new(((Vector512.ConvertToInt32Native(whole._value) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Wide512 ShiftExponent(Wide512 a, Wide512 bits) => new((a._value.AsInt32() + (bits._value.AsInt32() << 23)).AsSingle());

    [MethodImpl(Inline)]
    public static float Sum(Wide512 a) => Vector512.Sum(a._value);

    [MethodImpl(Inline)]
    public static float Largest(Wide512 a) => Wide256.Largest(new(Vector256.MaxNative(a._value.GetLower(), a._value.GetUpper())));

    [MethodImpl(Inline)]
    public static Wide128 AddLanes(Wide512 a) => Wide256.AddLanes(new(a._value.GetLower() + a._value.GetUpper()));

    [MethodImpl(Inline)]
    public static Wide512 InterleaveLower(Wide512 a, Wide512 b) => new(Avx512F.IsSupported ? Avx512F.UnpackLow(a._value, b._value)
        : Vector512.Create(Wide256.InterleaveLower(a.Lower, b.Lower).Value, Wide256.InterleaveLower(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide512 InterleaveUpper(Wide512 a, Wide512 b) => new(Avx512F.IsSupported ? Avx512F.UnpackHigh(a._value, b._value)
        : Vector512.Create(Wide256.InterleaveUpper(a.Lower, b.Lower).Value, Wide256.InterleaveUpper(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide512 JoinLower(Wide512 a, Wide512 b) =>
        new(Avx512F.IsSupported ? Avx512F.UnpackLow(a._value.AsDouble(), b._value.AsDouble()).AsSingle()
        : Vector512.Create(Wide256.JoinLower(a.Lower, b.Lower).Value, Wide256.JoinLower(a.Upper, b.Upper).Value));

    [MethodImpl(Inline)]
    public static Wide512 JoinUpper(Wide512 a, Wide512 b) =>
        new(Avx512F.IsSupported ? Avx512F.UnpackHigh(a._value.AsDouble(), b._value.AsDouble()).AsSingle()
        : Vector512.Create(Wide256.JoinUpper(a.Lower, b.Lower).Value, Wide256.JoinUpper(a.Upper, b.Upper).Value));

    Wide256 Lower => new(_value.GetLower());

    Wide256 Upper => new(_value.GetUpper());

    internal Vector512<float> Value => _value;
}
