// hsenet weights: model folders that are made or put together rather than converted.
using System.CommandLine;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

static class WeightsCommand
{
    public static Command Create() =>
        new("weights", "Makes weights.") { WeightsNew.Create(), Synth(), Merge(), AddAdapter(), WeightsFamiliarity.Create() };

    static Command Synth()
    {
        var preset = new Option<string>("--preset") { Description = "Sizes: full (8 GB in bf16) or tiny.", Required = true };
        var seed = new Option<ulong>("--seed") { Description = "Seed of all weights.", DefaultValueFactory = _ => 0 };
        var output = new Option<string>("--out") { Description = "Folder to write; must not exist.", Required = true };
        var dtype = new Option<string>("--dtype")
        {
            Description = "Storage type of matrices: f32, bf16 or int8.",
            DefaultValueFactory = _ =>
            "bf16"
        };
        var verbose = Verb.Verbose();
        var command = new Command("synth", """
            Writes a complete model folder of synthetic weights, to measure and test the real sizes without released checkpoints. Its reports mean nothing.

            Example:
              hsenet weights synth --preset full --seed 3 --out model
            """)
        { preset, seed, output, dtype, verbose };
        command.Run(verbose, (parsed, cancellation) =>
            Task.FromResult(Write(parsed.GetRequiredValue(output), progress => SyntheticModel.Write(new SyntheticModelOptions
            {
                Preset = Preset(parsed.GetRequiredValue(preset)),
                Seed = parsed.GetValue(seed),
                Output = parsed.GetRequiredValue(output),
                Dtype = parsed.GetRequiredValue(dtype),
            }, progress, cancellation))));
        return command;
    }

    static Command Merge()
    {
        var weights = new Option<string>("--weights") { Description = "Model folder that the adapter was trained on.", Required = true };
        var adapter = new Option<string?>("--adapter")
        {
            Description =
            "What 'hsenet train report' or 'vqa' left in RUN/adapter, the reference's file, or the name of one of the model's adapters."
        };
        var stage = new Option<string?>("--stage")
        {
            Description =
            "A checkpoint of 'hsenet train stage1', 'stage2', 'language' or 'slices' instead: RUN/best.safetensors."
        };
        var output = new Option<string>("--out") { Description = "Folder to write; must not exist.", Required = true };
        var dtype = new Option<string?>("--dtype")
        {
            Description = "With --stage: how matrices are stored, f32 or bf16; as before if left out."
        };
        var keep = new Option<bool>("--keep-lora") { Description = "Keep the adapters beside the weights instead of adding them." };
        var verbose = Verb.Verbose();
        var command = new Command("merge", """
            Writes a model folder with what was trained: an adapter's projectors, with its LoRA added to the weights, or the encoders of a contrastive stage.

            Examples:
              hsenet weights merge --weights model --adapter run/adapter --out tuned
              hsenet weights merge --weights model --stage run/best.safetensors --out pretrained
              hsenet report scan.nii.gz --weights tuned
            """)
        { weights, adapter, stage, output, dtype, keep, verbose };
        command.Run(verbose, (parsed, cancellation) => Task.FromResult(Write(parsed.GetRequiredValue(output), progress =>
        {
            string model = parsed.GetRequiredValue(weights), folder = parsed.GetRequiredValue(output);
            return (parsed.GetValue(adapter), parsed.GetValue(stage)) switch
            {
                ({ }, null) when parsed.GetValue(dtype) is not null =>
                    throw new HseNetException("weights merge: expected --dtype beside --stage alone"),
                ({ } file, null) => Adapter(model, file)
                    .WriteModel(model, folder, !parsed.GetValue(keep), cancellation, progress),
                (null, { } file) => StageExport.WriteModel(model, file, folder, parsed.GetValue(dtype), cancellation, progress),
                _ => throw new HseNetException("weights merge: expected one of --adapter and --stage"),
            };
        })));
        return command;
    }

    // Of a folder's own adapter the name is enough.
    static AdapterExport Adapter(string model, string given)
    {
        var config = ModelConfig.Read(model);
        return config.Adapters?.ContainsKey(given) == true && !Path.Exists(given) ? NamedAdapterFile.Read(model, config, given)
            : AdapterExport.Read(given, config.LanguageModel);
    }

    static Command AddAdapter()
    {
        var weights = new Option<string>("--weights") { Description = "Model folder that the adapter was trained on.", Required = true };
        var adapter = new Option<string>("--adapter")
        {
            Description = "NAME=FILE: what 'hsenet train' left in RUN/adapter, or the reference's or peft's file.",
            Required = true
        };
        var task = new Option<string?>("--task")
        {
            Description = "What it was trained for, report or vqa: these verbs take it. By default its name, if that is one of them."
        };
        var verbose = Verb.Verbose();
        var command = new Command("add-adapter", """
            Adds an adapter with its projectors to a model folder, beside the weights and the adapters that it has; requests choose one by name or task.

            Examples:
              hsenet weights add-adapter --weights model --adapter vqa=run/adapter
              hsenet ask scan.nii.gz "Is there a pleural effusion?" --weights model
              hsenet ask scan.nii.gz "Is there a pleural effusion?" --weights model --adapter vqa
            """)
        { weights, adapter, task, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string given = parsed.GetRequiredValue(adapter), folder = parsed.GetRequiredValue(weights);
            if (!AdapterArgument.TrySplit(given, out string name, out string file))
                throw new HseNetException($"--adapter {given}: expected NAME=FILE");
            if (parsed.GetValue(task) is { } stated and not (NamedAdapter.ReportTask or NamedAdapter.QuestionTask))
                throw new HseNetException($"--task {stated}: expected {NamedAdapter.ReportTask} or {NamedAdapter.QuestionTask}");
            var config = NamedAdapterFile.Add(folder, name, file, parsed.GetValue(task), cancellation);
            Console.WriteLine($"{folder}: adapters {string.Join(", ", config.Adapters!.Keys)}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    public static int Write(string output, Func<IProgress<ConversionProgress>, ModelConfig> write)
    {
        using var progress = new ProgressLine();
        var config = write(new DirectProgress<ConversionProgress>(p =>
            progress.Show($"writing {p.Done}/{p.Total}", (double)p.Done / p.Total)));
        progress.Clear();
        Console.WriteLine($"{output}: {config.Dtype}, {config.VisualTokens} visual tokens, vocabulary {config.LanguageModel.VocabSize}");
        return ExitCode.Done;
    }

    static SyntheticPreset Preset(string text) => text switch
    {
        "full" => SyntheticPreset.Full,
        "tiny" => SyntheticPreset.Tiny,
        _ => throw new HseNetException($"--preset {text}: expected full or tiny"),
    };
}
