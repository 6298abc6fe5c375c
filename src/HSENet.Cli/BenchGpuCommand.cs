// hsenet bench gpu: every kernel on a GPU against the emulator, then the predicted figures measured, with cuBLAS beside them.
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class BenchGpuCommand
{
    const string PageName = "gpu.md", FileName = "gpu.json";

    /// <summary>What is written as gpu.json.</summary>
    sealed record Results(Measured Measured, string PredictedFor, string CuBlas, IReadOnlyList<VerifiedRung> Instructions,
        IReadOnlyList<VerifiedRung> Verified, IReadOnlyList<GpuFigure> Figures);

    public static Command Create()
    {
        var device = new Option<string>("--device") { Description = "The GPU.", DefaultValueFactory = _ => "cuda:0" };
        var gpu = new Option<string?>("--gpu")
        {
            Description = "The GPU of the model of time that predictions are for; by the device's name unless said, else h200.",
        };
        var verify = new Option<bool>("--verify") { Description = "Compare with the emulator alone; measure nothing." };
        var only = new Option<string>("--only") { Description = "Operations that begin so.", DefaultValueFactory = _ => "" };
        var rehearse = new Option<bool>("--rehearse")
        {
            Description = "Measure small sizes and nothing cold: where the emulator is behind the driver, to see that everything works.",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Time for the rounds of each size; five rounds are run whatever it takes.",
            DefaultValueFactory = _ => 2,
        };
        var output = new Option<string?>("--out") { Description = $"Folder for {PageName} and {FileName}; made where it is missing." };
        var verbose = Verb.Verbose();
        var command = new Command("gpu", """
            Runs the instructions that kernels are made of, each alone, and every kernel on the GPU and in the emulator, on the same data: the
            same bits where every instruction is defined to the last bit, otherwise within a bound. Then measures what the model of time
            predicts, by events, in turns with cuBLAS where that is installed. Exit code 1 when an instruction or a kernel differs.

            Examples:
              hsenet bench gpu --out bench/results/h200
              hsenet bench gpu --verify --only linear
            """)
        { device, gpu, verify, only, rehearse, seconds, output, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string names = parsed.GetRequiredValue(only);
            double budget = parsed.GetValue(seconds);
            if (budget is not (>= 0 and < 1e6))
                throw new HseNetException($"--seconds {budget}: expected 0 or more");
            using var where = Device.Open(parsed.GetRequiredValue(device));
            if (where.Kind == DeviceKind.Host)
                throw new HseNetException($"--device {parsed.GetRequiredValue(device)}: expected a GPU");
            GpuModel model = parsed.GetValue(gpu) is { } key ? PtxRungs.Gpu(key) : ModelOf(where);
            Measured measured = Measured.Begin(Measured.CommandLine("hsenet", parsed), where.Name);
            List<VerifiedRung> instructions = GpuInstructions.Run(where, cancellation);
            List<VerifiedRung> verified = GpuVerification.Run(where, names, cancellation);
            List<VerifiedRung> differing = [.. instructions.Concat(verified).Where(one => !one.Passed)];
            foreach (VerifiedRung failed in differing)
                Messages.Note(string.Create(CultureInfo.InvariantCulture,
                    $"{failed.Kernel} at {failed.Sizes}: relative error {failed.Error:E2}, expected at most {failed.Bound:E2}"));
            string reason = "not asked for";
            List<GpuFigure> figures = parsed.GetValue(verify) ? []
                : Figures(where, model, parsed.GetValue(rehearse), names, TimeSpan.FromSeconds(budget), out reason, cancellation);
            measured.End();
            Results results = new(measured, model.Name, reason, instructions, verified, figures);
            string page = Page(results);
            Console.Out.Write(page);
            if (parsed.GetValue(output) is { } folder)
            {
                Directory.CreateDirectory(folder);
                TextFile.Write(Path.Combine(folder, PageName), page);
                TextFile.Write(Path.Combine(folder, FileName), JsonSerializer.Serialize(results, BenchFile.Json) + "\n");
            }
            return Task.FromResult(differing.Count == 0 ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }

    static GpuModel ModelOf(Device device) =>
        GpuModel.All.FirstOrDefault(gpu => device.Name.Contains(gpu.Key, StringComparison.OrdinalIgnoreCase)) ?? PtxRungs.Gpu("h200");

    static List<GpuFigure> Figures(Device device, GpuModel gpu, bool rehearsal, string only, TimeSpan budget, out string reason,
        CancellationToken cancellation)
    {
        using Cublas? cublas = device.Kind == DeviceKind.Cuda ? Cublas.TryOpen(out reason) : None(out reason);
        reason = cublas?.Name ?? reason;
        Messages.Note($"cuBLAS: {reason}");
        List<GpuFigure> figures = [];
        foreach (var (operation, sizes) in GpuFigures.Of(rehearsal, only))
        {
            cancellation.ThrowIfCancellationRequested();
            figures.AddRange(GpuFigures.Measure(device, gpu, operation, sizes, rehearsal, budget, cublas));
            Messages.Note($"{operation} at {sizes}: measured");
        }
        return figures;

        static Cublas? None(out string reason)
        {
            reason = "not on this device";
            return null;
        }
    }

    static string Totals(string what, IReadOnlyList<VerifiedRung> verified)
    {
        int same = verified.Count(one => one.Same), failed = verified.Count(one => !one.Passed);
        return string.Create(CultureInfo.InvariantCulture,
            $"| {verified.Count} {what} | {verified.Sum(one => one.Values):N0} | {same} | {verified.Count - same - failed} | {failed} |");
    }

    static string Verdict(VerifiedRung one) => one.Passed ? "" : ": **failed**";

    static string Page(Results results)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # {results.Measured.Device}

            Written by `{results.Measured.Command}`, version {results.Measured.Version},
            commit {results.Measured.Commit}, {results.Measured.Date}.

            | compared with the emulator | numbers | the same bits | within their bound | **not** |
            |---|--:|--:|--:|--:|
            {Totals("instructions, alone", results.Instructions)}
            {Totals("kernels", results.Verified)}

            cuBLAS: {results.CuBlas}.

            """);
        foreach (VerifiedRung one in results.Instructions.Concat(results.Verified).Where(one => !one.Same))
            page.Append(CultureInfo.InvariantCulture,
                $"\n- `{one.Kernel}` at {one.Sizes}: relative error {one.Error:E2}, bound {one.Bound:E2}{Verdict(one)}");
        if (results.Figures.Count == 0)
            return page.AppendLine().ToString();
        page.Append(CultureInfo.InvariantCulture, $"""


            Microseconds of one launch with all its stages, the median of all rounds, by events; warm: after the same launch; cold: with
            other data in the caches. Predicted for {results.PredictedFor} by the model of time, before anything was measured; published
            measurements it misses by {PtxPages.Band(PtxTiming.Error(false))}.

            | kernel | sizes | predicted | warm | cold | predicted / warm | TFLOP/s | GB/s, cold |
            |---|---|--:|--:|--:|--:|--:|--:|

            """);
        foreach (GpuFigure one in results.Figures)
            page.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"| `{one.Name}` | {one.Sizes} | {one.Predicted:F1} | {one.Warm:F1} | {one.Cold:F1} | {one.Predicted / one.Warm:F2} "
                + $"| {one.Operations / one.Warm / 1e6:F1} | {one.Bytes / one.Cold / 1e3:F0} |"));
        return page.ToString();
    }
}
