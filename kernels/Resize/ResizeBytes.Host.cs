// Computes  y[o,l,i] = clamp((2²¹ + Σₖ coefficient[l,k] · x[o, first[l] + k, i]) >> 22, 0, 255)
// Idea      along the width a new element is a short sum of neighbours; along the height a vector of columns is summed at a time
// Numerics  32-bit integers: exact
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class ResizeBytes
{
    static void HostForward(HostDevice device, ResizeBytesArguments a) => device.For(a.Outer, new HostWork(a));

    readonly unsafe struct HostWork(ResizeBytesArguments a) : IHostWork
    {
        public void Run(int index, int worker)
        {
            byte* x = a.X.Pointer + (long)index * a.Length * a.Inner, y = a.Y.Pointer + (long)index * a.NewLength * a.Inner;
            for (int l = 0; l < a.NewLength; l++, y += a.Inner)
                Line(x + (long)a.Taps.Pointer[2 * l] * a.Inner, a.Coefficients.Pointer + (long)l * a.Support, a.Taps.Pointer[2 * l + 1], y,
                    a.Inner);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Line(byte* x, int* coefficients, int count, byte* y, int inner)
    {
        int i = 0;
        for (; i <= inner - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector<int> sum0 = new(1 << (Precision - 1)), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (int k = 0; k < count; k++)
            {
                Vector.Widen(Vector.Load(x + (long)k * inner + i), out Vector<ushort> lower, out Vector<ushort> upper);
                Vector.Widen(lower, out Vector<uint> x0, out Vector<uint> x1);
                Vector.Widen(upper, out Vector<uint> x2, out Vector<uint> x3);
                var coefficient = new Vector<int>(coefficients[k]);
                sum0 += Vector.AsVectorInt32(x0) * coefficient;
                sum1 += Vector.AsVectorInt32(x1) * coefficient;
                sum2 += Vector.AsVectorInt32(x2) * coefficient;
                sum3 += Vector.AsVectorInt32(x3) * coefficient;
            }
            Vector.Narrow(Vector.Narrow(Clamped(sum0), Clamped(sum1)), Vector.Narrow(Clamped(sum2), Clamped(sum3))).Store(y + i);
        }
        for (; i < inner; i++)
        {
            int sum = 1 << (Precision - 1);
            for (int k = 0; k < count; k++)
                sum += coefficients[k] * x[(long)k * inner + i];
            y[i] = (byte)Math.Clamp(sum >> Precision, 0, 255);
        }
    }

    static Vector<uint> Clamped(Vector<int> sum) =>
        Vector.AsVectorUInt32(Vector.Min(Vector.Max(sum >> Precision, Vector<int>.Zero), new Vector<int>(255)));
}
