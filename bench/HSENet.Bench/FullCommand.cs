// bench full: the full-size synthetic model in bf16 and in int8; writes results/<machine>/full-bf16.json, full-int8.json and full.md.
namespace HSENet.Bench;

static class FullCommand
{
    public static int Run(string[] args)
    {
        string bf16 = "", int8 = "", machine = Machine.FolderName();
        int tokens = 64, rounds = 3;
        bool dry = false;
        for (int i = 0; i < args.Length; i++)
            switch (args[i])
            {
                case "--tokens" when i + 1 < args.Length && int.TryParse(args[i + 1], out tokens) && tokens > 3:
                case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], out rounds) && rounds > 0:
                    i++;
                    break;
                case "--bf16" when i + 1 < args.Length:
                    bf16 = args[++i];
                    break;
                case "--int8" when i + 1 < args.Length:
                    int8 = args[++i];
                    break;
                case "--machine" when i + 1 < args.Length:
                    machine = args[++i];
                    break;
                case "--dry":
                    dry = true;
                    break;
                default:
                    Console.Error.WriteLine($"bench full: {args[i]}: unknown option, or a value is missing or too small");
                    return 2;
            }
        foreach (string folder in (string[])[bf16, int8])
            if (!Directory.Exists(folder))
            {
                Console.Error.WriteLine("bench full: expected --bf16 and --int8, folders of 'hsenet weights synth --preset full --seed 3' and the same with --dtype int8");
                return 2;
            }

        var report = new FullReport(tokens, rounds);
        foreach (var (name, folder) in (ReadOnlySpan<(string, string)>)[("bf16", bf16), ("int8", int8)])
        {
            var measured = FullMeasurement.Run(folder, tokens, rounds);
            report.Models.Add((name, measured));
            Console.WriteLine($"{name}: {measured.Golden}");
            if (!dry)
                FullReport.Replace(Path.Combine(Machine.Results(machine), $"full-{name}.json"), measured.Stages.ToJsonString(FullReport.Json) + "\n");
        }
        string text = report.ToText();
        Console.Write(text);
        if (!dry)
            FullReport.Replace(Path.Combine(Machine.Results(machine), "full.md"), text);
        return 0;
    }
}
