// Computes  map[w] = softmax(Q[w]·K[window w]ᵀ/√D),  y[w] = dropout(map[w])·V[window w]
// Idea      an item is a window; the tile of slice-guided attention reads its patches where they lie
// Numerics  sums in two vectors of f32, then across lanes; the largest score is subtracted before exp
namespace HSENet.Kernels;

public static partial class WindowAttention
{
    static void HostForward(HostDevice device, WindowAttentionArguments a) =>
        device.ForVectors(a.Grid.Windows, new HostWork(device, a));

    readonly struct HostWork(HostDevice device, WindowAttentionArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            WindowGrid grid = a.Grid;
            int* rows = device.Scratch<int>(worker, 2 * grid.Window);
            float* weights = (float*)(rows + grid.Window);
            for (int i = 0; i < grid.Window; i++)
                rows[i] = grid.Patch(index, i);
            SingleHead.Attend<TVector>(a.Q.Pointer + (long)index * a.Channels, a.K.Floats.Pointer, a.V.Floats.Pointer, rows, grid.Window,
                a.Channels,
                a.Y.Floats.Pointer + (long)index * a.Channels, a.Map.Pointer, index * grid.Window, a.DropoutRate, a.DropoutSeed, weights);
        }
    }
}
