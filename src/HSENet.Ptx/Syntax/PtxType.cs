// The fundamental types and state spaces of PTX, with their spelling and size.
namespace HSENet.Ptx;

/// <summary>A type of PTX as it is written after a dot (PTX ISA, Types).</summary>
public enum PtxType
{
#pragma warning disable CS1591 // the members are PTX's own words
    Pred,
    B1, B8, B16, B32, B64, B128,
    U2, U4, U8, U16, U32, U64,
    S2, S4, S8, S16, S32, S64,
    U16x2, S16x2,
    F16, F16x2, Bf16, Bf16x2, Tf32, F32, F64,
    E4m3, E5m2, E4m3x2, E5m2x2,
#pragma warning restore CS1591
}

/// <summary>Where a variable lives (PTX ISA, State Spaces).</summary>
public enum PtxSpace
{
    /// <summary>Registers (<c>.reg</c>).</summary>
    Register,
    /// <summary>Parameters of entries and functions.</summary>
    Param,
    /// <summary>Memory of one thread.</summary>
    Local,
    /// <summary>Memory of one block.</summary>
    Shared,
    /// <summary>Memory of the device.</summary>
    Global,
    /// <summary>Read-only memory of the module.</summary>
    Const,
}

/// <summary>Spelling and size of types and spaces.</summary>
public static class PtxTypes
{
    static readonly Dictionary<string, PtxType> ByWord = Enum.GetValues<PtxType>().ToDictionary(type => type.ToString().ToLowerInvariant());
    static readonly string[] Words = [.. Enum.GetValues<PtxType>().Select(type => type.ToString().ToLowerInvariant())];
    static readonly string[] SpaceWords = ["reg", "param", "local", "shared", "global", "const"];

    /// <summary>Reads a type from its word without the dot; false when it is none.</summary>
    public static bool TryParse(string word, out PtxType type) => ByWord.TryGetValue(word, out type);

    /// <summary>Reads a space from its word without the dot; <c>shared::cta</c> is shared, <c>param::entry</c> a parameter.</summary>
    public static bool TryParseSpace(string word, out PtxSpace space)
    {
        int colons = word.IndexOf("::", StringComparison.Ordinal);
        int index = Array.IndexOf(SpaceWords, colons < 0 ? word : word[..colons]);
        space = (PtxSpace)Math.Max(index, 0);
        return index >= 0 && (colons < 0 || word is "shared::cta" or "shared::cluster" or "param::entry" or "param::func");
    }

    /// <summary>The type's word without the dot.</summary>
    public static string Word(this PtxType type) => Words[(int)type];

    /// <summary>The space's word without the dot.</summary>
    public static string Word(this PtxSpace space) => SpaceWords[(int)space];

    /// <summary>Bits of one value; 1 for a predicate.</summary>
    public static int Bits(this PtxType type) => type switch
    {
        PtxType.Pred or PtxType.B1 => 1,
        PtxType.U2 or PtxType.S2 => 2,
        PtxType.U4 or PtxType.S4 => 4,
        PtxType.B8 or PtxType.U8 or PtxType.S8 or PtxType.E4m3 or PtxType.E5m2 => 8,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.Bf16 or PtxType.E4m3x2 or PtxType.E5m2x2 => 16,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 64,
        PtxType.B128 => 128,
        _ => 32,
    };

    /// <summary>Bytes of one value in memory, at least 1.</summary>
    public static int Bytes(this PtxType type) => Math.Max(1, type.Bits() / 8);
}
