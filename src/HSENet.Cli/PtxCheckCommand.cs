// hsenet ptx check: runs the project's own kernels in the emulator with every check on.
using System.CommandLine;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxCheckCommand
{
    public static Command Create()
    {
        var name = PtxCommand.Name(ArgumentArity.ZeroOrOne);
        var all = new Option<bool>("--all") { Description = "Every GPU kernel of the catalogue." };
        var shape = new Option<string?>("--shape")
        {
            Description =
            "Sizes by the names of the arguments, as in Rows=64,Channels=768; others keep the sample's."
        };
        var json = new Option<bool>("--json") { Description = "One JSON object per kernel on a line of its own." };
        var verbose = Verb.Verbose();
        var command = new Command("check", """
            Runs kernels in the emulator and reports accesses out of bounds, misaligned or uninitialised, races, barriers that threads miss,
            lanes that are missing, and asynchronous copies that are read too early. Exit code 0: nothing found; 1: something found.

            Examples:
              hsenet ptx check LayerNorm --shape Rows=129,Channels=7
              hsenet ptx check --all
            """)
        { name, all, shape, json, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? text = parsed.GetValue(name);
            if ((text == null) != parsed.GetValue(all))
                throw new HseNetException("ptx check: expected the name of a kernel, or --all");
            var sizes = PtxRungs.Sizes(parsed.GetValue(shape));
            int code = ExitCode.Done, run = 0;
            HseNetException? last = null;
            foreach (Rung rung in text == null ? [.. KernelCatalog.GpuRungs] : PtxRungs.Find(text))
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    if (!Check(rung, sizes, parsed.GetValue(json)))
                        code = ExitCode.Failed;
                    run++;
                }
                catch (HseNetException e) when (e.InnerException is NoRungException)
                {
                    // A ladder at sizes that not every rung of it can compute.
                    last = e;
                    Messages.Note($"{rung.EntryName}: cannot compute these sizes");
                }
            }
            if (run == 0)
                throw last!;
            return Task.FromResult(code);
        });
        return command;
    }

    static bool Check(Rung rung, IReadOnlyDictionary<string, int> sizes, bool json)
    {
        using EmulatorDevice device = new(new EmulatorOptions { Races = true });
        IReadOnlyList<EmulatorFinding> findings = [];
        try
        {
            PtxRungs.Launch(device, rung, sizes);
        }
        catch (KernelFaultException fault)
        {
            IReadOnlyDictionary<int, string> sources = PtxRungs.Sources(rung);
            findings = [.. fault.Findings.Select(finding => finding with { Source = sources.GetValueOrDefault(finding.Line) })];
        }
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(
                new { kernel = rung.EntryName, instructions = device.Instructions, findings = findings.Select(Json) }));
        else if (findings.Count == 0)
            Console.WriteLine($"{rung.EntryName}: clean, {device.Instructions} instructions");
        else
            foreach (EmulatorFinding finding in findings)
                Console.WriteLine(finding);
        return findings.Count == 0;
    }

    static object Json(EmulatorFinding f) => new
    {
        kind = f.Kind,
        line = f.Line,
        source = f.Source,
        block = new[] { f.Block.X, f.Block.Y, f.Block.Z },
        thread = new[] { f.Thread.X, f.Thread.Y, f.Thread.Z },
        address = f.Address,
        buffer = f.Allocation,
        message = f.Message,
    };
}
