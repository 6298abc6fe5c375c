// What memory this process has and had, as Linux tells it; 0 where the system does not tell.
using System.Globalization;

namespace HSENet.Bench;

static class ProcessMemory
{
    const string Status = "/proc/self/status", Peaks = "/proc/self/clear_refs";

    /// <summary>Bytes beside mapped files.</summary>
    public static long Anonymous => Bytes("RssAnon:");

    /// <summary>The most bytes that were resident since <see cref="ForgetPeak"/>: weights that were read count, wherever they are
    /// mapped.</summary>
    public static long Peak => Bytes("VmHWM:");

    /// <summary>From here on the peak starts anew, at what is resident.</summary>
    public static void ForgetPeak()
    {
        if (File.Exists(Peaks))
            File.WriteAllText(Peaks, "5");
    }

    static long Bytes(string field)
    {
        string? line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))
            : null;
        return line is null ? 0 : 1024 * long.Parse(line[field.Length..^" kB".Length], CultureInfo.InvariantCulture);
    }
}

/// <summary>The most memory beside mapped files that this process had while it was watched.</summary>
sealed class AnonymousMemory : IDisposable
{
    readonly Timer _timer;
    long _most;

    public AnonymousMemory() => _timer = new Timer(_ => Look(), null, 0, 20);

    public long Most
    {
        get
        {
            Look();
            return _most;
        }
    }

    void Look() => _most = Math.Max(_most, ProcessMemory.Anonymous);

    public void Dispose() => _timer.Dispose();
}
