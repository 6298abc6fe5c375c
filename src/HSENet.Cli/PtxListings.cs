// Where the machine code of a kernel comes from: listings that the program carries, and files beside the PTX.
using System.Reflection;
using HSENet.Ptx;
using HSENet.Runtime;

namespace HSENet.Cli;

static class PtxListings
{
    const string Ending = ".listing.gz", StandIn = "sm_90";

    static readonly Lazy<MachineListingStore> Store = new(() =>
    {
        MachineListingStore store = new();
        Assembly program = typeof(PtxListings).Assembly;
        foreach (string name in program.GetManifestResourceNames().Where(name => name.EndsWith(Ending, StringComparison.Ordinal)))
        {
            using Stream stream = program.GetManifestResourceStream(name)!;
            store.Add(stream);
        }
        return store;
    });

    /// <summary>A kernel's machine code for an architecture: carried by the program, beside the file, or assembled here. Where there is
    /// none, that of sm_90 stands in: the order of instructions is nearly the same. Null when that is missing, too.</summary>
    /// <param name="ptx">The text.</param>
    /// <param name="kernel">Name of the entry.</param>
    /// <param name="architecture">Such as <c>sm_90</c>.</param>
    /// <param name="path">The file that the text is from; listings beside it count, too.</param>
    public static MachineListing? Find(string ptx, string kernel, string architecture, string? path = null) =>
        Kept(ptx, kernel, architecture, path) ?? Assembled(ptx, kernel, architecture)
        ?? (architecture == StandIn ? null : Kept(ptx, kernel, StandIn, path) ?? Assembled(ptx, kernel, StandIn));

    /// <summary>A kernel's machine code as the program carries it, of the architecture that stands in for all; null when the text has
    /// changed since.</summary>
    public static MachineListing? Carried(string ptx, string kernel) => Store.Value.Find(ptx, kernel, StandIn);

    /// <summary>Whether <see cref="Carried"/> finds one.</summary>
    public static bool IsCarried(string ptx, string kernel) => Store.Value.Has(ptx, kernel, StandIn);

    static MachineListing? Assembled(string ptx, string kernel, string architecture)
    {
        try
        {
            return Assembler.Find()?.Assemble(ptx, architecture).FirstOrDefault(one => one.Listing.Kernel == kernel)?.Listing;
        }
        catch (AssemblerException e)
        {
            Messages.Note($"not assembled for {architecture}: {e.Message}");
            return null;
        }
    }

    static MachineListing? Kept(string ptx, string kernel, string architecture, string? path)
    {
        if (Store.Value.Find(ptx, kernel, architecture) is { } carried)
            return carried;
        string? folder = path == null ? null : Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder == null)
            return null;
        foreach (string file in Directory.EnumerateFiles(folder, "*" + Ending).Order(StringComparer.Ordinal))
        {
            MachineListingStore store = new();
            try
            {
                using FileStream stream = File.OpenRead(file);
                store.Add(stream);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                throw new HseNetFileException(file, e.Message, "listings of machine code", e);
            }
            if (store.Find(ptx, kernel, architecture) is { } found)
                return found;
        }
        return null;
    }
}
