// Computes  y[d,h,w] = trilinear interpolation of x at max(0, (i + 0.5) · old/new − 0.5) along each axis
// Idea      a thread computes one element from its eight neighbours; positions are computed again by every thread
// Numerics  along w, then h, then d, in double precision, low · weight fused with the rounded high · weight: the host rung's bits; one
//           rounding to the output's type
using ILGPU;
using static HSENet.Kernels.ScalarInstructions;

namespace HSENet.Kernels;

public static partial class Resize3D
{
    static void ForwardV1<TX, TY>(Resize3DArguments a) where TX : struct, IFloatFormat where TY : struct, IFloatFormat
    {
        int w = Grid.IdxX * Group.DimX + Group.IdxX;
        int h = Grid.IdxY;
        int d = Grid.IdxZ;
        if (w >= a.NewWidth)
            return;
        double positionD = DevicePosition(a.FirstNewSlice + d, a.Depth, a.NewDepth);
        double positionH = DevicePosition(h, a.Height, a.NewHeight);
        double positionW = DevicePosition(w, a.Width, a.NewWidth);
        int lowD = Math.Min(a.Depth - 1, (int)positionD), highD = Math.Min(a.Depth - 1, lowD + 1);
        int lowH = Math.Min(a.Height - 1, (int)positionH), highH = Math.Min(a.Height - 1, lowH + 1);
        int lowW = Math.Min(a.Width - 1, (int)positionW), highW = Math.Min(a.Width - 1, lowW + 1);
        double weightD = positionD - lowD, weightH = positionH - lowH, weightW = positionW - lowW;

        int low = (lowD - a.FirstSlice) * a.SliceStride, high = (highD - a.FirstSlice) * a.SliceStride;
        int rowLow = lowH * a.RowStride, rowHigh = highH * a.RowStride;
        double y00 = Mix(TX.Load(a.X, low + rowLow + lowW), TX.Load(a.X, low + rowLow + highW), weightW);
        double y01 = Mix(TX.Load(a.X, low + rowHigh + lowW), TX.Load(a.X, low + rowHigh + highW), weightW);
        double y10 = Mix(TX.Load(a.X, high + rowLow + lowW), TX.Load(a.X, high + rowLow + highW), weightW);
        double y11 = Mix(TX.Load(a.X, high + rowHigh + lowW), TX.Load(a.X, high + rowHigh + highW), weightW);
        double y = Mix(Mix(y00, y01, weightH), Mix(y10, y11, weightH), weightD);
        TY.Store(a.Y, (d * a.NewHeight + h) * a.NewWidth + w, y);
    }

    static double DevicePosition(int index, int old, int @new)
    {
        double position = Add(Multiply(index + 0.5, Divide((double)old, (double)@new)), -0.5);
        return position < 0 ? 0 : position;
    }

    static double Mix(double low, double high, double weight) => FusedMultiplyAdd(low, 1 - weight, Multiply(high, weight));
}
