// Writes the architecture that the text is for.
namespace HSENet.Ptx;

/// <summary>Sets <c>.target</c>: ILGPU writes sm_80 for every newer device.</summary>
public static class TargetPass
{
    /// <summary>The module with the target given, such as <c>sm_90a</c>.</summary>
    /// <exception cref="ArgumentException">The target is not <c>sm_</c> and a number, with a letter at most.</exception>
    public static PtxModule Apply(PtxModule module, string target)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(target);
        ReadOnlySpan<char> number = target.AsSpan(Math.Min(target.Length, 3)).TrimEnd("af");
        bool isNumber = number.Length >= 2 && !number.ContainsAnyExceptInRange('0', '9') && target.Length <= number.Length + 4;
        if (!target.StartsWith("sm_", StringComparison.Ordinal) || !isNumber)
            throw new ArgumentException($"target '{target}' is not like sm_80 or sm_90a", nameof(target));
        return module with { Target = target };
    }
}
