// Loads and stores of 8 and 16 bytes: ILGPU reads a struct field by field.
using System.Runtime.CompilerServices;
using ILGPU.IR.Intrinsics;

namespace HSENet.Kernels;

/// <summary>Two neighbouring floats.</summary>
struct Float2
{
    public float X, Y;
}

/// <summary>Four neighbouring floats.</summary>
struct Float4
{
    public float X, Y, Z, W;
}

/// <summary>Two registers of 32 bits.</summary>
struct Bits2
{
    public uint X, Y;
}

/// <summary>Four registers of 32 bits.</summary>
struct Bits4
{
    public uint X, Y, Z, W;
}

/// <summary>PTX instructions on vectors of registers. Addresses are multiples of the vector's size.</summary>
static class VectorInstructions
{
    /// <summary>Reads 16 bytes of global memory.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v4.f32 {d}, [{0}]")]
    public static Float4 Load(ref Float4 address) => address;

    /// <summary>Reads 16 bytes of global memory as they are.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v4.b32 {d}, [{0}]")]
    public static Bits4 Load(ref Bits4 address) => address;

    /// <summary>Reads 8 bytes of global memory.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v2.b32 {d}, [{0}]")]
    public static Bits2 Load(ref Bits2 address) => address;

    /// <summary>Writes 16 bytes of global memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v4.f32 [{0}], {1}")]
    public static void Store(ref Float4 address, Float4 value) => address = value;

    /// <summary>Writes 8 bytes of global memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v2.f32 [{0}], {1}")]
    public static void Store(ref Float2 address, Float2 value) => address = value;

    /// <summary>Writes 16 bytes of global memory as they are.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v4.b32 [{0}], {1}")]
    public static void Store(ref Bits4 address, Bits4 value) => address = value;

    /// <summary>Writes 8 bytes of global memory as they are.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v2.b32 [{0}], {1}")]
    public static void Store(ref Bits2 address, Bits2 value) => address = value;

    // Shared memory: an address, and constant bytes behind it.

    /// <summary>Reads 16 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.shared.v4.f32 {d}, [{0}+{1}]")]
    public static Float4 LoadShared(ref float address, int bytes) => At<Float4>(ref address, bytes);

    /// <summary>Writes 16 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.shared.v4.f32 [{0}+{1}], {2}")]
    public static void StoreShared(ref float address, int bytes, Float4 value) => At<Float4>(ref address, bytes) = value;

    /// <summary>Writes 8 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.shared.v2.f32 [{0}+{1}], {2}")]
    public static void StoreShared(ref float address, int bytes, Float2 value) => At<Float2>(ref address, bytes) = value;

    /// <summary>Writes 16 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.shared.v4.b32 [{0}+{1}], {2}")]
    public static void StoreShared(ref float address, int bytes, Bits4 value) => At<Bits4>(ref address, bytes) = value;

    /// <summary>Writes 8 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.shared.v2.b32 [{0}+{1}], {2}")]
    public static void StoreShared(ref float address, int bytes, Bits2 value) => At<Bits2>(ref address, bytes) = value;

    /// <summary>Writes 4 bytes of shared memory.</summary>
    [IntrinsicImplementation, PtxInstruction("st.shared.f32 [{0}+{1}], {2}")]
    public static void StoreShared(ref float address, int bytes, float value) => At<float>(ref address, bytes) = value;

    static ref T At<T>(ref float address, int bytes) => ref Unsafe.As<float, T>(ref Unsafe.AddByteOffset(ref address, bytes));
}
