// hsenet kernels: the catalogue of operations and rungs.
using System.CommandLine;
using System.Text.Json;
using HSENet.Kernels;

namespace HSENet.Cli;

static class KernelsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON array on stdout." };
        var verbose = Verb.Verbose();
        var command = new Command("kernels", """
            Lists every operation with its rungs; of the rungs that can run a launch the last one that suits its shape
            is the default. HSENET_FORCE_KERNEL=LayerNorm=V1 forces one wherever it can run.

            Example:
              hsenet kernels
            """)
        { json, verbose };
        command.Run(verbose, (parsed, _) => Task.FromResult(parsed.GetValue(json) ? Json() : Table()));
        return command;
    }

    static int Table()
    {
        int width = KernelCatalog.Rungs.Max(rung => rung.EntryName.Length);
        foreach (var rung in KernelCatalog.Rungs)
            Console.WriteLine(rung.Target == RungTarget.Host
                ? $"{rung.Operation,-24} {rung.Name}"
                : $"{rung.Operation,-24} {rung.Name,-12} {rung.EntryName.PadRight(width)}  {rung.Architecture}  {rung.Group} threads");
        return ExitCode.Done;
    }

    static int Json()
    {
        Console.WriteLine(JsonSerializer.Serialize(KernelCatalog.Rungs.Select(rung => new
        {
            operation = rung.Operation,
            rung = rung.Name,
            target = rung.Target == RungTarget.Host ? "host" : "gpu",
            entry = rung.Target == RungTarget.Host ? null : rung.EntryName,
            weights = rung.Weights?.ToString().ToLowerInvariant(),
            architecture = rung.Target == RungTarget.Host ? null : rung.Architecture,
            group = rung.Target == RungTarget.Host ? (int?)null : rung.Group,
        })));
        return ExitCode.Done;
    }
}
