// Asynchronous copies from global to shared memory: data arrives when it is waited for, not before.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>The copies that the lanes of a warp have under way. Groups are counted by lane, as a thread's own.</summary>
sealed unsafe class AsyncCopies
{
    struct Copy
    {
        public int Lane;
        public long Group, Number;
        public byte* Target;
        public byte* Shadow;
        public ulong Offset;
        public uint Bytes;
        public UInt128 Data;
        public Instruction* Instruction;
    }

    readonly List<Copy> _copies = [];
    readonly long[] _groups = new long[32];
    long _number;

    /// <summary>The most groups that a lane had under way at a commit.</summary>
    public int Depth { get; private set; }

    public void Clear()
    {
        _copies.Clear();
        Array.Clear(_groups);
    }

    /// <summary>
    /// cp.async: A the shared address with the immediate, B the global one with the offset in More[0], C the row of source bytes or -1
    /// (More[1] is the predicate that says to ignore the source, or -1), D the size.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Issue<TMode>(Warp w, Instruction* i, uint mask) where TMode : ICheckMode
    {
        AsyncCopies copies = w.Copies ??= new AsyncCopies();
        ulong* to = (ulong*)(w.Rows + i->A), from = (ulong*)(w.Rows + i->B);
        uint size = (uint)i->D;
        w.Block.Changes.Count++;
        if (TMode.Profile)
            w.Block.Profile!.Copy(i, from, to, mask, size);
        uint ignored = i->More[1] >= 0 ? *(uint*)(w.Rows + i->More[1]) : 0;
        MemoryRegion* shared = w.Block.Shared;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            uint bytes = (ignored >> l & 1) != 0 ? 0 : i->C >= 0 ? Math.Min(size, ((uint*)(w.Rows + i->C))[l]) : size;
            byte* target = MemoryCheck.Lane<SharedSpace, TMode>(w, i, l, to[l] + (ulong)i->Immediate, size, true);
            UInt128 data = 0;
            if (bytes > 0 && !Read<TMode>(w, i, l, from[l] + (ulong)i->More[0], bytes, size, &data))
                target = null;
            if (target == null)
                continue;
            ulong offset = (ulong)(target - shared->Data);
            if (TMode.Access)
                new Span<byte>(shared->Shadow + offset, (int)size).Fill(MemoryRegion.CopyPending);
            copies._copies.Add(new Copy
            {
                Lane = l,
                Group = copies._groups[l],
                Number = ++copies._number,
                Target = target,
                Shadow = TMode.Access ? shared->Shadow + offset : null,
                Offset = offset,
                Bytes = size,
                Data = data,
                Instruction = i,
            });
        }
    }

    /// <summary>cp.async.commit_group.</summary>
    public static void Commit(Warp w, Instruction* i, uint mask)
    {
        AsyncCopies copies = w.Copies ??= new AsyncCopies();
        for (uint m = mask; m != 0; m &= m - 1)
            copies._groups[BitOperations.TrailingZeroCount(m)]++;
        if (w.Block.Profile == null)
            return;
        int lane = BitOperations.TrailingZeroCount(mask);
        long oldest = copies._groups[lane];
        foreach (ref Copy copy in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(copies._copies))
            if (copy.Lane == lane)
                oldest = Math.Min(oldest, copy.Group);
        w.Block.Profile.SeeCopyDepth((int)(copies._groups[lane] - oldest));
    }

    /// <summary>cp.async.wait_group: all groups but the newest ones, whose number is the immediate, arrive. -1 is wait_all.</summary>
    public static void Wait(Warp w, Instruction* i, uint mask)
    {
        w.Copies?.Arrive(w, mask, i->Immediate, long.MaxValue);
    }

    /// <summary>The number of the last copy.</summary>
    public long Last => _number;

    /// <summary>A lane's copies up to a number arrive.</summary>
    public void ArriveUpTo(Warp w, int lane, long number) => Arrive(w, 1u << lane, -1, number);

    // Those of lanes, but for the newest groups, up to a number.
    void Arrive(Warp w, uint mask, long newest, long number)
    {
        int kept = 0;
        Span<Copy> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_copies);
        foreach (ref Copy copy in all)
            if ((mask >> copy.Lane & 1) != 0 && (newest < 0 || copy.Group < _groups[copy.Lane] - newest) && copy.Number <= number)
                Arrive(w, ref copy);
            else
                all[kept++] = copy;
        System.Runtime.InteropServices.CollectionsMarshal.SetCount(_copies, kept);
    }

    static void Arrive(Warp w, ref Copy copy)
    {
        fixed (UInt128* data = &copy.Data)
            Unsafe.CopyBlockUnaligned(copy.Target, data, copy.Bytes);
        if (copy.Shadow != null)
            new Span<byte>(copy.Shadow, (int)copy.Bytes).Fill(MemoryRegion.Initialised);
        MemoryRegion* shared = w.Block.Shared;
        if (shared->Stamps != null)
            w.Block.Races!.Lane(w, copy.Instruction, copy.Lane, shared, copy.Offset, copy.Offset, copy.Bytes, AccessKind.Store);
    }

    // The source is read when the copy is issued; its address is a multiple of the copy's size however much of it is read.
    static bool Read<TMode>(Warp w, Instruction* i, int lane, ulong address, uint bytes, uint size, UInt128* data) where TMode : ICheckMode
    {
        if (bytes == size)
        {
            byte* whole = MemoryCheck.Lane<GlobalSpace, TMode>(w, i, lane, address, size, false);
            if (whole == null)
                return false;
            Unsafe.CopyBlockUnaligned(data, whole, size);
            return true;
        }
        for (uint at = 0; at < bytes; at++)
        {
            byte* p = MemoryCheck.Lane<GlobalSpace, TMode>(w, i, lane, address + at, 1, false);
            if (p == null)
                return false;
            ((byte*)data)[at] = *p;
        }
        return true;
    }
}
