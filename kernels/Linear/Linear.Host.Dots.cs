// Few rows: dot products of rows of W with one or two rows of x, bound by reading W once.

namespace HSENet.Kernels;

public static partial class Linear
{
    const int DotOutputs = 4; // rows of W side by side: enough chains of sums to hide the latency of the multiply-add

    // One row waits for memory, whose prefetch has to find four runs anew with each item: items are long, and as many for each thread.
    // More rows are bound by arithmetic in the cache: items are long against handing them out, some 10 µs.
    const int RunBytes = 1024 * 1024, ShortRunBytes = 32 * 1024, ItemBytes = 128 * 1024, ItemProducts = 96 * 1024;

    static unsafe void HostDots<TVector, TFormat>(HostDevice device, in LinearArguments a)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        long products = (long)a.Outputs * a.Inputs * (a.Activation == LinearActivation.SwiGlu ? 2 : 1), bytes = products * TFormat.Bytes;
        long items = a.Rows == 1
            ? Math.Min(bytes / ShortRunBytes, Math.Max(1, bytes / ((long)RunBytes * device.Threads)) * device.Threads)
            : Math.Max(bytes / ItemBytes, (products * a.Rows + ItemProducts / 2) / ItemProducts);
        items = Math.Clamp(items, 1, a.Outputs);
        int outputs = (int)((a.Outputs + items - 1) / items + DotOutputs - 1) / DotOutputs * DotOutputs;
        float* x = a.X.Floats.Pointer, room = stackalloc float[HostDot.Prepared<TVector, TFormat>(a.Rows, a.Inputs)];
        bool prepared = HostDot.TryPrepare<TVector, TFormat>(x, room, a.Rows, a.Inputs);
        device.For((a.Outputs + outputs - 1) / outputs, new DotWork<TVector, TFormat>(a, prepared ? room : x, prepared, outputs));
    }

    readonly unsafe struct DotWork<TVector, TFormat>(LinearArguments a, float* x, bool prepared, int outputs) : IHostWork
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        public void Run(int index, int worker)
        {
            float* sums = stackalloc float[2 * HostDotRows * DotOutputs], up = sums + HostDotRows * DotOutputs;
            var w = HostWeights(a);
            int begin = index * outputs, end = Math.Min(a.Outputs, begin + outputs);
            // One row of x waits for memory: an item is four runs of it. More rows find four neighbours in the cache again.
            var (apart, step) = a.Rows == 1 ? ((end - begin + DotOutputs - 1) / DotOutputs, 1) : (1, DotOutputs);
            for (int n = begin; n < (a.Rows == 1 ? begin + apart : end); n += step)
            {
                int count = Math.Min(DotOutputs, (end - n + apart - 1) / apart);
                HostDot.Multiply<TVector, TFormat>(w, n, apart, count, x, prepared, a.Inputs, a.Rows, a.Inputs, sums);
                if (a.Activation == LinearActivation.SwiGlu)
                    HostDot.Multiply<TVector, TFormat>(w, a.Outputs + (nint)n, apart, count, x, prepared, a.Inputs, a.Rows, a.Inputs, up);
                for (int m = 0; m < a.Rows; m++)
                {
                    long i = (long)m * a.Outputs + n;
                    float* sum = sums + m * DotOutputs;
                    if (!a.Bias.IsEmpty)
                        for (int c = 0; c < count; c++)
                            sum[c] += a.Bias.Pointer[n + c * apart];
                    var value = Wide128.Load(sum);
                    if (a.Activation == LinearActivation.Gelu)
                        value = HostMath.Gelu(value);
                    if (a.Activation == LinearActivation.SwiGlu)
                        value = Wide128.Load(up + m * DotOutputs) * HostMath.Silu(value);
                    Wide128.Store(sum, value);
                    for (int c = 0; c < count; c++)
                        a.Y.Floats.Pointer[i + c * apart] = a.Residual.IsEmpty ? sum[c] : sum[c] + a.Residual.Pointer[i + c * apart];
                }
            }
        }
    }
}
