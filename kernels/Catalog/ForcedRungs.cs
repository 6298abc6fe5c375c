// Rungs forced by the environment: read once, checked against the catalogue, and counted, so that a forced rung that never ran is told.
namespace HSENet.Kernels;

/// <summary>How often a forced rung ran.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Rung">The name that was asked for: "V1" or "V1.Naive".</param>
/// <param name="Ran">Launches of the operation that the rung ran.</param>
/// <param name="Launches">All launches of the operation; the others fell back to the rung chosen by shape.</param>
public sealed record ForcedRungCount(string Operation, string Rung, long Ran, long Launches);

/// <summary>
/// Rungs chosen by <c>HSENET_FORCE_KERNEL=LayerNorm=V1,Linear.Backward=V1.Naive</c>. A launch that the forced rung cannot run, on this
/// device or for its shape, is run by the rung chosen otherwise.
/// </summary>
public static class ForcedRungs
{
    const string Variable = "HSENET_FORCE_KERNEL";

    static readonly Lazy<Dictionary<string, Count>> Forced = new(() => Parse(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>Reads the variable; does nothing when it is not set.</summary>
    /// <exception cref="NoRungException">It names an operation or a rung that the catalogue does not have.</exception>
    public static void Check() => _ = Forced.Value;

    /// <summary>What has been launched so far of each operation that has a forced rung.</summary>
    public static IReadOnlyList<ForcedRungCount> Counts =>
        [.. Forced.Value.Select(forced => new ForcedRungCount(forced.Key, forced.Value.Name, forced.Value.Ran, forced.Value.Launches))];

    internal static Count? For(string operation) => Forced.Value.Count == 0 ? null : Forced.Value.GetValueOrDefault(operation);

    /// <summary>"V1" names "V1.Naive", but not "V10.…".</summary>
    static bool Names(string forced, Rung rung) =>
        rung.Name.Equals(forced, StringComparison.OrdinalIgnoreCase)
            || rung.Name.StartsWith(forced + ".", StringComparison.OrdinalIgnoreCase);

    internal static Dictionary<string, Count> Parse(string? text)
    {
        var forced = new Dictionary<string, Count>(StringComparer.OrdinalIgnoreCase);
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=');
            if (equals <= 0 || equals == part.Length - 1)
                throw new NoRungException($"{Variable}: '{part}': expected Operation=Rung");
            string name = part[..equals], rung = part[(equals + 1)..];
            var operation = KernelCatalog.Operations.FirstOrDefault(known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new NoRungException($"{Variable}: no operation is called {name}; expected one of "
                    + string.Join(", ", KernelCatalog.Operations.Select(known => known.Name)));
            Rung[] named = [.. operation.Rungs.Where(known => Names(rung, known))];
            forced[operation.Name] = named.Length > 0 ? new Count(rung, named) : throw new NoRungException(
                $"{Variable}: {operation.Name} has no rung {rung}; expected one of "
                    + string.Join(", ", operation.Rungs.Select(known => known.Name).Distinct()));
        }
        return forced;
    }

    /// <summary>One forced rung, of every weight type, and its launches.</summary>
    internal sealed class Count(string name, Rung[] rungs)
    {
        long _ran, _launches;

        public string Name => name;

        public long Ran => Interlocked.Read(ref _ran);

        public long Launches => Interlocked.Read(ref _launches);

        public bool Names(Rung rung) => Array.IndexOf(rungs, rung) >= 0;

        public void Launched(Rung rung)
        {
            Interlocked.Increment(ref _launches);
            if (Names(rung))
                Interlocked.Increment(ref _ran);
        }
    }
}
