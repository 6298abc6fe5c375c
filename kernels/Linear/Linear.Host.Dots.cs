// Few rows: dot products of rows of W with one or two rows of x, bound by reading W once.

namespace HSENet.Kernels;

public static partial class Linear
{
    const int DotOutputs = 4; // rows of W side by side: enough chains of sums to hide the latency of the multiply-add

    // An item is long against handing it out: some 10 µs of reading weights, or 2 µs of arithmetic in the cache.
    const int ItemBytes = 128 * 1024, ItemProducts = 96 * 1024;

    static unsafe void HostDots<TVector, TFormat>(HostDevice device, in LinearArguments a)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        long weights = (long)a.Outputs * a.Inputs * (a.Activation == LinearActivation.SwiGlu ? 2 : 1);
        long items = Math.Clamp(Math.Max(weights * TFormat.Bytes / ItemBytes, (weights * a.Rows + ItemProducts / 2) / ItemProducts), 1,
            a.Outputs);
        int outputs = (int)((a.Outputs + items - 1) / items + DotOutputs - 1) / DotOutputs * DotOutputs;
        bool splits = HostDot.TakesSplit<TFormat>(a.Rows, a.Inputs);
        float* split = stackalloc float[splits ? a.Inputs : 0];
        if (splits)
            HostDot.Split<TVector>(a.X.Floats.Pointer, split, a.Inputs);
        device.For((a.Outputs + outputs - 1) / outputs, new DotWork<TVector, TFormat>(a, splits ? split : a.X.Floats.Pointer, outputs));
    }

    readonly unsafe struct DotWork<TVector, TFormat>(LinearArguments a, float* x, int outputs) : IHostWork
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        public void Run(int index, int worker)
        {
            float* sums = stackalloc float[2 * HostDotRows * DotOutputs], up = sums + HostDotRows * DotOutputs;
            var w = HostWeights(a);
            int end = Math.Min(a.Outputs, (index + 1) * outputs);
            for (int n = index * outputs; n < end; n += DotOutputs)
            {
                int count = Math.Min(DotOutputs, end - n);
                HostDot.Multiply<TVector, TFormat>(w, n, count, x, a.Inputs, a.Rows, a.Inputs, sums);
                if (a.Activation == LinearActivation.SwiGlu)
                    HostDot.Multiply<TVector, TFormat>(w, a.Outputs + (nint)n, count, x, a.Inputs, a.Rows, a.Inputs, up);
                for (int m = 0; m < a.Rows; m++)
                {
                    long i = (long)m * a.Outputs + n;
                    float* sum = sums + m * DotOutputs;
                    if (!a.Bias.IsEmpty)
                        for (int c = 0; c < count; c++)
                            sum[c] += a.Bias.Pointer[n + c];
                    var value = Wide128.Load(sum);
                    if (a.Activation == LinearActivation.Gelu)
                        value = HostMath.Gelu(value);
                    if (a.Activation == LinearActivation.SwiGlu)
                        value = Wide128.Load(up + m * DotOutputs) * HostMath.Silu(value);
                    Wide128.Store(sum, value);
                    for (int c = 0; c < count; c++)
                        a.Y.Floats.Pointer[i + c] = a.Residual.IsEmpty ? sum[c] : sum[c] + a.Residual.Pointer[i + c];
                }
            }
        }
    }
}
