// Computes  y = trunc((x − min) / (max − min) · 255), turned by a quarter
// Idea      a thread computes one byte; reads are side by side, turned writes an image row apart
// Numerics  a difference, a quotient and a product, each rounded once to the type of x, none fused: the reference's bytes
using ILGPU;

namespace HSENet.Kernels;

public static partial class SliceBytes
{
    static unsafe void ForwardV1F32(SliceBytesArguments a)
    {
        int w = Grid.IdxX * Group.DimX + Group.IdxX;
        int h = Grid.IdxY;
        int slice = Grid.IdxZ;
        if (w >= a.Width)
            return;
        int range = RangeOf(a, slice), start = slice * a.Height * a.Width;
        float smallest = ((float*)a.Range.Address)[range];
        float spread = ((float*)a.Range.Address)[range + 1] - smallest;
        int value = 0;
        if (spread != 0f)
        {
            float x = ((float*)a.X.Address)[start + h * a.Width + w];
            value = (int)ScalarInstructions.Multiply(ScalarInstructions.Divide(x - smallest, spread), 255f);
        }
        a.Y[start + Place(a, h, w)] = (byte)value;
    }

    static unsafe void ForwardV1F64(SliceBytesArguments a)
    {
        int w = Grid.IdxX * Group.DimX + Group.IdxX;
        int h = Grid.IdxY;
        int slice = Grid.IdxZ;
        if (w >= a.Width)
            return;
        int range = RangeOf(a, slice), start = slice * a.Height * a.Width;
        double smallest = ((double*)a.Range.Address)[range];
        double spread = ((double*)a.Range.Address)[range + 1] - smallest;
        int value = 0;
        if (spread != 0)
        {
            double x = ((double*)a.X.Address)[start + h * a.Width + w];
            value = (int)ScalarInstructions.Multiply(ScalarInstructions.Divide(x - smallest, spread), 255.0);
        }
        a.Y[start + Place(a, h, w)] = (byte)value;
    }
}
