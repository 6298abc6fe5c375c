// From the compiler's text to the text that is loaded: all passes in their order.
namespace HSENet.Ptx;

/// <summary>What the final text should be.</summary>
public sealed record PtxFinalizeOptions
{
    /// <summary>Name of the entry.</summary>
    public required string EntryName { get; init; }

    /// <summary>Lowest architecture that can load the text.</summary>
    public string Target { get; init; } = "sm_80";

    /// <summary>Bytes that shared variables are aligned to, at least.</summary>
    public int SharedAlignment { get; init; } = 16;

    /// <summary>Functions that the driver resolves; see <see cref="ExternalsPass.DriverFunctions"/>.</summary>
    public IReadOnlyList<string> AllowedExternals { get; init; } = [];
}

/// <summary>Turns ILGPU's text of one kernel into what a device should load.</summary>
public static class PtxFinalizer
{
    /// <summary>
    /// The final text: dead functions gone, nothing unresolved, registers of the right width, addresses in their spaces, floating-point
    /// contraction explicit, shared memory aligned, entry and target named.
    /// </summary>
    /// <exception cref="PtxException">The text cannot be read, has not exactly one entry, needs a function from outside, or has a register
    /// of the wrong width.</exception>
    public static string Finalize(string ilgpuText, PtxFinalizeOptions options) => Finalize(PtxModule.Parse(ilgpuText), options).ToString();

    /// <summary>The same on a parsed module.</summary>
    /// <exception cref="PtxException">The module has not exactly one entry, needs a function from outside, or has a register of the wrong
    /// width.</exception>
    public static PtxModule Finalize(PtxModule module, PtxFinalizeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        module = DeadFunctionPass.Apply(module);
        module = ExternalsPass.Apply(module, options.AllowedExternals);
        module = RegisterWidthPass.Apply(module);
        module = AddressSpacePass.Apply(module);
        module = FloatingPointPass.Apply(module);
        module = SharedAlignmentPass.Apply(module, options.SharedAlignment);
        module = EntryNamePass.Apply(module, options.EntryName);
        return TargetPass.Apply(module, options.Target);
    }
}
