// Computes  y[w,d] = mean over p in window w of x[p,d]
// Idea      a thread computes four channels of a window: a load and a store of up to 16 bytes, a quarter of the instructions. The window is
//           walked line by line: no division in the loop
// Numerics  patches in order, in f32, then one division
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static Rung<WindowCentroidArguments> Vector<TFormat>(Action<WindowCentroidArguments> kernel) where TFormat : struct,
        IActivationFormat =>
        Rung.Gpu("V2.Vector", kernel).WithThreads(64, static a => a.Grid.Windows, static a => a.Channels / 4) with
        {
            Activations = TFormat.Type,
            Accepts = static a => a.X.Type == TFormat.Type && a.Y.Type == TFormat.Type && a.Channels % 4 == 0
                && (a.X.Address | a.Y.Address) % 16 == 0,
        };

    static void ForwardV2<TFormat>(WindowCentroidArguments a) where TFormat : struct, IActivationFormat
    {
        int window = ILGPU.Grid.IdxX, d = 4 * (ILGPU.Grid.IdxY * Group.DimX + Group.IdxX);
        if (d >= a.Channels)
            return;
        WindowGrid grid = a.Grid;
        int count = grid.Window;
        Float4 sum = default;
        int first = grid.Patch(window, 0);
        for (int depth = 0; depth < a.WindowDepth; depth++)
            for (int height = 0; height < a.WindowHeight; height++)
            {
                int line = (first + (depth * a.GridHeight + height) * a.GridWidth) * a.Channels + d;
                for (int width = 0; width < a.WindowWidth; width++)
                {
                    Float4 x = TFormat.LoadQuad(a.X, line + width * a.Channels);
                    sum.X += x.X;
                    sum.Y += x.Y;
                    sum.Z += x.Z;
                    sum.W += x.W;
                }
            }
        sum.X = ScalarInstructions.Divide(sum.X, count);
        sum.Y = ScalarInstructions.Divide(sum.Y, count);
        sum.Z = ScalarInstructions.Divide(sum.Z, count);
        sum.W = ScalarInstructions.Divide(sum.W, count);
        TFormat.StoreQuad(a.Y, window * a.Channels + d, sum);
    }
}
