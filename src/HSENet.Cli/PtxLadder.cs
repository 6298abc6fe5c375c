// The rungs of an operation at one shape, side by side: hsenet ptx profile Linear --shape …, and two of them with --compare.
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxLadder
{
    static readonly string[] Columns = ["kernel", "grid", "busy", "warp instructions", "sectors", "moved / least", "conflicts", "registers",
        "occupancy", "bound", "bound µs", "assembled µs", "TFLOP/s"];

    /// <summary>Profiles rungs at one shape; those that cannot compute it are told of on stderr.</summary>
    /// <exception cref="HseNetException">None can.</exception>
    public static IReadOnlyList<RungProfile> Profile(IReadOnlyList<Rung> rungs, GpuModel gpu, string? shape, long sampled,
        CancellationToken cancellation)
    {
        List<RungProfile> rows = [];
        HseNetException? last = null;
        foreach (Rung rung in rungs)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                rows.Add(PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(shape, rung), sampled));
            }
            catch (HseNetException e) when (rungs.Count > 1 && e.InnerException is NoRungException)
            {
                Messages.Note($"{rung.EntryName}: not for these sizes");
                last = e;
            }
        }
        return rows.Count > 0 ? rows : throw last!;
    }

    /// <summary>The rungs that read a type of weights, or all where a name means rungs of one operation that read none.</summary>
    public static IReadOnlyList<Rung> Reading(IReadOnlyList<Rung> rungs, string? weights)
    {
        if (weights == null)
            return rungs;
        WeightType type = Enum.GetValues<WeightType>().Where(type => type.ToString().Equals(weights, StringComparison.OrdinalIgnoreCase))
            .Cast<WeightType?>().FirstOrDefault()
            ?? throw new HseNetException($"--weights {weights}: expected one of "
                + $"{string.Join(", ", Enum.GetNames<WeightType>()).ToLowerInvariant()}");
        Rung[] found = [.. rungs.Where(rung => rung.Weights == type)];
        return found.Length > 0 ? found : throw new HseNetException($"--weights {weights}: no rung of {rungs[0].Operation} reads them");
    }

    public static string Write(IReadOnlyList<RungProfile> rows, GpuModel gpu)
    {
        string text = $"{rows[0].Rung.Operation}, {rows[0].Sizes}, {gpu.Name}; counted in the emulator, nothing measured on hardware; "
            + $"the bound leaves "
            + $"out latencies and what does not overlap\n\n{PtxTable.Rows(rows, Columns)}";
        return rows is [var a, var b]
            ? text + $"\nThe bound of {b.Profile.Facts.EntryName} is "
                + $"{ProfileText.Format(b.Profile.Bound.Microseconds / a.Profile.Bound.Microseconds)} of "
                + $"{a.Profile.Facts.EntryName}'s.\n" : text;
    }
}
