// Computes  y = trunc((x − min) / (max − min) · 255), turned by a quarter
// Idea      a thread computes one byte; reads are side by side, turned writes an image row apart
// Numerics  a difference, a quotient and a product, each rounded once to the type of x, none fused: the reference's bytes
using ILGPU;

namespace HSENet.Kernels;

public static partial class SliceBytes
{
    static void ForwardV1<TScale>(SliceBytesArguments a) where TScale : struct, IScale
    {
        int w = Grid.IdxX * Group.DimX + Group.IdxX;
        int h = Grid.IdxY;
        int slice = Grid.IdxZ;
        if (w >= a.Width)
            return;
        int start = slice * a.Height * a.Width;
        a.Y[start + Place(a, h, w)] = (byte)TScale.Scaled(a, start + h * a.Width + w, RangeOf(a, slice));
    }

    /// <summary>The arithmetic, in the type of x.</summary>
    interface IScale
    {
        static abstract int Scaled(SliceBytesArguments a, int index, int range);
    }

    readonly unsafe struct ScaleF32 : IScale
    {
        public static int Scaled(SliceBytesArguments a, int index, int range)
        {
            float smallest = ((float*)a.Range.Address)[range], spread = ((float*)a.Range.Address)[range + 1] - smallest;
            return spread == 0f ? 0 : (int)ScalarInstructions.Multiply(
                ScalarInstructions.Divide(((float*)a.X.Address)[index] - smallest, spread), 255f);
        }
    }

    readonly unsafe struct ScaleF64 : IScale
    {
        public static int Scaled(SliceBytesArguments a, int index, int range)
        {
            double smallest = ((double*)a.Range.Address)[range], spread = ((double*)a.Range.Address)[range + 1] - smallest;
            return spread == 0 ? 0 : (int)ScalarInstructions.Multiply(
                ScalarInstructions.Divide(((double*)a.X.Address)[index] - smallest, spread), 255.0);
        }
    }
}
