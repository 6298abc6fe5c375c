// bench host: measures, prints, and writes results/<machine>/host.json and host.md.
using System.CommandLine;
using HSENet.Cli;
using HSENet.Kernels;

namespace HSENet.Bench;

static class HostCommand
{
    public static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads of every contender.", DefaultValueFactory = _ => 2 };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Time for each line; five rounds are run whatever it takes.",
            DefaultValueFactory = _ => 6
        };
        var only = new Option<string>("--only")
        {
            Description = "Measure what has this in its name, and write nothing.",
            DefaultValueFactory = _ => ""
        };
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("host", """
            Compares products, attention, their backward passes and one-row products on the host with ONNX Runtime and OpenBLAS,
            and times a launch. All contenders of a line take turns on the same number of threads. Writes host.json and host.md
            (host-256.json where HSENET_HOST_VECTORS=256 makes vectors narrower than the machine's).

            Examples:
              host
              host --only attention --seconds 20
            """)
        { threads, seconds, only, verbose };
        results.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            int count = Verb.AtLeast(1, "--threads", parsed.GetValue(threads));
            double budget = parsed.GetValue(seconds);
            if (budget is not (> 0 and < 1e6))
                throw new HseNetException($"--seconds {budget}: expected more than 0");
            string part = parsed.GetRequiredValue(only);
            string? folder = results.Folder(parsed);
            using var device = new HostDevice(count);
            using var suite = new HostSuite(device, TimeSpan.FromSeconds(budget));
            Measurement[] measurements = [
                .. suite.Measurements.Where(measurement => measurement.Name.Contains(part, StringComparison.OrdinalIgnoreCase))];
            if (measurements.Length == 0)
                throw new HseNetException($"--only {part}: expected a part of one of these: "
                    + $"{string.Join(", ", suite.Measurements.Select(measurement => measurement.Name))}");
            foreach (var peer in suite.Peers)
                Console.WriteLine(peer.Description);
            var report = new HostReport(results.Begin(parsed, device.Name), device.VectorBits,
                [.. suite.Peers.Select(peer => peer.Description)]);
            foreach (var measurement in measurements)
            {
                cancellation.ThrowIfCancellationRequested();
                report.Add(measurement.Run());
            }
            report.Measured.End();
            if (folder is not null && part.Length == 0)
                ResultFiles.Write(folder, device.VectorBits < HostReport.WidestBits ? $"host-{device.VectorBits}" : "host", report,
                    report.ToPage());
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
