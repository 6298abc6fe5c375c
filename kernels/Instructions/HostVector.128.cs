// 128-bit host vectors: every machine, ARM included.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>4 floats.</summary>
readonly unsafe struct Wide128(Vector128<float> value) : IHostVector<Wide128>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(Inline)]
    public static Wide128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)]
    public static Wide128 Load(float* p) => new(Vector128.Load(p));

    [MethodImpl(Inline)]
    public static Wide128 Load(ushort* p) => new((Vector128.WidenLower(Vector128.CreateScalar(*(long*)p).AsUInt16()) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide128 LoadEven(ushort* p) => new((Vector128.Load((uint*)p) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Wide128 LoadOdd(ushort* p) => new((Vector128.Load((uint*)p) & Vector128.Create(0xFFFF0000u)).AsSingle());

    [MethodImpl(Inline)]
    public static Wide128 Load(sbyte* p) =>
        new(Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(int*)p).AsSByte()))));

    [MethodImpl(Inline)]
    public static Wide128 LoadLanes(float* p, nint rowStride) => Load(p);

    [MethodImpl(Inline)]
    public static void Store(float* p, Wide128 value) => value._value.Store(p);

    [MethodImpl(Inline)]
    public static Wide128 operator +(Wide128 a, Wide128 b) => new(a._value + b._value);

    [MethodImpl(Inline)]
    public static Wide128 operator -(Wide128 a, Wide128 b) => new(a._value - b._value);

    [MethodImpl(Inline)]
    public static Wide128 operator *(Wide128 a, Wide128 b) => new(a._value * b._value);

    [MethodImpl(Inline)]
    public static Wide128 operator /(Wide128 a, Wide128 b) => new(a._value / b._value);

    [MethodImpl(Inline)]
    public static Wide128 MultiplyAdd(Wide128 a, Wide128 b, Wide128 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(Inline)]
    public static Wide128 Min(Wide128 a, Wide128 b) => new(Vector128.MinNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide128 Max(Wide128 a, Wide128 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(Inline)]
    public static Wide128 Abs(Wide128 a) => new(Vector128.Abs(a._value));

    [MethodImpl(Inline)]
    public static Wide128 Round(Wide128 a) => new(Vector128.Round(a._value));

    [MethodImpl(Inline)]
    public static Wide128 SquareRoot(Wide128 a) => new(Vector128.Sqrt(a._value));

    [MethodImpl(Inline)]
    public static Wide128 IfLess(Wide128 a, Wide128 b, Wide128 yes, Wide128 no) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a._value, b._value), yes._value, no._value));

    [MethodImpl(Inline)]
    public static Wide128 PowerOfTwo(Wide128 whole) =>
        new(((Vector128.ConvertToInt32Native(whole._value) + Vector128.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Wide128 ShiftExponent(Wide128 a, Wide128 bits) => new((a._value.AsInt32() + (bits._value.AsInt32() << 23)).AsSingle());

    [MethodImpl(Inline)]
    public static float Sum(Wide128 a) => Vector128.Sum(a._value);

    [MethodImpl(Inline)]
    public static float Largest(Wide128 a)
    {
        var half = Vector128.MaxNative(a._value, Vector128.Shuffle(a._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(Inline)]
    public static Wide128 AddLanes(Wide128 a) => a;

    [MethodImpl(Inline)]
    public static Wide128 Create(float a, float b, float c, float d) => new(Vector128.Create(a, b, c, d));

    [MethodImpl(Inline)]
    public static Wide128 InterleaveLower(Wide128 a, Wide128 b) => new(Sse.IsSupported ? Sse.UnpackLow(a._value, b._value)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a._value, b._value)
        : Vector128.Create(a._value[0], b._value[0], a._value[1], b._value[1]));

    [MethodImpl(Inline)]
    public static Wide128 InterleaveUpper(Wide128 a, Wide128 b) => new(Sse.IsSupported ? Sse.UnpackHigh(a._value, b._value)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a._value, b._value)
        : Vector128.Create(a._value[2], b._value[2], a._value[3], b._value[3]));

    [MethodImpl(Inline)]
    public static Wide128 JoinLower(Wide128 a, Wide128 b) => new(Vector128.Create(a._value.GetLower(), b._value.GetLower()));

    [MethodImpl(Inline)]
    public static Wide128 JoinUpper(Wide128 a, Wide128 b) => new(Vector128.Create(a._value.GetUpper(), b._value.GetUpper()));

    internal Vector128<float> Value => _value;
}
