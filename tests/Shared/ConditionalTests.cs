// Tests that show as skipped where they cannot run: without a golden file, on another system.
namespace HSENet.Tests;

/// <summary>A theory that needs a file of the golden folder and, if named, a property of it: older folders have fewer.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GoldenTheoryAttribute : TheoryAttribute
{
    /// <param name="file">Its path in the folder.</param>
    /// <param name="property">What the json file must hold.</param>
    public GoldenTheoryAttribute(string file, string? property = null)
    {
        if (!GoldenFolder.Has(file))
            Skip = $"this golden folder has no {file}";
        else if (property != null && !GoldenFolder.Json(file).TryGetProperty(property, out _))
            Skip = $"this golden folder's {file} has no {property}";
    }
}

/// <summary>A test that needs a POSIX system: its shell, signals or file permissions.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = UnixTheoryAttribute.Reason;
}

/// <summary>A test that asks what Linux says of a process.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>A theory that needs a POSIX system.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    internal static string? Reason => OperatingSystem.IsWindows() ? "needs a POSIX system" : null;

    public UnixTheoryAttribute() => Skip = Reason;
}

/// <summary>A test that takes minutes: with the long checks alone.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute() => Skip = GoldenFolder.LongChecks ? null : "needs HSENET_LONG=1";
}

/// <summary>The same for several data.</summary>
internal sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute() => Skip = GoldenFolder.LongChecks ? null : "needs HSENET_LONG=1";
}
