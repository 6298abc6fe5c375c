// Computes  y[m,n] = up[m,n] · silu(gate[m,n])
// Idea      as V1, four neighbouring channels in a load and a store, and two times four a thread: more bytes under way, and the addresses
//           are computed once for eight outputs
// Numerics  as V1
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    static Rung<SwiGluArguments> Vector<TFormat>(Action<SwiGluArguments> kernel) where TFormat : struct, IActivationFormat =>
        Rung.Gpu("V2.Vector", kernel).WithThreads(128, static a => a.Rows, static a => Parts.Of(a.Channels, 8)) with
        {
            Activations = TFormat.Type,
            Accepts = static a => a.GateUp.Type == TFormat.Type && a.Y.Type == TFormat.Type && a.Channels % 4 == 0
                && (a.GateUp.Address | a.Y.Address) % 16 == 0,
        };

    static void ForwardV2<TFormat>(SwiGluArguments a) where TFormat : struct, IActivationFormat
    {
        int n = 4 * (2 * Grid.IdxY * Group.DimX + Group.IdxX), next = n + 4 * Group.DimX;
        int gate = Grid.IdxX * 2 * a.Channels, y = Grid.IdxX * a.Channels;
        // Loaded before anything is computed; beyond the row its last four channels again.
        int n0 = Math.Min(n, a.Channels - 4), n1 = Math.Min(next, a.Channels - 4);
        Float4 gate0 = TFormat.LoadQuad(a.GateUp, gate + n0), up0 = TFormat.LoadQuad(a.GateUp, gate + a.Channels + n0);
        Float4 gate1 = TFormat.LoadQuad(a.GateUp, gate + n1), up1 = TFormat.LoadQuad(a.GateUp, gate + a.Channels + n1);
        if (n < a.Channels)
            TFormat.StoreQuad(a.Y, y + n, Four(gate0, up0));
        if (next < a.Channels)
            TFormat.StoreQuad(a.Y, y + next, Four(gate1, up1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Four(Float4 gate, Float4 up)
    {
        up.X *= DeviceMath.Silu(gate.X);
        up.Y *= DeviceMath.Silu(gate.Y);
        up.Z *= DeviceMath.Silu(gate.Z);
        up.W *= DeviceMath.Silu(gate.W);
        return up;
    }
}
