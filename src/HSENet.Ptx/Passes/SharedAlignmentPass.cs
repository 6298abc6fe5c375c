// Raises the alignment of shared arrays: ldmatrix and cp.async need 16 bytes, ILGPU writes that of the element.
namespace HSENet.Ptx;

/// <summary>Aligns shared variables, static and dynamic.</summary>
public static class SharedAlignmentPass
{
    /// <summary>The module with every <c>.shared</c> variable aligned to at least <paramref name="alignment"/> bytes, a power of
    /// two.</summary>
    public static PtxModule Apply(PtxModule module, int alignment = 16)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (!int.IsPow2(alignment))
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "an alignment is a power of two");
        return PtxRewrite.Variables(module, variable => variable.Space != PtxSpace.Shared || variable.Alignment >= alignment
            ? variable : variable with { DeclaredAlignment = alignment });
    }
}
