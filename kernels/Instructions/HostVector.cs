// Vectors of f32 as host rungs see them: one source for AVX-512, AVX2 and 128-bit machines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

/// <summary>
/// Neighbouring floats in one register. A host rung is generic over this, so that each width is compiled by itself: a
/// <c>Vector512</c> that the machine lacks would run at a quarter of what its own <c>Vector256</c> reaches.
/// </summary>
/// <remarks>Every member is inlined always: one that is not sends all registers of its caller through memory.</remarks>
unsafe interface IHostVector<TSelf> where TSelf : unmanaged, IHostVector<TSelf>
{
    /// <summary>Floats in a register.</summary>
    static abstract int Count { get; }

    /// <summary>The same value in each place.</summary>
    static abstract TSelf Create(float value);

    static abstract TSelf Load(float* p);

    /// <summary>Widens bf16.</summary>
    static abstract TSelf Load(ushort* p);

    /// <summary>Widens bf16 from the even places of 2 · <see cref="Count"/> neighbours.</summary>
    static abstract TSelf LoadEven(ushort* p);

    /// <summary>Widens bf16 from the odd places.</summary>
    static abstract TSelf LoadOdd(ushort* p);

    /// <summary>Converts signed bytes.</summary>
    static abstract TSelf Load(sbyte* p);

    /// <summary>Four neighbours from each of <see cref="Count"/> / 4 rows.</summary>
    static abstract TSelf LoadLanes(float* p, nint rowStride);

    static abstract void Store(float* p, TSelf value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a · b + c, with one rounding where the machine has the instruction.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Min(TSelf a, TSelf b);

    static abstract TSelf Max(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Round(TSelf a);

    static abstract TSelf SquareRoot(TSelf a);

    /// <summary>a &lt; b ? yes : no, place by place.</summary>
    static abstract TSelf IfLess(TSelf a, TSelf b, TSelf yes, TSelf no);

    /// <summary>2^a for whole numbers from −126 to 127.</summary>
    static abstract TSelf PowerOfTwo(TSelf whole);

    /// <summary>Adds the lowest bits of <paramref name="bits"/>, as a whole number, to the exponent of a, which must stay that of a normal
    /// number.</summary>
    static abstract TSelf ShiftExponent(TSelf a, TSelf bits);

    static abstract float Sum(TSelf a);

    static abstract float Largest(TSelf a);

    /// <summary>Sums of the places that lie <c>4 i</c> apart.</summary>
    static abstract Wide128 AddLanes(TSelf a);

    /// <summary>In each group of four places: a's and b's lower halves in turns (a0 b0 a1 b1).</summary>
    static abstract TSelf InterleaveLower(TSelf a, TSelf b);

    /// <summary>In each group of four places: a2 b2 a3 b3.</summary>
    static abstract TSelf InterleaveUpper(TSelf a, TSelf b);

    /// <summary>In each group of four places: a0 a1 b0 b1.</summary>
    static abstract TSelf JoinLower(TSelf a, TSelf b);

    /// <summary>In each group of four places: a2 a3 b2 b3.</summary>
    static abstract TSelf JoinUpper(TSelf a, TSelf b);
}

/// <summary>Widths of host vectors in bits.</summary>
static class HostVector
{
    /// <summary>The widest that the machine has; <c>HSENET_HOST_VECTORS</c> (128, 256 or 512) overrides it.</summary>
    public static int DefaultBits => Environment.GetEnvironmentVariable("HSENET_HOST_VECTORS") switch
    {
        "128" => 128,
        "256" => 256,
        "512" => 512,
        null or "" => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
        var other => throw new HseNetException($"HSENET_HOST_VECTORS: expected 128, 256 or 512, got '{other}'"),
    };
}

/// <summary>How loops over vectors are compiled.</summary>
static class HostMethod
{
    /// <summary>
    /// At full optimisation from the first call, and never inlined: pulled into a larger method, what a loop keeps in registers would live
    /// in memory.
    /// </summary>
    public const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;
}
