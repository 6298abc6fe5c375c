// Computes  y = x' · (1 + factor) + offset,  x' turned and flipped
// Idea      an item is sixteen rows of a slice; where columns become rows, sixteen by sixteen voxels go through a tile that stays in L1, so
//           that
//           both sides move whole cache lines
// Numerics  1 + factor is rounded once; product and sum are fused
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Augment
{
    const int HostRows = 16; // floats of a cache line

    static void HostForward(HostDevice device, AugmentArguments a) =>
        device.ForVectors(a.Depth * Parts.Of(a.Height, HostRows), new HostWork(a));

    readonly struct HostWork(AugmentArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            var map = a.Map;
            int parts = Parts.Of(a.Height, HostRows), slice = index / parts, row = index % parts * HostRows,
                rows = Math.Min(HostRows, a.Height - row);
            float* x = a.X.Pointer + map.First + (long)slice * map.Slice + (long)row * map.Row,
                y = a.Y.Pointer + ((long)slice * a.Height + row) * a.Width;
            float scale = 1f + a.Factor;
            if (map.Column is not (1 or -1))
                Columns<TVector>(x, y, map.Row, map.Column, rows, a.Width, scale, a.Offset);
            else
                for (int h = 0; h < rows; h++)
                    Row<TVector>(x + h * map.Row, y + h * a.Width, map.Column, a.Width, scale, a.Offset);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Row<TVector>(float* x, float* y, nint step, int width, float scale, float offset) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int w = 0;
        for (; step == 1 && w <= width - TVector.Count; w += TVector.Count)
            TVector.Store(y + w, TVector.MultiplyAdd(TVector.Load(x + w), TVector.Create(scale), TVector.Create(offset)));
        for (; w < width; w++)
            y[w] = MathF.FusedMultiplyAdd(x[w * step], scale, offset);
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Columns<TVector>(float* x, float* y, nint rowStep, nint columnStep, int rows, int width, float scale, float offset)
        where TVector : unmanaged, IHostVector<TVector>
    {
        float* tile = stackalloc float[HostRows * HostRows];
        for (int w = 0; w < width; w += HostRows, x += HostRows * columnStep)
        {
            int columns = Math.Min(HostRows, width - w);
            for (nint column = 0; column < columns; column++)
                for (nint row = 0; row < rows; row++)
                    tile[row * HostRows + column] = x[row * rowStep + column * columnStep];
            for (int row = 0; row < rows; row++)
                Row<TVector>(tile + row * HostRows, y + (nint)row * width + w, 1, columns, scale, offset);
        }
    }
}
