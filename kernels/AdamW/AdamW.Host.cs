// Computes  g = scale·gradient,  m += (1 − β₁)(g − m),  v = β₂v + (1 − β₂)g²,  w = (1 − lr·decay)·w − lr/c₁ · m / (√v/√c₂ + ε)
// Idea      one pass over memory; a part stays in L1 while it is rounded to bf16
// Numerics  torch's order of operations in f32; a product and the sum behind it round once
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class AdamW
{
    const int HostPart = 4096; // elements of an item: some microseconds of memory traffic

    static void HostForward(HostDevice device, AdamWArguments a) => device.ForVectors(Parts.Of(a.Count, HostPart), new HostWork(a));

    readonly struct HostWork(AdamWArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostPart, count = Math.Min(HostPart, a.Count - start);
            Part<TVector>(a, a.Values.Pointer + start, a.Gradient.Pointer + start, a.FirstMoment.Pointer + start,
                a.SecondMoment.Pointer + start, count);
            if (!a.Rounded.IsEmpty)
                Round(a.Values.Pointer + start, (ushort*)a.Rounded.Pointer + start, count);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Part<TVector>(in AdamWArguments a, float* values, float* gradients, float* firsts, float* seconds, int count)
        where TVector : unmanaged, IHostVector<TVector>
    {
        float decay = (float)(1 - a.LearningRate * a.WeightDecay), keep2 = (float)a.Beta2, new1 = (float)(1 - a.Beta1),
            new2 = (float)(1 - a.Beta2);
        float root = (float)Math.Sqrt(a.Correction2), epsilon = (float)a.Epsilon, step = (float)-(a.LearningRate / a.Correction1),
            scale = (float)a.GradientScale;
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            TVector gradient = TVector.Load(gradients + i) * TVector.Create(scale), first = TVector.Load(firsts + i);
            first = TVector.MultiplyAdd(TVector.Create(new1), gradient - first, first);
            var second = TVector.MultiplyAdd(TVector.Create(new2) * gradient, gradient, TVector.Load(seconds + i) * TVector.Create(keep2));
            var denominator = TVector.SquareRoot(second) / TVector.Create(root) + TVector.Create(epsilon);
            TVector.Store(firsts + i, first);
            TVector.Store(seconds + i, second);
            TVector.Store(values + i, TVector.MultiplyAdd(TVector.Load(values + i), TVector.Create(decay),
                TVector.Create(step) * first / denominator));
        }
        for (; i < count; i++)
        {
            float gradient = gradients[i] * scale;
            firsts[i] += new1 * (gradient - firsts[i]);
            seconds[i] = seconds[i] * keep2 + new2 * gradient * gradient;
            values[i] = values[i] * decay + step * firsts[i] / (MathF.Sqrt(seconds[i]) / root + epsilon);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Round(float* values, ushort* rounded, int count)
    {
        for (int i = 0; i < count; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            rounded[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16); // to nearest, ties to even
        }
    }
}
