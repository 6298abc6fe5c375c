// What a warp executes, instruction after instruction, as a model of time asks for it.
namespace HSENet.Ptx;

/// <summary>One executed instruction.</summary>
struct ExecutedStep
{
    /// <summary>Index of the instruction in the program.</summary>
    public int Index;

    /// <summary>Lanes that do something; 0 when a guard holds all back.</summary>
    public uint Mask;

    /// <summary>Whether it branched.</summary>
    public bool Taken;

    /// <summary>It is a branch back to an earlier instruction that was taken: a round of a loop ends.</summary>
    public bool EndsRound;

    /// <summary>Where its access goes; <see cref="AccessSpace.None"/> for none. The addresses are the stream's.</summary>
    public AccessSpace Space;
}

/// <summary>Memory that an access goes to.</summary>
enum AccessSpace : byte
{
    None,
    Global,
    Shared,
    Local,
}

/// <summary>The instructions of one warp in the order in which they issue.</summary>
interface IWarpStream
{
    /// <summary>The next instruction; false at the end.</summary>
    bool Next(ref ExecutedStep step);

    /// <summary>Addresses of the last step's access, a lane each; lanes outside its mask mean nothing.</summary>
    ReadOnlySpan<ulong> Addresses { get; }
}

/// <summary>Loops that are left early, so that a run stays short, in the order in which a warp comes to them.</summary>
sealed record LoopCut(IReadOnlyList<CutLoop> Loops);

/// <summary>A loop that is left early.</summary>
/// <param name="Branch">Index of the branch that ends a round.</param>
/// <param name="Rounds">How often it may be taken.</param>
/// <param name="Afterwards">Branches between the loop and the next one that is cut, and whether a warp takes them that has done all
/// rounds.</param>
sealed record CutLoop(int Branch, int Rounds, IReadOnlyList<(int Branch, bool Taken)> Afterwards);
