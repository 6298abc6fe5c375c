// An entry of a module: what its launch needs, and its decoded forms.
using System.Globalization;

namespace HSENet.Ptx;

/// <summary>A kernel that can be launched.</summary>
public sealed class EmulatorKernel
{
    const int MaxThreads = 1024, MostInYAndZ = 65535;

    readonly EmulatorModule _module;
    readonly PtxFunction _entry;
    readonly PtxDirective[] _demands;
    readonly DecodedKernel?[] _decoded = new DecodedKernel?[Enum.GetValues<CheckLevel>().Length];
    readonly Lock _lock = new();

    internal EmulatorKernel(EmulatorModule module, PtxFunction entry)
    {
        (_module, _entry) = (module, entry);
        _demands =
            [.. entry.Directives.Where(directive => directive.Name is "reqntid" or "reqnctapercluster" or "explicitcluster")];
        MaxThreadsPerBlock = MostThreads(entry);
    }

    /// <summary>Name of the entry.</summary>
    public string Name => _entry.Name;

    /// <summary>The module that it is in.</summary>
    public EmulatorModule Module => _module;

    /// <summary>Bytes of its parameters, laid out as the driver takes them.</summary>
    /// <exception cref="PtxException">The kernel has something that the emulator does not execute.</exception>
    public int ParameterBytes => Decoded(CheckLevel.Access).ParameterBytes;

    /// <summary>Bytes of static shared memory as declared.</summary>
    public int StaticSharedBytes => Decoded(CheckLevel.Access).DeclaredSharedBytes;

    /// <summary>The most threads of a block, from <c>.maxntid</c> or <c>.reqntid</c>.</summary>
    public int MaxThreadsPerBlock { get; }

    /// <summary>What the kernel demands of a launch besides limits; null when it fits.</summary>
    internal string? LaunchFault(Dim3 block)
    {
        if (RequiredFault(_demands, block) is { } fault)
            return fault;
        foreach (PtxDirective directive in _demands)
        {
            long[] sizes = directive.Name == "reqnctapercluster"
                ? [.. directive.Arguments.Select(size => Size(directive, size)), 1, 1, 1] : [];
            if (directive.Name == "reqnctapercluster" && sizes[0] * sizes[1] * sizes[2] != 1)
                return $"clusters of {sizes[0]} x {sizes[1]} x {sizes[2]} blocks; the emulator runs clusters of one block only";
            if (directive.Name == "explicitcluster" && _entry.Directives.All(other => other.Name != "reqnctapercluster"))
                return "a cluster has to be given at the launch (.explicitcluster); the emulator runs clusters of one block only";
        }
        return null;
    }

    /// <summary>Why no GPU takes such a grid; null when all do.</summary>
    internal static string? GridFault(Dim3 grid) => grid.X < 1 || grid.Y is < 1 or > MostInYAndZ || grid.Z is < 1 or > MostInYAndZ
        ? $"a grid of {grid} blocks cannot be launched: from 1 on, y and z go to {MostInYAndZ}" : null;

    /// <summary>Why no kernel with these directives takes such a block; null when it does.</summary>
    internal static string? BlockFault(PtxFunction entry, Dim3 block) => RequiredFault(entry.Directives, block)
        ?? (block.Count > MostThreads(entry) ? $"a block of {block} threads cannot be launched; at most {MostThreads(entry)} can" : null);

    static int MostThreads(PtxFunction entry) => (int)entry.Directives.Where(directive => directive.Name is "maxntid" or "reqntid")
        .Select(directive => directive.Arguments.Aggregate(1L, (product, size) => Math.Min(MaxThreads, product * Size(directive, size))))
        .DefaultIfEmpty(MaxThreads).Min();

    static string? RequiredFault(IEnumerable<PtxDirective> directives, Dim3 block)
    {
        foreach (PtxDirective directive in directives.Where(directive => directive.Name == "reqntid"))
        {
            long[] sizes = [.. directive.Arguments.Select(size => Size(directive, size)), 1, 1, 1];
            if (block.X != sizes[0] || block.Y != sizes[1] || block.Z != sizes[2])
                return $"a block of {block} threads cannot be launched; .reqntid demands ({sizes[0]}, {sizes[1]}, {sizes[2]})";
        }
        return null;
    }

    static long Size(PtxDirective directive, string size) =>
        long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long threads)
        ? Math.Min(threads, MaxThreads) : throw new PtxException(directive.Line, $"'{size}' is no number of threads");

    internal DecodedKernel Decoded(CheckLevel level)
    {
        lock (_lock)
            return _decoded[(int)level] ??= Decoder.Decode(_module, _entry, level);
    }
}
