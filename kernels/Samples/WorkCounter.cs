// Adds up what the launches of a whole model have to do and how long each takes: for the rates that a model's stages reach, and what they
// spend.
using System.Diagnostics;

namespace HSENet.Kernels;

/// <summary>All launches of an operation with the same sizes.</summary>
/// <param name="Name">Operation, storage type of its weights, sizes.</param>
/// <param name="Launches">How many.</param>
/// <param name="Seconds">All together, each waited for.</param>
/// <param name="Operations">Multiplications and additions, all together.</param>
/// <param name="Traffic">Bytes that had to be read and written, each launch by itself.</param>
public sealed record CountedLaunches(string Name, int Launches, double Seconds, double Operations, double Traffic);

/// <summary>An observer that counts and times each launch; put it on <see cref="Device.Observer"/> for a run that is not timed as a
/// whole.</summary>
public sealed class WorkCounter(Device device) : ILaunchObserver
{
    readonly Dictionary<string, KernelSample> _samples = [];
    readonly Dictionary<string, CountedLaunches> _launches = [];
    (string Name, LaunchWork Work, long Start) _running;

    /// <summary>What was launched, by operation and sizes, in the order of the first launch.</summary>
    public IReadOnlyCollection<CountedLaunches> Launches => _launches.Values;

    /// <summary>Multiplications and additions so far.</summary>
    public double Operations => Launches.Sum(launches => launches.Operations);

    /// <summary>Bytes that had to be read and written so far, each launch by itself.</summary>
    public double Traffic => Launches.Sum(launches => launches.Traffic);

    /// <inheritdoc/>
    public void Launching(Rung rung, object arguments)
    {
        ArgumentNullException.ThrowIfNull(rung);
        ArgumentNullException.ThrowIfNull(arguments);
        if (!_samples.TryGetValue(rung.Operation, out var sample))
            _samples.Add(rung.Operation, sample = KernelSample.Of(rung));
        // The type that a matrix is stored in decides as much as the sizes.
        string type = sample.StoredAs(arguments) is { } stored ? $" {stored.ToString().ToLowerInvariant()}" : "";
        string name = $"{rung.Operation}.{rung.Name}{type} {sample.Sizes(arguments)}";
        var work = sample.Work(arguments);
        device.Synchronize();
        _running = (name, work, Stopwatch.GetTimestamp());
    }

    /// <inheritdoc/>
    public void Launched(Rung rung)
    {
        device.Synchronize();
        var (name, work, start) = _running;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var sum = _launches.GetValueOrDefault(name) ?? new CountedLaunches(name, 0, 0, 0, 0);
        _launches[name] = new CountedLaunches(name, sum.Launches + 1, sum.Seconds + seconds, sum.Operations + (work.Operations ?? 0),
            sum.Traffic + work.Traffic);
    }
}
