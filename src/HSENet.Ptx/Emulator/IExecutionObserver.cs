// The seam at which a launch hands over what it executes: blocks of code, directions of branches, addresses of accesses.
namespace HSENet.Ptx;

/// <summary>
/// Told of everything that warps execute, one warp after the other; set by <see cref="EmulatorOptions.Observer"/>. Calls come between those
/// of a warp's <see cref="Block"/> in the order of execution, so an access or an ending belongs to the warp and the lanes of the last
/// <see cref="Block"/>. A guarded instruction without an active lane makes no access. Indices are those of
/// <see cref="DecodedKernel.Blocks"/> and <see cref="DecodedKernel.Statements"/>, whose instructions know their lines.
/// </summary>
interface IExecutionObserver
{
    /// <summary>A warp is about to execute all statements of a basic block for the lanes of a mask.</summary>
    void Block(Warp warp, int block, uint mask);

    /// <summary>The guarded ending of that block: the lanes of <paramref name="taken"/> branch (return, exit), the others go on.</summary>
    void Ending(int block, uint mask, uint taken);

    /// <summary>An access to global, shared or local memory, before it is made; an asynchronous copy makes two, the global one
    /// first.</summary>
    /// <param name="statement">Index of the instruction.</param>
    /// <param name="space">Where the first active lane's address lies; generic accesses are told apart.</param>
    /// <param name="addresses">An address for each lane, as the emulator sees it; those of lanes outside the mask mean nothing.</param>
    /// <param name="offset">To be added to each of them.</param>
    /// <param name="mask">Active lanes.</param>
    /// <param name="bytes">Bytes of a lane's access.</param>
    void Access(int statement, PtxSpace space, ReadOnlySpan<ulong> addresses, long offset, uint mask, uint bytes);
}
