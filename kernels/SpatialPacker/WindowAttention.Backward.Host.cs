// Computes  s = map∘(f∘(gradY·Vᵀ) − Σ map·f·gradY·Vᵀ)/√D,  gradQ = s·K,  gradK[p] = s·Q,  gradV[p] = map·f·gradY
// Idea      an item is a window: its patches belong to no other, so every gradient is written once, where it lies
// Numerics  sums in two vectors of f32, then across lanes; dropout's factors are computed again
namespace HSENet.Kernels;

public static partial class WindowAttention
{
    static void HostBackward(HostDevice device, WindowAttentionBackwardArguments a) =>
        device.ForVectors(a.Grid.Windows, new HostBackwardWork(device, a));

    readonly struct HostBackwardWork(HostDevice device, WindowAttentionBackwardArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            WindowGrid grid = a.Grid;
            int channels = a.Channels, count = grid.Window;
            int* rows = device.Scratch<int>(worker, 3 * count);
            float* scores = (float*)(rows + count), weights = scores + count;
            float* q = a.Q.Pointer + (long)index * channels, gradY = a.GradY.Pointer + (long)index * channels;
            for (int i = 0; i < count; i++)
            {
                rows[i] = grid.Patch(index, i);
                scores[i] = SingleHead.Dot<TVector>(gradY, a.V.Pointer + (long)rows[i] * channels, channels);
            }
            SingleHead.ScoreGradients(a.Map.Pointer, index * count, count, channels, a.DropoutRate, a.DropoutSeed, scores, weights);
            SingleHead.WeightedSum<TVector>(a.K.Pointer, rows, count, channels, scores, a.GradQ.Pointer + (long)index * channels);
            for (int i = 0; i < count; i++)
            {
                HostVectors.Scale<TVector>(scores[i], q, a.GradK.Pointer + (long)rows[i] * channels, channels);
                HostVectors.Scale<TVector>(weights[i], gradY, a.GradV.Pointer + (long)rows[i] * channels, channels);
            }
        }
    }
}
