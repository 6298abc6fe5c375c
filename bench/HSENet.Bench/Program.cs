// Entry point of the benchmarks: "host" compares host rungs with other libraries, "training" times steps, "micro" hands over to BenchmarkDotNet.
using BenchmarkDotNet.Running;
using HSENet.Bench;

string[] rest = args.Length > 1 ? args[1..] : [];
switch (args.FirstOrDefault())
{
    case "host":
        return HostCommand.Run(rest);
    case "training":
        return TrainingCommand.Run(rest);
    case "full":
        return FullCommand.Run(rest);
    case "micro":
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest);
        return 0;
    default:
        Console.Error.WriteLine("""
            usage: host [--threads N] [--seconds N] [--only TEXT] [--machine NAME] [--dry]   host rungs against ONNX Runtime and OpenBLAS
                   training [--weights DIR] [--layers N] [--tokens N] [--no-checkpointing] [--machine NAME] [--dry]   steps of a training, time and memory
                   full --bf16 DIR --int8 DIR [--tokens N] [--rounds N] [--machine NAME] [--dry]   the full-size model: time and memory of a report, shares, loading, int8
                   micro [BenchmarkDotNet's options]                                        launches and elementary functions
            """);
        return 2;
}
