// Computes  y[o,l,i] = clamp((2²¹ + Σₖ coefficient[l,k] · x[o, first[l] + k, i]) >> 22, 0, 255)
// Idea      a thread computes one element; along the width (inner = 1) a group has one thread at work
// Numerics  32-bit integers: exact
using ILGPU;

namespace HSENet.Kernels;

public static partial class ResizeBytes
{
    static void ForwardV1(ResizeBytesArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        int l = Grid.IdxY;
        int o = Grid.IdxZ;
        if (i >= a.Inner)
            return;
        int first = a.Taps[2 * l], count = a.Taps[2 * l + 1];
        int sum = 1 << (Precision - 1);
        for (int k = 0; k < count; k++)
            sum += a.Coefficients[l * a.Support + k] * a.X[(o * a.Length + first + k) * a.Inner + i];
        int value = sum >> Precision;
        a.Y[(o * a.NewLength + l) * a.Inner + i] = (byte)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}
