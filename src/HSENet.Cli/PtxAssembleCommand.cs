// hsenet ptx assemble: what CUDA's assembler makes of PTX: registers, memory, machine instructions, loops, and the listing by line of PTX.
using System.Collections.ObjectModel;
using System.CommandLine;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxAssembleCommand
{
    public static Command Create()
    {
        var file = Verb.Files<string?>("file", "A PTX file.", ArgumentArity.ZeroOrOne);
        file.DefaultValueFactory = _ => null;
        var kernel = new Option<string?>("--kernel")
        {
            Description = "GPU kernels of the catalogue: an entry, an operation or a rung of it, as 'hsenet kernels' lists them.",
        };
        var all = new Option<bool>("--all")
        {
            Description =
            "Every GPU kernel of the catalogue; exit code 1 if one spills or has a stack."
        };
        var arch = new Option<string[]>("--arch")
        {
            Description = "Architectures to assemble for.",
            DefaultValueFactory = _ => MachineFiles.Architectures,
            AllowMultipleArgumentsPerToken = true,
        };
        var cuda = Cuda();
        var listing = new Option<bool>("--listing")
        {
            Description = "Print the machine code below the lines of PTX that it is made from, with the lines of C# or of another source "
                + "behind them where marks have these, and how often warps executed each: of a kernel of the catalogue at its sample's "
                + "sizes, of a file as --launch says.",
        };
        var launch = new Option<string?>("--launch") { Description = "With a file and --listing: a launch file as of 'ptx run'." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each kernel and architecture on a line of its own." };
        var output = new Option<string?>("--out")
        {
            Description =
            "With --all: write machine.md, machine.tsv and the listings to this folder."
        };
        var check = new Option<string?>("--check") { Description = "With --all: exit code 1 if the files in this folder are out of date." };
        var verbose = Verb.Verbose();
        var command = new Command("assemble", """
            Assembles PTX with CUDA's own ptxas, which needs no GPU, and prints registers, stack, spills, shared memory, machine instructions by
            class, and loops. An instruction is attributed to the line of PTX that it was made from.

            Examples:
              hsenet ptx assemble kernel.ptx --arch sm_90 --listing --launch launch.json
              hsenet ptx assemble --kernel Linear.V1 --cuda /usr/local/cuda
              hsenet ptx assemble --all --out bench/results
            """)
        { file, kernel, all, arch, cuda, listing, launch, json, output, check, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? path = parsed.GetValue(file), name = parsed.GetValue(kernel), folder = parsed.GetValue(output),
                compared = parsed.GetValue(check), launchPath = parsed.GetValue(launch);
            bool every = parsed.GetValue(all), listed = parsed.GetValue(listing);
            if ((path != null ? 1 : 0) + (name != null ? 1 : 0) + (every ? 1 : 0) != 1)
                throw new HseNetException("ptx assemble: expected a file, --kernel NAME or --all");
            if (!every && (folder != null || compared != null))
                throw new HseNetException("ptx assemble: --out and --check are for --all");
            if (launchPath != null && (path == null || !listed))
                throw new HseNetException("ptx assemble: --launch is for a file and --listing");
            string[] architectures = [.. parsed.GetRequiredValue(arch).Select(Architecture)];
            Assembler assembler = Find(parsed.GetValue(cuda)) ?? throw new HseNetException(Assembler.HowToInstall);
            if (every && (folder ?? compared) != null)
                return Task.FromResult(MachineFiles.WriteOrCheck(assembler, folder, compared, cancellation));
            IEnumerable<Assembled> kernels = path != null ? OfFile(assembler, path, launchPath, architectures)
                : OfRungs(assembler, every ? [.. KernelCatalog.GpuRungs] : PtxRungs.Find(name!), architectures, listed);
            int code = ExitCode.Done;
            foreach (Assembled one in kernels)
            {
                cancellation.ThrowIfCancellationRequested();
                Console.Out.Write(parsed.GetValue(json) ? MachineText.Json(one, listed) + "\n"
                    : MachineText.Write(one, assembler.Release, listed));
                if (every && MachineFiles.Fault(one) is { } fault)
                {
                    Messages.Note(fault);
                    code = ExitCode.Failed;
                }
            }
            return Task.FromResult(code);
        });
        return command;
    }

    public static Option<string?> Cuda() => new("--cuda")
    {
        Description = "Folder of CUDA's ptxas and nvdisasm, or whose bin has them; else CUDA_HOME and PATH are looked at.",
    };

    /// <summary>The assembler; null where there is none.</summary>
    public static Assembler? Find(string? folder)
    {
        try
        {
            return Assembler.Find(folder);
        }
        catch (AssemblerException e)
        {
            throw new HseNetException(folder == null ? e.Message : $"--cuda {e.Message}", e);
        }
    }

    /// <summary>A rung's kernel for the architectures that it runs on.</summary>
    public static IEnumerable<Assembled> OfRung(Assembler assembler, Rung rung, IEnumerable<string> architectures, LaunchProfile? counts,
        bool listed = false)
    {
        string ptx = KernelTexts.Get(rung);
        IReadOnlyDictionary<int, string> sources = listed ? PtxRungs.Sources(rung) : ReadOnlyDictionary<int, string>.Empty;
        foreach (string architecture in architectures.Where(architecture => rung.RunsOn(Number(architecture))))
            foreach (AssembledKernel kernel in Run(() => assembler.Assemble(ptx, architecture), rung.EntryName))
                yield return new Assembled(kernel, ptx, counts, rung) { Sources = sources };
    }

    static IEnumerable<Assembled> OfRungs(Assembler assembler, IEnumerable<Rung> rungs, string[] architectures, bool counted) =>
        rungs.SelectMany(rung => OfRung(assembler, rung, architectures,
            counted ? PtxRungs.Profile(rung, PtxRungs.Gpu("h200"), PtxRungs.Sizes(null)).Profile.Counts : null, counted));

    static IEnumerable<Assembled> OfFile(Assembler assembler, string path, string? launchPath, string[] architectures)
    {
        string ptx = PtxRunCommand.Read(path);
        string? launched = null;
        LaunchProfile? counts = null;
        if (launchPath != null)
            (launched, counts) = Run(() =>
            {
                PtxLaunchFile launch = PtxLaunchFile.Read(launchPath);
                return (launch.Kernel, PtxLaunch.Run(ptx, launch, new EmulatorOptions { Profile = true }).Execution.Profile);
            }, path);
        foreach (string architecture in architectures)
            foreach (AssembledKernel kernel in Run(() => assembler.Assemble(ptx, architecture), path))
                yield return new Assembled(kernel, ptx, kernel.Listing.Kernel == launched ? counts : null, null)
                {
                    Sources = PtxSourceLines.Of(PtxModule.Parse(ptx)),
                };
    }

    static T Run<T>(Func<T> body, string place)
    {
        try
        {
            return body();
        }
        catch (Exception e) when (e is HseNetException or FormatException)
        {
            throw new HseNetException($"{place}: {e.Message}", e);
        }
    }

    static string Architecture(string text) => text.StartsWith("sm_", StringComparison.Ordinal) && Number(text) > 0 ? text
        : throw new HseNetException($"--arch {text}: expected an architecture, as in sm_90");

    static int Number(string architecture) =>
        int.TryParse(architecture.AsSpan(3).TrimEnd("abcdefghijklmnopqrstuvwxyz"), out int number) ? number : 0;
}

/// <summary>A kernel that was assembled, its text, and how often warps executed each instruction where that was counted.</summary>
sealed record Assembled(AssembledKernel Kernel, string Ptx, LaunchProfile? Counts, Rung? Rung)
{
    /// <summary>Places in the compiler's source by line of PTX, where they are known.</summary>
    public IReadOnlyDictionary<int, string> Sources { get; init; } = ReadOnlyDictionary<int, string>.Empty;
}
