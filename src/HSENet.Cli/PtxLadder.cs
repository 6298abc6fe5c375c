// The rungs of an operation at one shape, side by side: hsenet ptx profile Linear --shape …, and two of them with --compare.
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxLadder
{
    static readonly string[] Columns = ["kernel", "grid", "busy", "warp instructions", "of the machine", "sectors", "moved / least",
        "conflicts", "registers", "occupancy", "bound", "bound µs", "assembled µs", "TFLOP/s"];

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

    /// <summary>Of the rungs that a name means those that read a type of weights and a type of activations; null for any.</summary>
    public static IReadOnlyList<Rung> Reading(IReadOnlyList<Rung> rungs, string? weights, string? values)
    {
        Rung[] found = [.. rungs];
        if (weights != null)
        {
            WeightType type = Type<WeightType>("--weights", weights);
            found = [.. found.Where(rung => rung.Weights == type)];
            if (found.Length == 0)
                throw new HseNetException($"--weights {weights}: no rung of {rungs[0].Operation} reads them");
        }
        if (values == null)
            return found;
        ActivationType activations = Type<ActivationType>("--activations", values);
        found = [.. found.Where(rung => (rung.Activations ?? activations) == activations)];
        return found.Length > 0 ? found
            : throw new HseNetException($"--activations {values}: no rung of {rungs[0].Operation} takes them");
    }

    /// <summary>The one of the rungs that takes f32 where they differ in the type of activations only.</summary>
    public static Rung One(string name, IReadOnlyList<Rung> rungs) => rungs.Where(rung => rung.Activations is null or ActivationType.F32)
        .ToArray() is [var rung] ? rung : PtxRungs.TheOne(name, rungs);

    static T Type<T>(string option, string name) where T : struct, Enum => Enum.GetValues<T>()
        .Where(type => type.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)).Cast<T?>().FirstOrDefault()
        ?? throw new HseNetException($"{option} {name}: expected one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

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
