// Computes  y[d,h,w] = trilinear interpolation of x at max(0, (i + 0.5) · old/new − 0.5) along each axis
// Idea      an item is some rows of all new slices: each old row is resized along w once, each old slice along h once; two old slices are
//           kept
// Numerics  along w, then h, then d, in double precision, low · weight fused with the rounded high · weight: PyTorch's own bits on its CPU;
//           one rounding to the output's type
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Resize3D
{
    const int HostRowsPerItem = 16; // two slices of so many rows, 668 columns wide, are 171 KB: they stay in L2

    readonly struct Tap(int low, int high, double weight)
    {
        public readonly int Low = low, High = high;
        public readonly double Weight = weight; // of High; Low has the rest

        public static Tap Of(int index, int old, int @new)
        {
            double position = Position(index, old, @new);
            int low = Math.Min(old - 1, (int)position);
            return new Tap(low, Math.Min(old - 1, low + 1), Math.Min(1, position - low));
        }
    }

    // A resized row or slice, and which one it is.
    unsafe struct Kept(double* values)
    {
        public readonly double* Values = values;
        public int Index = -1;
    }

    static unsafe void HostForward(HostDevice device, Resize3DArguments a)
    {
        Tap* taps = device.SharedScratch<Tap>(a.NewWidth);
        for (int w = 0; w < a.NewWidth; w++)
            taps[w] = Tap.Of(w, a.Width, a.NewWidth);
        device.For(Parts.Of(a.NewHeight, HostRowsPerItem), new HostWork(device, a, taps));
    }

    readonly unsafe struct HostWork(HostDevice device, Resize3DArguments a, Tap* taps) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int first = index * HostRowsPerItem, count = Math.Min(HostRowsPerItem, a.NewHeight - first), area = count * a.NewWidth;
            double* scratch = device.Scratch<double>(worker, 2L * (HostRowsPerItem + 1) * a.NewWidth);
            double* rows = scratch;
            Kept low = new(scratch + 2L * a.NewWidth), high = new(low.Values + (long)HostRowsPerItem * a.NewWidth);
            for (int d = 0; d < a.NewSlices; d++)
            {
                Tap tap = Tap.Of(a.FirstNewSlice + d, a.Depth, a.NewDepth);
                if (tap.Low == high.Index)
                    (low, high) = (high, low);
                if (tap.Low != low.Index)
                    Slice(low.Index = tap.Low, first, count, rows, low.Values);
                if (tap.High != high.Index && tap.High != tap.Low)
                    Slice(high.Index = tap.High, first, count, rows, high.Values);
                byte* to = a.Y.Pointer + ((long)d * a.NewHeight + first) * a.NewWidth * a.YType.Size();
                double* other = tap.High == tap.Low ? low.Values : high.Values;
                if (a.YType == FloatType.F64)
                    Mix(low.Values, other, tap.Weight, (double*)to, area);
                else
                    Mix(low.Values, other, tap.Weight, (float*)to, area);
            }
        }

        // Rows first … first + count − 1 of the new height, from one old slice.
        void Slice(int slice, int first, int count, double* rows, double* to)
        {
            Kept low = new(rows), high = new(rows + a.NewWidth);
            for (int h = 0; h < count; h++)
            {
                Tap tap = Tap.Of(first + h, a.Height, a.NewHeight);
                if (tap.Low == high.Index)
                    (low, high) = (high, low);
                if (tap.Low != low.Index)
                    Row(slice, low.Index = tap.Low, low.Values);
                if (tap.High != high.Index && tap.High != tap.Low)
                    Row(slice, high.Index = tap.High, high.Values);
                Mix(low.Values, tap.High == tap.Low ? low.Values : high.Values, tap.Weight, to + (long)h * a.NewWidth, a.NewWidth);
            }
        }

        void Row(int slice, int row, double* to)
        {
            long start = (long)(slice - a.FirstSlice) * a.SliceStride + (long)row * a.RowStride;
            if (a.XType == FloatType.F64)
                Gather((double*)a.X.Pointer + start, taps, to, a.NewWidth);
            else
                Gather((float*)a.X.Pointer + start, taps, to, a.NewWidth);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Gather(double* x, Tap* taps, double* to, int count)
    {
        for (int w = 0; w < count; w++)
            to[w] = Math.FusedMultiplyAdd(x[taps[w].Low], 1 - taps[w].Weight, x[taps[w].High] * taps[w].Weight);
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Gather(float* x, Tap* taps, double* to, int count)
    {
        for (int w = 0; w < count; w++)
            to[w] = Math.FusedMultiplyAdd(x[taps[w].Low], 1 - taps[w].Weight, x[taps[w].High] * taps[w].Weight);
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Mix(double* low, double* high, double weight, double* to, int count)
    {
        Vector<double> highWeight = new(weight), lowWeight = new(1 - weight);
        int i = 0, step = Vector<double>.Count;
        for (; i <= count - step; i += step)
            Vector.FusedMultiplyAdd(Vector.Load(low + i), lowWeight, Vector.Load(high + i) * highWeight).Store(to + i);
        for (; i < count; i++)
            to[i] = Math.FusedMultiplyAdd(low[i], 1 - weight, high[i] * weight);
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Mix(double* low, double* high, double weight, float* to, int count)
    {
        Vector<double> highWeight = new(weight), lowWeight = new(1 - weight);
        int i = 0, step = Vector<double>.Count;
        for (; i <= count - 2 * step; i += 2 * step)
        {
            var first = Vector.FusedMultiplyAdd(Vector.Load(low + i), lowWeight, Vector.Load(high + i) * highWeight);
            var second = Vector.FusedMultiplyAdd(Vector.Load(low + i + step), lowWeight, Vector.Load(high + i + step) * highWeight);
            Vector.Narrow(first, second).Store(to + i);
        }
        for (; i < count; i++)
            to[i] = (float)Math.FusedMultiplyAdd(low[i], 1 - weight, high[i] * weight);
    }
}
