// Computes  y[o,l,i] = clamp((2²¹ + Σₖ coefficient[l,k] · x[o, first[l] + k, i]) >> 22, 0, 255)
// Idea      along the width a new element is a short sum of neighbours; along the height sixteen columns are summed at a time
// Numerics  32-bit integers: exact
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
                Line(x + (long)a.Taps.Pointer[2 * l] * a.Inner, a.Coefficients.Pointer + (long)l * a.Support, a.Taps.Pointer[2 * l + 1], y, a.Inner);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Line(byte* x, int* coefficients, int count, byte* y, int inner)
    {
        int i = 0;
        for (; i <= inner - 16; i += 16)
        {
            var sum = Vector512.Create(1 << (Precision - 1));
            for (int k = 0; k < count; k++)
            {
                var (lower, upper) = Vector256.Widen(Vector256.WidenLower(Vector128.Load(x + (long)k * inner + i).ToVector256Unsafe()));
                sum += Vector512.Create(lower, upper).AsInt32() * coefficients[k];
            }
            sum = Vector512.Min(Vector512.Max(sum >> Precision, Vector512<int>.Zero), Vector512.Create(255));
            var shorts = Vector256.Narrow(sum.GetLower(), sum.GetUpper()).AsUInt16();
            Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).Store(y + i);
        }
        for (; i < inner; i++)
        {
            int sum = 1 << (Precision - 1);
            for (int k = 0; k < count; k++)
                sum += coefficients[k] * x[(long)k * inner + i];
            y[i] = (byte)Math.Clamp(sum >> Precision, 0, 255);
        }
    }
}
