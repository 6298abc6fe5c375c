// Computes  y[s,c,i,j] = (x[s, top + i, left + j] / 255 − mean[c]) / deviation[c]
// Idea      a thread reads one grey value and writes its three colours
// Numerics  two quotients and a difference, each rounded once to f32
using ILGPU;
using static HSENet.Kernels.ScalarInstructions;

namespace HSENet.Kernels;

public static partial class SlicePixels
{
    static void ForwardV1(SlicePixelsArguments a)
    {
        int j = Grid.IdxX * Group.DimX + Group.IdxX;
        int i = Grid.IdxY;
        int s = Grid.IdxZ;
        if (j >= a.Size)
            return;
        float value = Divide(a.X[(s * a.Height + a.Top + i) * a.Width + a.Left + j], 255f);
        int area = a.Size * a.Size;
        int y = s * 3 * area + i * a.Size + j;
        a.Y[y] = Divide(value - a.MeanRed, a.DeviationRed);
        a.Y[y + area] = Divide(value - a.MeanGreen, a.DeviationGreen);
        a.Y[y + 2 * area] = Divide(value - a.MeanBlue, a.DeviationBlue);
    }
}
