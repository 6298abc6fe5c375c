// hsenet ptx run: any kernel of any PTX file, launched as a JSON file says, with every check on.
using System.CommandLine;
using System.Text.Json;
using HSENet.Ptx;
using HSENet.Runtime;

namespace HSENet.Cli;

static class PtxRunCommand
{
    public static Command Create()
    {
        var file = Verb.Files<string>("file", "A PTX file.", ArgumentArity.ExactlyOne);
        var launch = new Option<string>("--launch")
        {
            Description = "JSON: kernel, grid, block, dynamic_shared, cooperative, buffers, symbols, params, outputs.",
            Required = true
        };
        var profile = new Option<bool>("--profile")
        {
            Description =
            "Count instructions, sectors, bank conflicts and what follows for a GPU."
        };
        var predict = PtxPredict.Option();
        var fromPtx = PtxPredict.FromPtx();
        var gpu = PtxProfileCommand.Gpu();
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout: findings, outputs, printed, profile; or error." };
        var limit = new Option<long>("--max-instructions")
        {
            Description = "Instructions of a warp after which a kernel that does not end is given up.",
            DefaultValueFactory = _ => EmulatorOptions.Default.MaxInstructions,
        };
        var strict = new Option<bool>("--strict")
        {
            Description = "Notes are findings: the last block's reads after an atomic without a fence."
        };
        var verbose = Verb.Verbose();
        var command = new Command("run", """
            Runs a kernel of a PTX file in the emulator. Exit code 0: clean; 1: the checker found something; 2: cannot be read or run.

            The launch file:
              {"kernel": "k", "grid": [1,1,1], "block": [64,1,1], "buffers": [{"name": "x", "type": "u32", "count": 64, "values": [...]},
               {"name": "y", "type": "u32", "count": 64}], "params": [{"buffer": "x"}, {"buffer": "y"}, {"u32": 64}], "outputs": ["y"]}

            grid, block: 1 to 3 sizes. dynamic_shared: bytes. cooperative: true runs all blocks together, as cooperative groups need it.
            buffers: "type" u8 … u64, s8 … s64, b8 … b64, f16, bf16, f32, f64; then "values" (numbers, "0x…" for bits, "NaN"), or "file": a
              NumPy array .npy of this type (bf16 as u2), from the launch file's folder, or only "count": memory that nobody wrote.
            symbols: the same for variables of the module, as {"name": "c", "type": "u32", "values": [1, 2]}.
            params, in the kernel's order: {"buffer": "x"}, a number by its type as {"f32": 0.5}, {"struct": [...]} of these and of structs,
              padded as C does, or {"bytes": "0000803f"}: hexadecimal, as they lie.
            outputs: buffers and symbols that are printed. What the kernel prints goes to stderr, and into the JSON as "printed".

            Examples:
              hsenet ptx run kernel.ptx --launch launch.json --profile --json
              hsenet ptx run kernel.ptx --launch launch.json --predict --gpu h100 --json
            """)
        { file, launch, profile, predict, fromPtx, gpu, json, limit, strict, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            try
            {
                if (parsed.GetValue(predict))
                {
                    string path = parsed.GetRequiredValue(file);
                    PtxPredict.Run(path, Read(path), PtxLaunchFile.Read(parsed.GetRequiredValue(launch)),
                        PtxRungs.Gpu(parsed.GetRequiredValue(gpu)), parsed.GetValue(fromPtx), parsed.GetValue(json));
                    return Task.FromResult(ExitCode.Done);
                }
                GpuModel? model = parsed.GetValue(profile) ? PtxRungs.Gpu(parsed.GetRequiredValue(gpu)) : null;
                return Task.FromResult(Execute(parsed.GetRequiredValue(file), parsed.GetRequiredValue(launch), model,
                    parsed.GetValue(limit), parsed.GetValue(strict), parsed.GetValue(json), cancellation));
            }
            catch (HseNetException e)
            {
                if (!parsed.GetValue(json))
                    throw new HseNetException(e.Message, e);
                Console.WriteLine(JsonSerializer.Serialize(new { error = e.Message }));
                return Task.FromResult(ExitCode.BadInput);
            }
        });
        return command;
    }

    static int Execute(string path, string launchPath, GpuModel? gpu, long maxInstructions, bool strict, bool json,
        CancellationToken cancellation)
    {
        if (maxInstructions < 1)
            throw new HseNetException($"--max-instructions {maxInstructions}: expected at least 1");
        string ptx = Read(path);
        PtxLaunchFile launch = PtxLaunchFile.Read(launchPath);
        PtxLaunchResult result;
        try
        {
            result = PtxLaunch.Run(ptx, launch,
                new EmulatorOptions
                {
                    Races = true,
                    Profile = gpu != null,
                    MaxInstructions = maxInstructions,
                    Strict = strict,
                    Cancellation = cancellation,
                });
        }
        catch (PtxException e)
        {
            throw new HseNetException($"{path}: {e.Message}", e);
        }
        Console.Error.Write(result.Execution.Printed);
        using EmulatorModule module = EmulatorModule.Load(ptx);
        MachineListing? listing = gpu == null ? null : PtxListings.Find(ptx, launch.Kernel, gpu.Target, path);
        KernelProfile? profile = gpu == null ? null : KernelProfile.Of(module.Program, launch.Kernel, result.Execution.Profile!, gpu,
            launch.DynamicSharedBytes, launch.Buffers.Sum(buffer => buffer.Bytes), registers: listing?.Registers,
            machine: listing == null ? null : PtxTiming.Count(ptx, launch, listing));
        if (json)
            Console.WriteLine(result.ToJson(profile == null ? null : writer => ProfileJson.Write(profile, writer)));
        else
            Print(result, profile);
        return result.Execution.FindingCount == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>The text of a PTX file.</summary>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, $"cannot be read ({e.Message})", "a PTX file", e);
        }
    }

    static void Print(PtxLaunchResult result, KernelProfile? profile)
    {
        EmulatorResult execution = result.Execution;
        foreach (EmulatorFinding finding in execution.Findings)
            Console.WriteLine(finding);
        if (execution.FindingCount > execution.Findings.Count)
            Console.WriteLine($"and {execution.FindingCount - execution.Findings.Count} more of the same");
        foreach (EmulatorFinding note in execution.Notes)
            Console.WriteLine(note);
        using JsonDocument document = JsonDocument.Parse(result.ToJson());
        foreach (JsonProperty output in document.RootElement.GetProperty("outputs").EnumerateObject())
            Console.WriteLine($"{output.Name} = {output.Value.GetRawText()}");
        if (profile != null)
            Console.Out.Write(ProfileText.Write(profile));
        if (execution.FindingCount == 0)
            Messages.Note($"clean, {execution.Instructions} instructions");
    }
}
