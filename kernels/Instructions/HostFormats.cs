// How host rungs read rows of a weight matrix as vectors of f32, whatever it is stored in.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>A row-major matrix in its storage type: where it is, the scales of int8, elements from a row to the next.</summary>
readonly unsafe struct HostMatrix(void* values, float* scales, nint stride)
{
    public readonly byte* Values = (byte*)values;
    public readonly float* Scales = scales;
    public readonly nint Stride = stride;
}

/// <summary>Reads one storage type.</summary>
unsafe interface IHostFormat
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether each group of <see cref="Weights.ScaleGroup"/> neighbours has a scale.</summary>
    static abstract bool Scaled { get; }

    /// <summary>Neighbouring elements as f32, not yet scaled.</summary>
    static abstract TVector Load<TVector>(byte* p) where TVector : unmanaged, IHostVector<TVector>;

    /// <summary>One element as f32, not yet scaled.</summary>
    static abstract float LoadOne(byte* p);
}

/// <summary>f32.</summary>
readonly unsafe struct HostF32 : IHostFormat
{
    public static int Bytes => 4;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(byte* p) where TVector : unmanaged, IHostVector<TVector> => TVector.Load((float*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(byte* p) => *(float*)p;
}

/// <summary>The upper half of an f32.</summary>
readonly unsafe struct HostBF16 : IHostFormat
{
    public static int Bytes => 2;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(byte* p) where TVector : unmanaged, IHostVector<TVector> => TVector.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(byte* p) => BitConverter.UInt32BitsToSingle((uint)*(ushort*)p << 16);
}

/// <summary>Signed bytes with a scale for each group of neighbours.</summary>
readonly unsafe struct HostInt8 : IHostFormat
{
    public static int Bytes => 1;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(byte* p) where TVector : unmanaged, IHostVector<TVector> => TVector.Load((sbyte*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(byte* p) => *(sbyte*)p;
}
