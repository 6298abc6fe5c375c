// ResizeBytes: the definition's own loops.
namespace HSENet.Kernels;

public static partial class ResizeBytes
{
    /// <summary>y as [Outer, NewLength, Inner]. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in ResizeBytesArguments a)
    {
        var y = new double[a.Outer * a.NewLength * a.Inner];
        for (int o = 0; o < a.Outer; o++)
            for (int l = 0; l < a.NewLength; l++)
                for (int i = 0; i < a.Inner; i++)
                {
                    double sum = 0; // whole numbers far below 2⁵³: exact
                    for (int k = 0; k < a.Taps[2 * l + 1]; k++)
                        sum += (double)a.Coefficients[l * a.Support + k] * a.X[(o * a.Length + a.Taps[2 * l] + k) * a.Inner + i];
                    y[(o * a.NewLength + l) * a.Inner + i] = Math.Clamp(Math.Floor((sum + (1 << 21)) / (1 << 22)), 0, 255);
                }
        return y;
    }
}
