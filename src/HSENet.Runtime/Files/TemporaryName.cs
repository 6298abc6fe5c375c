// Names of files and folders that are being written: they say which process of which machine writes them.
using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Runtime;

/// <summary>Temporary names, and whether the process that gave one is gone.</summary>
internal static partial class TemporaryName
{
    // A folder may be shared by machines whose process numbers say nothing of each other; a machine's name is nobody's business.
    static readonly string Machine =
        XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(Environment.MachineName)).ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>A new name beside a path.</summary>
    public static string For(string path) => For(path, Environment.ProcessId);

    /// <summary>The name that a process of this machine gives.</summary>
    internal static string For(string path, int process) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}.{Machine}-{process}-{Guid.NewGuid():N}.tmp");

    /// <summary>Whether this is a name of a process of this machine that has ended.</summary>
    public static bool IsAbandoned(string path) =>
        Pattern().Match(path) is { Success: true } name && name.Groups["machine"].Value == Machine
        && int.TryParse(name.Groups["process"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        && !IsRunning(process);

    [GeneratedRegex(@"\.(?<machine>[0-9a-f]{8})-(?<process>[0-9]+)-[0-9a-f]{32}\.tmp\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    static bool IsRunning(int process)
    {
        try
        {
            using var running = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
