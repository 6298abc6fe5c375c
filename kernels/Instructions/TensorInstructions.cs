// Tensor cores, and copies to shared memory that pass through no register.
using System.Runtime.CompilerServices;
using ILGPU.IR.Intrinsics;

namespace HSENet.Kernels;

/// <summary>Instructions that a whole warp executes on fragments of matrices. They have no meaning for a single thread, so their C# bodies
/// refuse to run.</summary>
static class TensorInstructions
{
    /// <summary>d = a · b + c: a is 16 × 16 bf16 by rows, b 16 × 8 bf16 by columns, c and d are 16 × 8 f32.</summary>
    /// <remarks>With g = lane / 4 and t = lane % 4: a holds rows g and g + 8 at columns 2t, then both at 2t + 8; b column g at rows 2t and
    /// 2t + 8; c and d row g at columns 2t and 2t + 1, then row g + 8.</remarks>
    [IntrinsicImplementation, PtxInstruction("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {d}, {0}, {1}, {2}")]
    public static Float4 Multiply(Bits4 a, Bits2 b, Float4 c) => throw new NotSupportedException("a warp's instruction");

    /// <summary>Four 8 × 8 matrices of 16 bits, a row 16 bytes, constant bytes behind the addresses: lanes 8i to 8i + 7 give the
    /// addresses of the rows of matrix i, and lane l gets of each matrix row l / 4 at columns 2(l % 4) and one on.</summary>
    [IntrinsicImplementation, PtxInstruction("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {d}, [{0}+{1}]")]
    public static Bits4 LoadMatrices(ref float row, int bytes) => throw new NotSupportedException("a warp's instruction");

    /// <summary>The same with each matrix transposed.</summary>
    [IntrinsicImplementation, PtxInstruction("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {d}, [{0}+{1}]")]
    public static Bits4 LoadTransposed(ref float row, int bytes) => throw new NotSupportedException("a warp's instruction");

    /// <summary>Starts a copy of 16 bytes from global to shared memory, past the first level cache.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.cg.shared.global [{0}+{1}], [{2}], 16")]
    public static void Copy(ref float to, int bytes, ref Bits4 from) =>
        Unsafe.As<float, Bits4>(ref Unsafe.AddByteOffset(ref to, bytes)) = from;

    /// <summary>Ends a group of copies.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.commit_group")]
    public static void Commit() { }

    /// <summary>Waits until of this thread's groups of copies all but the last one have arrived.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 1")]
    public static void WaitForAllButOne() { }

    /// <summary>Waits until of this thread's groups of copies all but the last two have arrived.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 2")]
    public static void WaitForAllButTwo() { }

    /// <summary>Waits until of this thread's groups of copies all but the last three have arrived.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 3")]
    public static void WaitForAllButThree() { }

    /// <summary>Waits for all copies of this thread.</summary>
    [IntrinsicImplementation, PtxInstruction("cp.async.wait_group 0")]
    public static void WaitForAll() { }

    /// <summary>Two floats as bf16, ties to even; <paramref name="low"/> in the lower half.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rn.bf16x2.f32 {d}, {0}, {1}")]
    public static uint Pack(float high, float low) => Rounded(high) & 0xFFFF_0000 | Rounded(low) >> 16;

    static uint Rounded(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return bits + 0x7FFF + (bits >> 16 & 1);
    }
}
