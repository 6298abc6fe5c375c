// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      an item is one column of outputs for all rows: a row of W is read once, widened, and used for every row of x
// Numerics  sums in 16 lanes in f32, then across lanes
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class Linear
{
    internal static void HostForward(HostDevice device, LinearArguments a) => device.For(a.Outputs, new HostWork(device, a));

    readonly struct HostWork(HostDevice device, LinearArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            float* row = device.Scratch<float>(worker, 2L * a.Inputs), up = row + a.Inputs;
            Widen(a, index, row);
            if (a.Activation == LinearActivation.SwiGlu)
                Widen(a, a.Outputs + index, up);
            for (int m = 0; m < a.Rows; m++)
            {
                float* x = a.X.Pointer + (long)m * a.Inputs;
                float value = Dot(x, row, a.Inputs) + (a.Bias.IsEmpty ? 0f : a.Bias[index]);
                if (a.Activation == LinearActivation.Gelu)
                    value = DeviceMath.Gelu(value);
                if (a.Activation == LinearActivation.SwiGlu)
                    value = Dot(x, up, a.Inputs) * DeviceMath.Silu(value);
                long i = (long)m * a.Outputs + index;
                a.Y.Pointer[i] = value + (a.Residual.IsEmpty ? 0f : a.Residual.Pointer[i]);
            }
        }
    }

    static unsafe void Widen(in LinearArguments a, int n, float* row)
    {
        for (int k = 0; k < a.Inputs; k++)
        {
            long i = (long)n * a.Inputs + k;
            row[k] = a.W.Type switch
            {
                WeightType.F32 => ((float*)a.W.Values.Pointer)[i],
                WeightType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)a.W.Values.Pointer)[i] << 16),
                _ => ((sbyte*)a.W.Values.Pointer)[i] * a.W.Scales.Pointer[i / Weights.ScaleGroup],
            };
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe float Dot(float* x, float* w, int length)
    {
        var sums = Vector512<float>.Zero;
        int k = 0;
        for (; k <= length - 16; k += 16)
            sums = Vector512.FusedMultiplyAdd(Vector512.Load(x + k), Vector512.Load(w + k), sums);
        float sum = Vector512.Sum(sums);
        for (; k < length; k++)
            sum += x[k] * w[k];
        return sum;
    }
}
