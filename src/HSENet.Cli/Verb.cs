// What all verbs share: running their body, and saying what went wrong.
using System.CommandLine;
using System.Globalization;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

/// <summary>One line on stderr; a stack trace only when asked for.</summary>
static class Messages
{
    /// <summary>The program that speaks.</summary>
    public static string Program { get; set; } = "hsenet";

    public static void Error(string message) => Console.Error.WriteLine($"{Program}: {OptionNames.In(message)}");

    public static void Note(string message) => Console.Error.WriteLine(OptionNames.In(message));
}

static class Verb
{
    /// <summary>Shows stack traces; every verb has it.</summary>
    public static Option<bool> Verbose() => new("--verbose") { Description = "Show stack traces of errors." };

    /// <summary>Where kernels run.</summary>
    public static Option<string> Device() => new("--device")
    {
        Description = "Where kernels run: auto (a GPU if there is one), cpu, cuda:N, or emulator (the PTX of a GPU, every access checked).",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>How tensors between products are stored.</summary>
    public static Option<string> Activations() => new("--activations")
    {
        Description = "How what products pass on is stored: auto (bf16 on a GPU and in the emulator, f32 on the CPU), f32, or bf16.",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>The value of <see cref="Activations"/>; null leaves it to the device.</summary>
    public static ActivationType? ActivationsOf(string name) => name switch
    {
        "auto" => null,
        "f32" => ActivationType.F32,
        "bf16" => ActivationType.BF16,
        _ => throw new HseNetException($"--activations {name}: expected auto, f32 or bf16"),
    };

    /// <summary>A type of activations as the option has it.</summary>
    public static string NameOf(ActivationType type) => type == ActivationType.F32 ? "f32" : "bf16";

    /// <summary>Runs a verb's body; every failure becomes an exit code and one line.</summary>
    public static void Run(this Command command, Option<bool> verbose, Func<ParseResult, CancellationToken, Task<int>> body) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                CheckForcedRungs();
                return TellForcedRungs(await body(parsed, cancellation).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                return Explain(e, parsed.GetValue(verbose));
            }
        });

    static void CheckForcedRungs()
    {
        try
        {
            ForcedRungs.Check();
        }
        catch (NoRungException e)
        {
            throw new HseNetException(e.Message, e);
        }
    }

    // Says how many launches forced rungs ran. A rung that was asked for and ran none of them is a bad request.
    static int TellForcedRungs(int exitCode)
    {
        foreach (var forced in ForcedRungs.Counts.Where(forced => forced.Launches > 0))
        {
            Messages.Note($"{forced.Operation}={forced.Rung} ran {forced.Ran} of {forced.Launches} launches");
            if (forced.Ran == 0 && exitCode == ExitCode.Done)
                exitCode = ExitCode.BadInput;
        }
        return exitCode;
    }

    /// <summary>Prints one line for a failure, and where it happened if the message does not say it; gives its exit code.</summary>
    public static int Explain(Exception e, bool verbose, string? place = null)
    {
        if (e is OperationCanceledException)
        {
            Messages.Error("interrupted");
            return ExitCode.Interrupted;
        }
        Messages.Error((place is null ? "" : place + ": ") + e switch
        {
            HseNetException => e.Message,
            // Files that a verb names are told of by name: this is its own output.
            IOException or UnauthorizedAccessException => $"the output cannot be written ({e.Message.TrimEnd('.')})",
            _ => $"{e.GetType().Name}: {e.Message}",
        });
        if (verbose)
            Console.Error.WriteLine(e);
        return CodeOf(e);
    }

    /// <summary>The exit code of a failure: what another input would mend, against what failed on the way.</summary>
    public static int CodeOf(Exception e) =>
        e is HseNetException and not (KernelArgumentException or DeviceMemoryException or NoRungException
        or CudaDriverException or KernelFaultException or TrainingDivergedException or EmulatorException)
        ? ExitCode.BadInput : ExitCode.Failed;

    /// <summary>File names of a verb. What begins with a dash is a mistyped option, not a file.</summary>
    public static Argument<T> Files<T>(string name, string description, ArgumentArity arity)
    {
        var argument = new Argument<T>(name) { Description = description, Arity = arity };
        argument.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.StartsWith('-'))
                    result.AddError($"unknown option {token.Value}");
        });
        return argument;
    }

    /// <summary>How many studies are worked on at a time.</summary>
    public static Option<int?> Workers(string otherwise = "one") => new("--workers")
    {
        Description = $"Studies at a time on the CPU; {otherwise} by default. Each needs memory for its scan."
    };

    /// <summary>Opens the device that an option names for some workers: a CPU is shared between them, any other device has one.</summary>
    public static List<Device> OpenDevices(string name, int workers)
    {
        AtLeast(1, "--workers", workers);
        var device = Kernels.Device.Open(name);
        if (device is not HostDevice host || workers == 1)
            return [device];
        int threads = Math.Max(1, host.Threads / workers);
        host.Dispose();
        return [.. Enumerable.Range(0, workers).Select(_ => new HostDevice(threads))];
    }

    /// <summary>An option that is a number with a point, whatever the machine's language.</summary>
    public static Option<float> Number(string name, string description, float value) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (!float.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out float number))
                result.AddError($"{name} {result.Tokens[0].Value}: expected a number, as in 0.5");
            return number;
        },
    };

    /// <summary>The value of an option that has a least one.</summary>
    public static int AtLeast(int least, string option, int value) =>
        value >= least ? value : throw new HseNetException($"{option} {value}: expected at least {least}");

    /// <summary>Three sizes as in 1,4,4.</summary>
    public static Size3 Size3(string option, string text)
    {
        string[] parts = text.Split(',');
        return parts.Length == 3 && int.TryParse(parts[0], out int depth) && int.TryParse(parts[1], out int height)
            && int.TryParse(parts[2], out int width) && depth > 0 && height > 0 && width > 0
            ? new Size3(depth, height, width)
            : throw new HseNetException($"{option} {text}: expected three sizes of at least 1, as in 1,4,4");
    }
}
