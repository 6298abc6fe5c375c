// Computes  y[s,c,i,j] = (x[s, top + i, left + j] / 255 − mean[c]) / deviation[c]
// Idea      a grey value has one of 256 results per colour: an item is a slice, which looks them up
// Numerics  the table's three operations are each rounded once to f32
namespace HSENet.Kernels;

public static partial class SlicePixels
{
    static unsafe void HostForward(HostDevice device, SlicePixelsArguments a)
    {
        float* table = device.SharedScratch<float>(3 * 256);
        for (int value = 0; value < 256; value++)
        {
            table[value] = (value / 255f - a.MeanRed) / a.DeviationRed;
            table[256 + value] = (value / 255f - a.MeanGreen) / a.DeviationGreen;
            table[512 + value] = (value / 255f - a.MeanBlue) / a.DeviationBlue;
        }
        device.For(a.Slices, new HostWork(a, table));
    }

    readonly unsafe struct HostWork(SlicePixelsArguments a, float* table) : IHostWork
    {
        public void Run(int index, int worker)
        {
            float* y = a.Y.Pointer + (long)index * 3 * a.Size * a.Size;
            for (int c = 0; c < 3; c++)
                for (int i = 0; i < a.Size; i++, y += a.Size)
                {
                    byte* x = a.X.Pointer + ((long)index * a.Height + a.Top + i) * a.Width + a.Left;
                    for (int j = 0; j < a.Size; j++)
                        y[j] = table[c * 256 + x[j]];
                }
        }
    }
}
