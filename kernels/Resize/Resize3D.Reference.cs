// Resize3D in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Resize3D
{
    /// <summary>y as [NewSlices, NewHeight, NewWidth] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in Resize3DArguments a)
    {
        var y = new double[a.NewSlices * a.NewHeight * a.NewWidth];
        int i = 0;
        for (int d = a.FirstNewSlice; d < a.FirstNewSlice + a.NewSlices; d++)
            for (int h = 0; h < a.NewHeight; h++)
                for (int w = 0; w < a.NewWidth; w++, i++)
                    foreach (var (oldD, weightD) in Neighbours(d, a.Depth, a.NewDepth))
                        foreach (var (oldH, weightH) in Neighbours(h, a.Height, a.NewHeight))
                            foreach (var (oldW, weightW) in Neighbours(w, a.Width, a.NewWidth))
                                y[i] += weightD * weightH * weightW * a.XType.ValueAt(a.X,
                                    (oldD - a.FirstSlice) * a.SliceStride + oldH * a.RowStride + oldW);
        return y;
    }

    // The two old elements beside a new one; at the end both are the last.
    static (int Index, double Weight)[] Neighbours(int i, int old, int @new)
    {
        double position = Math.Max(0, (i + 0.5) * ((double)old / @new) - 0.5);
        int low = Math.Min(old - 1, (int)Math.Floor(position));
        return [(low, 1 - (position - low)), (Math.Min(old - 1, low + 1), position - low)];
    }
}
