// A prediction as text for people and as JSON for machines; both say that it is predicted, and how far off it may be.
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HSENet.Ptx;

/// <summary>Writes predictions.</summary>
public static class TimingText
{
    /// <summary>Lines of text.</summary>
    public static string Write(TimingPrediction p)
    {
        ArgumentNullException.ThrowIfNull(p);
        StringBuilder text = new();
        Line("predicted", $"{p.Kernel} on {p.Gpu.Name}, from {p.Basis}; not measured. Error on published measurements: "
            + $"{Percent(p.ErrorBand.Mean)} on average, {Percent(p.ErrorBand.Largest)} at most");
        Line("time", $"{Number(p.Microseconds)} µs ({Number(p.Cycles)} cycles at {Number(p.Gigahertz)} GHz, "
            + $"{Number(p.LaunchMicroseconds)} µs "
            + "to launch)");
        Line("arithmetic", $"{Number(p.TeraOperations)} TFLOP/s of what "
            + $"{(p.UsefulOperations == null ? "is executed" : "the result needs")}, "
            + $"{Percent(p.TeraOperations / p.Peak.Tera)} of the data sheet's {Number(p.Peak.Tera)} ({p.Peak.Name}){TensorShare(p)}");
        Line("memory", $"{Number(p.MemoryGigabytes)} GB/s, {Percent(p.MemoryGigabytes / p.Gpu.MemoryGigabytesPerSecond)} of the data "
            + $"sheet's "
            + $"{Number(p.Gpu.MemoryGigabytesPerSecond)}; {Number(p.L2Bytes / p.Microseconds / 1e3)} GB/s of the second-level cache");
        Line("limited by", p.Limit);
        Line("busy", $"issue slots {Percent(p.Busy.Issue)}, load-store unit {Percent(p.Busy.LoadStore)}, tensor cores "
            + $"{Percent(p.Busy.Tensor)} "
            + "of the time, all multiprocessors");
        Line("caches", $"first level {Percent(p.HitRates.L1)}, second level {Percent(p.HitRates.L2)} of the sectors that loads ask for");
        Line("occupancy", $"{p.Occupancy.Blocks} blocks, {p.Occupancy.Warps} warps on a multiprocessor, limited by {p.Occupancy.Limit}; "
            + $"{Number(p.Waves)} waves, the last {Percent(p.Tail)} full");
        Line("a warp issues", $"every {Number(p.CyclesPerInstruction)} cycles; {Number(p.EligibleWarps)} warps of a scheduler could");
        Line("stalls", string.Join(", ", p.Stalls.Where(stall => stall.Clocks >= 0.005)
            .Select(stall => $"{stall.Reason.Words()} {Number(stall.Clocks)}")) + " cycles of each instruction");
        foreach ((int line, double share, StallReason reason) in p.Lines)
            Line($"PTX line {line}", $"{Percent(share)} of all waiting, first {reason.Words()}"
                + (p.Sources.TryGetValue(line, out string? source) ? $" ({source})" : ""));
        return text.ToString();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-16} {value}\n");
    }

    /// <summary>An object with every figure.</summary>
    public static void WriteJson(TimingPrediction p, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteBoolean("predicted", true);
        writer.WriteStartObject("error");
        writer.WriteNumber("mean", p.ErrorBand.Mean);
        writer.WriteNumber("largest", p.ErrorBand.Largest);
        writer.WriteEndObject();
        writer.WriteString("kernel", p.Kernel);
        writer.WriteString("gpu", p.Gpu.Key);
        writer.WriteString("basis", p.Basis);
        writer.WriteNumber("cycles", Math.Round(p.Cycles));
        writer.WriteNumber("gigahertz", Math.Round(p.Gigahertz, 4));
        writer.WriteNumber("microseconds", Math.Round(p.Microseconds, 3));
        writer.WriteNumber("launch_microseconds", p.LaunchMicroseconds);
        writer.WriteNumber("tflops", Math.Round(p.TeraOperations, 4));
        writer.WriteNumber("operations", Math.Round(p.Operations));
        if (p.UsefulOperations is { } useful)
            writer.WriteNumber("useful_operations", useful);
        writer.WriteNumber("share_of_peak_tflops", Math.Round(p.TeraOperations / p.Peak.Tera, 4));
        writer.WriteString("peak", $"{Number(p.Peak.Tera)} TFLOP/s of the data sheet: {p.Peak.Name}");
        writer.WriteNumber("memory_gb_per_s", Math.Round(p.MemoryGigabytes, 2));
        writer.WriteNumber("memory_share_of_data_sheet", Math.Round(p.MemoryGigabytes / p.Gpu.MemoryGigabytesPerSecond, 4));
        writer.WriteNumber("memory_bytes", Math.Round(p.MemoryBytes));
        writer.WriteNumber("l2_bytes", Math.Round(p.L2Bytes));
        writer.WriteNumber("l1_hit_share", Math.Round(p.HitRates.L1, 4));
        writer.WriteNumber("l2_hit_share", Math.Round(p.HitRates.L2, 4));
        writer.WriteNumber("warp_instructions", Math.Round(p.WarpInstructions));
        writer.WriteNumber("issue_share", Math.Round(p.Busy.Issue, 4));
        writer.WriteNumber("load_store_share", Math.Round(p.Busy.LoadStore, 4));
        writer.WriteNumber("tensor_share", Math.Round(p.Busy.Tensor, 4));
        writer.WriteNumber("blocks_per_multiprocessor", p.Occupancy.Blocks);
        writer.WriteNumber("warps_per_multiprocessor", p.Occupancy.Warps);
        writer.WriteString("occupancy_limit", p.Occupancy.Limit);
        writer.WriteNumber("waves", Math.Round(p.Waves, 4));
        writer.WriteNumber("tail", Math.Round(p.Tail, 4));
        writer.WriteString("limited_by", p.Limit);
        writer.WriteNumber("cycles_per_instruction", Math.Round(p.CyclesPerInstruction, 3));
        writer.WriteNumber("eligible_warps", Math.Round(p.EligibleWarps, 3));
        writer.WriteStartObject("stalls");
        foreach ((StallReason reason, double clocks) in p.Stalls)
            writer.WriteNumber(reason.Words(), Math.Round(clocks, 3));
        writer.WriteEndObject();
        writer.WriteStartArray("lines");
        foreach ((int line, double share, StallReason reason) in p.Lines)
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", line);
            if (p.Sources.TryGetValue(line, out string? source))
                writer.WriteString("source", source);
            writer.WriteNumber("share", Math.Round(share, 4));
            writer.WriteString("stall", reason.Words());
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    static string TensorShare(TimingPrediction p) =>
        p.Busy.Tensor == 0 ? "" : $"; tensor cores at {Percent(p.Busy.Tensor)} of what mma.sync can do at this clock";

    static string Number(double value) => ProfileText.Format(value);

    static string Percent(double share) => ProfileText.Format(100 * share) + " %";
}
