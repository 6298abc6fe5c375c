// Computes  y = trunc((x − min) / (max − min) · 255), turned by a quarter
// Idea      an item is a slice's row: bytes side by side, vectors at a time, into scratch, then to their places
// Numerics  a difference, a quotient and a product, each rounded once to the type of x, none fused: the reference's bytes
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class SliceBytes
{
    static void HostForward(HostDevice device, SliceBytesArguments a) => device.For(a.Slices * a.Height, new HostWork(device, a));

    readonly unsafe struct HostWork(HostDevice device, SliceBytesArguments a) : IHostWork
    {
        public void Run(int index, int worker)
        {
            if (a.Type == FloatType.F64)
                Row<double>(index, worker);
            else
                Row<float>(index, worker);
        }

        void Row<T>(int index, int worker) where T : unmanaged, INumber<T>
        {
            int slice = index / a.Height, h = index % a.Height, first = Place(a, h, 0), step = a.Width > 1 ? Place(a, h, 1) - first : 1;
            T* scaled = device.Scratch<T>(worker, a.Width), range = (T*)a.Range.Pointer + RangeOf(a, slice);
            Scale((T*)a.X.Pointer + (long)index * a.Width, range[0], range[1] - range[0], scaled, a.Width);
            byte* y = a.Y.Pointer + (long)slice * a.Height * a.Width;
            for (int w = 0; w < a.Width; w++)
                y[first + w * step] = byte.CreateTruncating(scaled[w]);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Scale<T>(T* x, T smallest, T spread, T* scaled, int count) where T : unmanaged, INumber<T>
    {
        if (spread == T.Zero)
        {
            new Span<T>(scaled, count).Clear();
            return;
        }
        T largestByte = T.CreateChecked(255);
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            ((Vector.Load(x + i) - new Vector<T>(smallest)) / new Vector<T>(spread) * new Vector<T>(largestByte)).Store(scaled + i);
        for (; i < count; i++)
            scaled[i] = (x[i] - smallest) / spread * largestByte;
    }
}
