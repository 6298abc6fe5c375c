// Loads and stores of parameters: of the kernel, the same for all threads, and of called functions, one for each lane.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

static unsafe class ParameterAccess
{
    /// <summary>Reads a kernel parameter at the immediate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadKernel<TElement, TRow>(Warp w, Instruction* i, uint mask) where TElement : IElement<TRow> where TRow : unmanaged
    {
        TRow value = TElement.Read(w.Block.Parameters + i->Immediate);
        TRow* d = (TRow*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
            d[BitOperations.TrailingZeroCount(m)] = value;
    }

    /// <summary>Reads a parameter of a function or the result of a call.</summary>
    public static void LoadCall<TElement, TRow>(Warp w, Instruction* i, uint mask) where TElement : IElement<TRow> where TRow : unmanaged
    {
        TRow* d = (TRow*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TElement.Read(w.CallParameters + l * w.Block.Kernel.CallParameterBytes + i->Immediate);
        }
    }

    /// <summary>Writes an argument of a call or a result.</summary>
    public static void StoreCall<TElement, TRow>(Warp w, Instruction* i, uint mask) where TElement : IElement<TRow> where TRow : unmanaged
    {
        TRow* d = (TRow*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            TElement.Write(w.CallParameters + l * w.Block.Kernel.CallParameterBytes + i->Immediate, d[l]);
        }
    }

    /// <summary>Copies what a call passes, for the lanes that make it.</summary>
    public static void Copy(Warp w, (int From, int To, int Bytes)[] copies, uint mask)
    {
        for (uint m = mask; m != 0 && copies.Length > 0; m &= m - 1)
        {
            byte* lane = w.CallParameters + BitOperations.TrailingZeroCount(m) * w.Block.Kernel.CallParameterBytes;
            foreach ((int from, int to, int bytes) in copies)
                Buffer.MemoryCopy(lane + from, lane + to, bytes, bytes);
        }
    }

    /// <summary>The method for a type; null when a parameter cannot have it.</summary>
    public static Execute Find(PtxType type, bool ofKernel, bool store) => type switch
    {
        PtxType.S8 => Find<Signed8, uint>(ofKernel, store),
        PtxType.S16 => Find<Signed16, uint>(ofKernel, store),
        _ => type.Bytes() switch
        {
            1 => Find<Unsigned8, uint>(ofKernel, store),
            2 => Find<Unsigned16, uint>(ofKernel, store),
            4 => Find<Bits32, uint>(ofKernel, store),
            8 => Find<Bits64, ulong>(ofKernel, store),
            _ => null,
        },
    };

    static Execute Find<TElement, TRow>(bool ofKernel, bool store) where TElement : IElement<TRow> where TRow : unmanaged =>
        store ? &StoreCall<TElement, TRow> : ofKernel ? &LoadKernel<TElement, TRow> : &LoadCall<TElement, TRow>;
}
