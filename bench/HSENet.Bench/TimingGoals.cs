// The goals of the model of time, each with what is reached.
using System.Globalization;
using System.Text;

namespace HSENet.Bench;

static class TimingGoals
{
    const double Mean = 0.10, Largest = 0.30, Cycles = 0.05, Instructions = 0.05;

    // Rows whose instructions have to agree: kernels written as the measured ones were.
    static readonly string[] Counted = ["B mma_warptile_2", "B wmma_128_3"];

    /// <summary>Rows of a table: goal, what is reached, whether that is enough.</summary>
    public static string Write(IReadOnlyList<PublishedRow> published, IReadOnlyList<LadderPrediction> now)
    {
        StringBuilder text = new();
        double[] errors = [.. published.Where(row => !row.Fitted).Select(row => Math.Abs(Error(row)))];
        Row(FormattableString.Invariant($"mean error of rows that were not fitted at most {100 * Mean:F0} %"), Share(errors.Average()),
            errors.Average() <= Mean);
        Row(FormattableString.Invariant($"none of them above {100 * Largest:F0} %"), Share(errors.Max()), errors.Max() <= Largest);
        string[] wrong = [.. TimingReport.Pairs(published, now).SelectMany(ladder => ladder.Wrong)];
        Row("rungs of one ladder that were measured more than 10 % apart in the right order",
            wrong.Length == 0 ? "all" : "not " + string.Join(", ", wrong), wrong.Length == 0);
        foreach (PublishedRow row in published.Where(row => row.Ncu != null))
        {
            LadderPrediction p = TimingReport.Of(now, row);
            double cycles = p.Cycles / row.Ncu!.Cycles - 1, instructions = p.WarpInstructions / row.Ncu.Instructions - 1;
            Row(FormattableString.Invariant($"cycles of {row.Row} within {100 * Cycles:F0} %"), TimingReport.Percent(cycles),
                Math.Abs(cycles) <= Cycles);
            if (Counted.Contains(row.Row))
                Row(FormattableString.Invariant($"instructions of {row.Row} within {100 * Instructions:F0} %"),
                    TimingReport.Percent(instructions), Math.Abs(instructions) <= Instructions);
            string stall = TimingReport.Words(p.FirstStall);
            Row($"first stall of {row.Row} as the profiler names it: {row.Ncu.Stall}", stall,
                row.Ncu.Stall.Contains(stall, StringComparison.OrdinalIgnoreCase));
        }
        return text.ToString();

        double Error(PublishedRow row) => TimingReport.Error(TimingReport.Of(now, row), row);
        void Row(string goal, string reached, bool enough) =>
            text.Append(CultureInfo.InvariantCulture, $"| {goal} | {reached} | {(enough ? "met" : "**missed**")} |\n");
    }

    static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F1} %");
}
