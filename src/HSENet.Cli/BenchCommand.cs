// hsenet bench: times the rungs of any operation of the catalogue, in turns with what the device can do at most.
using System.CommandLine;
using HSENet.Kernels;

namespace HSENet.Cli;

static class BenchCommand
{
    // What -m, -n and -k mean: the first of these that the operation has.
    static readonly string[] RowNames = ["Rows", "Queries", "Tokens", "Patches", "Count", "Slices", "Outer"];
    static readonly string[] ColumnNames = ["Outputs", "Keys", "Channels", "Vocabulary", "Columns", "NewLength"];
    static readonly string[] InnerNames = ["Inputs", "HeadSize", "Slices", "Inner"];

    public static Command Create()
    {
        var name = new Argument<string>("operation") { Description = "An operation of the catalogue, as in linear or rmsnorm.backward." };
        var m = new Option<int?>("-m") { Description = "Rows, queries or tokens." };
        var n = new Option<int?>("-n") { Description = "Outputs, keys or channels." };
        var k = new Option<int?>("-k") { Description = "Inputs, or the size of a head." };
        var shape = new Option<string?>("--shape")
        {
            Description =
            "Sizes by the names of the arguments, as in Rows=64,Channels=768; others keep the sample's."
        };
        var rung = new Option<string>("--rung")
        {
            Description = "One rung, as in host or V1; all by default.",
            DefaultValueFactory = _ =>
            "all"
        };
        var dtype = new Option<string?>("--dtype") { Description = "Only weights of this type: f32, bf16 or int8." };
        var device = Verb.Device();
        var common = new BenchOptions();
        var verbose = Verb.Verbose();
        var command = new Command("bench", """
            Times kernels. All rungs take turns with two yardsticks, this library's fastest f32 product and a sweep through memory: median, quartiles,
            rates and the share of the yardstick.
            On a GPU times come from events. "cold" means that the caches hold other data.

            Examples:
              hsenet bench linear -m 2049 -n 3072 -k 768 --rung all --device cpu --json > a.json
              hsenet bench attention -m 277 -n 277 -k 128 --shape QueryHeads=24,KeyHeads=8
              hsenet bench model --weights model -p 277 -n 64
              hsenet bench compare a.json b.json
              hsenet bench gpu --out bench/results/h200
            """)
        { name, m, n, k, shape, rung, dtype, device, verbose };
        common.AddTo(command);
        command.Subcommands.Add(BenchModelCommand.Create());
        command.Subcommands.Add(BenchCompareCommand.Create());
        command.Subcommands.Add(BenchGpuCommand.Create());
        command.Run(verbose, (parsed, cancellation) =>
        {
            var operation = Find(parsed.GetRequiredValue(name));
            var sizes = Sizes(operation, parsed.GetValue(shape), (parsed.GetValue(m), "-m", RowNames),
                (parsed.GetValue(n), "-n", ColumnNames), (parsed.GetValue(k), "-k", InnerNames));
            var type = Type(parsed.GetValue(dtype));
            using var where = Device.Open(parsed.GetRequiredValue(device));
            common.Print(parsed, where, operation.Name.ToLowerInvariant(), measured =>
            {
                using var runs = new BenchRuns(where);
                AddRungs(runs, operation, parsed.GetRequiredValue(rung), sizes, type);
                return runs.Measure(measured, common.Budget(parsed), cancellation);
            });
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Operation Find(string name) =>
        KernelCatalog.Operations.FirstOrDefault(operation => operation.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new HseNetException($"{name}: no operation has this name; 'hsenet kernels' lists them");

    static WeightType? Type(string? text) => text switch
    {
        null => null,
        "f32" => WeightType.F32,
        "bf16" => WeightType.BF16,
        "int8" => WeightType.Int8,
        _ => throw new HseNetException($"--dtype {text}: expected f32, bf16 or int8"),
    };

    static Dictionary<string, int> Sizes(Operation operation, string? shape, params (int? Value, string Option, string[] Names)[] letters)
    {
        var sizes = new Dictionary<string, int>(PtxRungs.Sizes(shape), StringComparer.OrdinalIgnoreCase);
        var known = KernelSample.Of(operation.Rungs[0]).SizeNames;
        foreach (var (value, option, names) in letters)
            if (value is { } size && !sizes.TryAdd(names.FirstOrDefault(known.Contains)
                ?? throw new HseNetException($"{option}: {operation.Name} has no such size; give --shape with some of "
                    + $"{string.Join(", ", known)}"), size))
                throw new HseNetException($"{option} and --shape give the same size twice");
        return sizes;
    }

    static void AddRungs(BenchRuns runs, Operation operation, string name, Dictionary<string, int> sizes, WeightType? type)
    {
        bool all = name.Equals("all", StringComparison.OrdinalIgnoreCase);
        bool IsMeant(Rung rung) => all || rung.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || rung.Name.StartsWith(name + ".", StringComparison.OrdinalIgnoreCase);
        Rung[] rungs = [.. operation.Rungs.Where(rung =>
            IsMeant(rung) && runs.Device.CanRun(rung) && (type is null || rung.Weights is null || rung.Weights == type))];
        if (rungs.Length == 0)
            throw new HseNetException($"{operation.Name}: {runs.Device.Name} has no such rung{(all ? "" : $" as {name}")}; 'hsenet "
                + $"kernels' lists them");
        NoRungException? refused = null;
        foreach (var rung in rungs)
            try
            {
                runs.Add(rung, sizes, rung.Weights ?? type ?? WeightType.F32);
            }
            catch (NoRungException e)
            {
                refused = e;
            }
            catch (KernelArgumentException e)
            {
                throw new HseNetException(e.Message, e);
            }
        if (runs.Count == 0)
            throw new HseNetException(refused!.Message, refused);
    }
}
