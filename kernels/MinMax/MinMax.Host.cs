// Computes  range[n] = (min over c of x[n,c], max over c of x[n,c])
// Idea      an item is a row or, of short rows, as many as fill a few thousand elements; a vector of smallest and one of largest values
// Numerics  exact
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class MinMax
{
    const int HostElementsPerItem = 8192;

    static void HostForward(HostDevice device, MinMaxArguments a)
    {
        int rowsPerItem = Math.Max(1, HostElementsPerItem / a.Columns);
        device.For(Parts.Of(a.Rows, rowsPerItem), new HostWork(a, rowsPerItem));
    }

    readonly unsafe struct HostWork(MinMaxArguments a, int rowsPerItem) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int end = Math.Min(a.Rows, (index + 1) * rowsPerItem);
            for (int n = index * rowsPerItem; n < end; n++)
                if (a.Type == FloatType.F64)
                    Row((double*)a.X.Pointer + (long)n * a.Columns, a.Columns, (double*)a.Range.Pointer + 2L * n);
                else
                    Row((float*)a.X.Pointer + (long)n * a.Columns, a.Columns, (float*)a.Range.Pointer + 2L * n);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Row<T>(T* x, int count, T* range) where T : unmanaged, INumber<T>
    {
        T smallest = x[0], largest = x[0];
        Vector<T> low = new(smallest), high = low;
        int c = 0;
        for (; c <= count - Vector<T>.Count; c += Vector<T>.Count)
        {
            var values = Vector.Load(x + c);
            low = Vector.Min(low, values);
            high = Vector.Max(high, values);
        }
        for (int lane = 0; lane < Vector<T>.Count; lane++)
        {
            smallest = T.Min(smallest, low[lane]);
            largest = T.Max(largest, high[lane]);
        }
        for (; c < count; c++)
        {
            smallest = T.Min(smallest, x[c]);
            largest = T.Max(largest, x[c]);
        }
        range[0] = smallest;
        range[1] = largest;
    }
}
