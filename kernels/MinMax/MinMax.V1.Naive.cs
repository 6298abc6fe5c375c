// Computes  range[n] = (min over c of x[n,c], max over c of x[n,c])
// Idea      a thread reads a row; neighbouring threads read addresses C apart
// Numerics  exact
using ILGPU;

namespace HSENet.Kernels;

public static partial class MinMax
{
    static void ForwardV1<TFormat>(MinMaxArguments a) where TFormat : struct, IFloatFormat
    {
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= a.Rows)
            return;
        int start = row * a.Columns;
        double smallest = TFormat.Load(a.X, start), largest = smallest;
        for (int c = 1; c < a.Columns; c++)
        {
            double value = TFormat.Load(a.X, start + c);
            smallest = value < smallest ? value : smallest;
            largest = value > largest ? value : largest;
        }
        TFormat.Store(a.Range, 2 * row, smallest);
        TFormat.Store(a.Range, 2 * row + 1, largest);
    }
}
