// hsenet weights: model folders that are made rather than converted.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class WeightsCommand
{
    public static Command Create() => new("weights", "Makes weights.") { Synth() };

    static Command Synth()
    {
        var preset = new Option<string>("--preset") { Description = "Sizes: full (8 GB in bf16) or tiny.", Required = true };
        var seed = new Option<ulong>("--seed") { Description = "Seed of all weights.", DefaultValueFactory = _ => 0 };
        var output = new Option<string>("--out") { Description = "Folder to write; must not exist.", Required = true };
        var dtype = new Option<string>("--dtype") { Description = "Storage type of matrices: f32, bf16 or int8.", DefaultValueFactory = _ => "bf16" };
        var verbose = Verb.Verbose();
        var command = new Command("synth", """
            Writes a complete model folder of synthetic weights, to measure and test the real sizes without released checkpoints. Its reports mean nothing.

            Example:
              hsenet weights synth --preset full --seed 3 --out model
            """)
        { preset, seed, output, dtype, verbose };
        command.Run(verbose, (parsed, cancellation) => Task.FromResult(Write(new SyntheticModelOptions
        {
            Preset = Preset(parsed.GetRequiredValue(preset)),
            Seed = parsed.GetValue(seed),
            Output = parsed.GetRequiredValue(output),
            Dtype = parsed.GetRequiredValue(dtype),
        }, cancellation)));
        return command;
    }

    static int Write(SyntheticModelOptions options, CancellationToken cancellation)
    {
        using var progress = new ProgressLine();
        var config = SyntheticModel.Write(options, new DirectProgress<ConversionProgress>(p => progress.Show($"writing {p.Done}/{p.Total}", (double)p.Done / p.Total)), cancellation);
        progress.Clear();
        Console.WriteLine($"{options.Output}: {config.Dtype}, {config.VisualTokens} visual tokens, vocabulary {config.LanguageModel.VocabSize}");
        return ExitCode.Done;
    }

    static SyntheticPreset Preset(string text) => text switch
    {
        "full" => SyntheticPreset.Full,
        "tiny" => SyntheticPreset.Tiny,
        _ => throw new HseNetException($"--preset {text}: expected full or tiny"),
    };
}
