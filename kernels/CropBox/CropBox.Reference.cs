// CropBox: the definition's own loops.
namespace HSENet.Kernels;

public static partial class CropBox
{
    /// <summary>Marks as [depth + height + width]. The arguments must lie in host memory; Occupied is not touched.</summary>
    internal static double[] Reference(in CropBoxArguments a)
    {
        var occupied = new double[a.Depth + a.Height + a.Width];
        for (int d = 0; d < a.Depth; d++)
            for (int h = 0; h < a.Height; h++)
                for (int w = 0; w < a.Width; w++)
                    if (a.X[(d * a.Height + h) * a.Width + w] > 0)
                        occupied[d] = occupied[a.Depth + h] = occupied[a.Depth + a.Height + w] = 1;
        return occupied;
    }
}
