// Computes  occupied = 1 for each slice, row and column that holds a value above 0, otherwise 0
// Idea      an item is a slice: a row is looked at a vector at a time, columns that are marked already cost nothing more
// Numerics  exact; items may write the same mark at the same time, always a 1 and nothing beside it
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class CropBox
{
    static void HostForward(HostDevice device, CropBoxArguments a)
    {
        a.Occupied.AsSpan().Clear();
        device.For(a.Depth, new HostWork(a));
    }

    readonly unsafe struct HostWork(CropBoxArguments a) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int* rows = a.Occupied.Pointer + a.Depth, columns = rows + a.Height;
            bool any = false;
            for (int h = 0; h < a.Height; h++)
                if (Row(a.X.Pointer + ((long)index * a.Height + h) * a.Width, columns, a.Width))
                {
                    rows[h] = 1;
                    any = true;
                }
            if (any)
                a.Occupied.Pointer[index] = 1;
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe bool Row(float* x, int* columns, int count)
    {
        var any = Vector<int>.Zero;
        int w = 0;
        for (; w <= count - Vector<float>.Count; w += Vector<float>.Count)
        {
            var above = Vector.GreaterThan(Vector.Load(x + w), Vector<float>.Zero);
            any |= above;
            if ((above & Vector.Equals(Vector.Load(columns + w), Vector<int>.Zero)) == Vector<int>.Zero)
                continue;
            // One by one: a whole vector would take back marks that another item makes meanwhile.
            for (int i = w; i < w + Vector<float>.Count; i++)
                if (x[i] > 0)
                    columns[i] = 1;
        }
        bool found = any != Vector<int>.Zero;
        for (; w < count; w++)
            if (x[w] > 0)
            {
                columns[w] = 1;
                found = true;
            }
        return found;
    }
}
