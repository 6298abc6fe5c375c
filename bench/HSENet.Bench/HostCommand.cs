// bench host: measures, prints, and writes results/<machine>/host.json and host.md.
using HSENet.Kernels;

namespace HSENet.Bench;

static class HostCommand
{
    public static int Run(string[] args)
    {
        int threads = 2;
        double seconds = 6;
        string only = "", machine = Machine.FolderName();
        bool dry = false;
        for (int i = 0; i < args.Length; i++)
            switch (args[i])
            {
                case "--threads" when i + 1 < args.Length && int.TryParse(args[i + 1], out threads) && threads > 0:
                case "--seconds" when i + 1 < args.Length && double.TryParse(args[i + 1], out seconds) && seconds > 0:
                    i++;
                    break;
                case "--only" when i + 1 < args.Length:
                    only = args[++i];
                    break;
                case "--machine" when i + 1 < args.Length:
                    machine = args[++i];
                    break;
                case "--dry":
                    dry = true;
                    break;
                default:
                    Console.Error.WriteLine($"bench host: {args[i]}: unknown option, or a value is missing or no positive number");
                    return 2;
            }

        using var device = new HostDevice(threads);
        using var suite = new HostSuite(device, TimeSpan.FromSeconds(seconds));
        foreach (var peer in suite.Peers)
            Console.WriteLine(peer.Description);
        var report = new HostReport(MachineFacts.Collect(device, suite.Peers));
        foreach (var measure in suite.Measurements.Where(measure => measure.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
        {
            var result = measure.Run();
            report.Results.Add(result);
            Console.WriteLine($"{result.Name}: {HostReport.Verdict(result)}");
            foreach (var line in result.Lines)
                Console.WriteLine($"    {line.Name,-40} {HostReport.Time(line.Seconds.Median),10}  ({HostReport.Time(line.Seconds.Lower)} to {HostReport.Time(line.Seconds.Upper)})  {HostReport.Rate(result, line)}");
        }
        report.Machine.LoadAtEnd = Machine.Load;
        if (!dry && only.Length == 0)
            report.Write(Machine.Results(machine));
        return 0;
    }
}
