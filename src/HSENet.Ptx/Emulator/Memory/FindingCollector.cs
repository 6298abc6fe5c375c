// The findings of one worker, bounded, in the order of its blocks.
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

/// <summary>Collects findings. Launches merge those of all workers by block, so the list does not depend on how many there are.</summary>
sealed unsafe class FindingCollector(BlockState block)
{
    /// <summary>Findings of one kind and statement that are kept.</summary>
    public const int PerStatement = 8;

    readonly Dictionary<(string Kind, int Statement), int> _counts = [];
    readonly List<(long Block, int Statement, EmulatorFinding Finding)> _kept = [];

    bool _strict, _lastKept;

    /// <summary>What the kernel printed.</summary>
    public System.Text.StringBuilder Printed { get; } = new();

    public long Count { get; private set; }

    public IReadOnlyList<(long Block, int Statement, EmulatorFinding Finding)> Kept => _kept;

    public void Start(bool strict)
    {
        _strict = strict;
        Count = 0;
        _counts.Clear();
        _kept.Clear();
        Printed.Clear();
    }

    public void OutOfBounds(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong relative, uint bytes, bool store)
    {
        if (!Wanted(i, FindingKind.OutOfBounds))
            return;
        string access = store ? "write" : "read";
        if (region->Index >= 0)
        {
            bool readOnly = region->Contains(relative, bytes, false);
            (string name, string where) = block.Regions.Nearest(address);
            Keep(w, i, lane, FindingKind.OutOfBounds, address, name, readOnly
                ? $"{access} of {bytes} bytes at 0x{address:x} in {name}, which is read-only"
                : $"{access} of {bytes} bytes at 0x{address:x} is outside every allocation: {where}");
            return;
        }
        (string array, string place) = Arrays(region).Nearest(relative);
        Keep(w, i, lane, FindingKind.OutOfBounds, relative, array,
            $"{access} of {bytes} bytes at {SpaceOf(region)} address {relative} is outside every array: {place}");
    }

    public void Misaligned(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong relative, uint bytes)
    {
        if (!Wanted(i, FindingKind.Misaligned))
            return;
        if (region->Index >= 0)
        {
            Keep(w, i, lane, FindingKind.Misaligned, address, block.Regions.NameAt(region, address),
                $"address 0x{address:x} is no multiple of {bytes}");
            return;
        }
        SharedArray? array = Arrays(region).At(relative);
        Keep(w, i, lane, FindingKind.Misaligned, relative, array?.Name ?? "", array is { } a && a.Alignment < bytes
            ? $"an access of {bytes} bytes at byte {(long)relative - a.Offset} of {a.Name}, which is declared .align {a.Alignment}"
            : $"byte {(long)relative - (array?.Offset ?? 0)} of {array?.Name} is no multiple of {bytes}");
    }

    public void Uninitialised(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong relative, uint bytes)
    {
        if (!Wanted(i, FindingKind.UninitialisedRead))
            return;
        (string name, string where) = Place(region, address, relative);
        Keep(w, i, lane, FindingKind.UninitialisedRead, region->Index >= 0 ? address : relative, name,
            $"read of {bytes} bytes that nobody wrote, {where}");
    }

    public void CopyPending(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong relative, uint bytes, bool store)
    {
        if (!Wanted(i, FindingKind.AsyncCopy))
            return;
        (string name, string where) = Place(region, address, relative);
        Keep(w, i, lane, FindingKind.AsyncCopy, relative, name,
            $"{(store ? "write" : "read")} of {bytes} bytes, {where}, to which an asynchronous copy is under way: its group was not "
                + $"waited for");
    }

    public void Race(
        Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong offset, uint bytes, AccessKind kind,
            RaceConflict other)
    {
        bool note = other.ByTicket && !_strict;
        string findingKind = note ? FindingKind.UnfencedTicket : FindingKind.Race;
        if (!Wanted(i, findingKind, note))
            return;
        (string name, string where) = Place(region, region->Base + offset, region->Base + offset);
        string someone = $"thread {block.BlockSize.Position(other.Thread)}"
            + (other.Block == block.Number ? "" : $" of block {block.GridSize.Position(other.Block)}");
        string access = kind == AccessKind.Load ? "read" : kind == AccessKind.Store ? "write" : "atomic";
        Keep(w, i, lane, findingKind, region->Index >= 0 ? address : offset, name,
            $"{access} of {bytes} bytes, {where}, is not ordered with {(other.Wrote ? "a write" : "a read")} by {someone}"
                + (other.ByTicket ? ": the atomic that drew the last ticket is not followed by a fence" : ""));
    }

    public void NonCoherent(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong offset, uint bytes, bool store)
    {
        if (!Wanted(i, FindingKind.Race))
            return;
        (string name, string where) = Place(region, region->Base + offset, region->Base + offset);
        Keep(w, i, lane, FindingKind.Race, address, name, $"{(store ? "write" : "read through ld.global.nc")} of {bytes} bytes, {where}, "
            + $"which the kernel {(store ? "reads through ld.global.nc" : "writes")}: that path takes memory for unchanging");
    }

    /// <summary>Adds to the message of the finding that was kept last, if the last one was kept.</summary>
    public void AddToLast(string text)
    {
        if (_lastKept)
            _kept[^1] = _kept[^1] with { Finding = _kept[^1].Finding with { Message = _kept[^1].Finding.Message + text } };
    }

    /// <summary>The array of shared or local memory that an address lies in.</summary>
    public SharedArray? ArrayAt(MemoryRegion* region, ulong relative) => Arrays(region).At(relative);

    /// <summary>Name and place of bytes that exist.</summary>
    public (string Name, string Where) Place(MemoryRegion* region, ulong address, ulong relative)
    {
        if (region->Index >= 0)
        {
            string allocation = block.Regions.NameAt(region, address);
            return (allocation, $"byte {relative - region->Base} of {allocation}");
        }
        SharedArray? array = Arrays(region).At(relative);
        return (array?.Name ?? "", $"byte {(long)relative - (array?.Offset ?? 0)} of {array?.Name}");
    }

    public void Add(Warp w, Instruction* i, int lane, string kind, ulong address, string allocation, string message)
    {
        if (Wanted(i, kind))
            Keep(w, i, lane, kind, address, allocation, message);
    }

    // Counts a finding; false when there are enough of its kind at its statement, so that no message needs to be made.
    bool Wanted(Instruction* i, string kind, bool note = false)
    {
        if (!note)
            Count++;
        _lastKept = false;
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, (kind, i->Statement), out _);
        return ++count <= PerStatement;
    }

    void Keep(Warp w, Instruction* i, int lane, string kind, ulong address, string allocation, string message)
    {
        _lastKept = true;
        int line = block.Kernel.Statements[i->Statement].Line;
        _kept.Add((block.Number, i->Statement,
            new EmulatorFinding(kind, block.Kernel.Name, line, block.Position,
            block.BlockSize.Position(w.Index * 32L + lane), address, allocation, message)
            {
                Source = block.Kernel.Sources.GetValueOrDefault(line),
            }));
    }

    ArrayLayout Arrays(MemoryRegion* region) => region->Index == BlockState.SharedIndex
        ? block.Kernel.SharedArrays.With(block.DynamicSharedBytes)
        : region->Index == BlockState.ParameterIndex ? block.Kernel.Parameters : block.Kernel.LocalArrays;

    static string SpaceOf(MemoryRegion* region) =>
        region->Index == BlockState.SharedIndex ? "shared" : region->Index == BlockState.ParameterIndex ? "param" : "local";
}
