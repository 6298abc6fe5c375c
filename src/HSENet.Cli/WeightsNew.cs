// hsenet weights new: a model folder to train from nothing.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Training;

namespace HSENet.Cli;

static class WeightsNew
{
    public static Command Create()
    {
        var config = new Option<string>("--config")
        {
            Description = "Like a model folder's config.json, sizes of all parts. Its vocabulary sizes are the most that are learned",
            Required = true
        };
        var texts = new Option<string[]>("--texts")
        {
            Description = "Manifests whose reports, questions and answers for training both tokenizers are learned from.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var seed = new Option<long>("--seed") { Description = "Seed of all that is drawn.", DefaultValueFactory = _ => 42 };
        var deviation = new Option<string?>("--deviation")
        {
            Description = "Standard deviation of weights: 1/√inputs unless given; the reference has 0.02."
        };
        var volumes = new Option<string?>("--volumes")
        {
            Description = "Manifest of finished volumes (.npy): patches start whitened, and positions centred, over its training rows."
        };
        var output = new Option<string>("--out") { Description = "Folder to write; must not exist.", Required = true };
        var json = new Option<bool>("--json") { Description = "Say what was written as JSON." };
        var verbose = Verb.Verbose();
        var command = new Command("new", """
            Writes a model folder that nothing was trained of yet: normal numbers, sines and cosines as positions, tokenizers of the texts.

            Example:
              hsenet weights new --config small.json --texts phantoms/reports.json phantoms/questions.json --out model
            """)
        { config, texts, volumes, seed, deviation, output, json, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            var options = new NewModelOptions
            {
                Config = parsed.GetRequiredValue(config),
                Texts = parsed.GetRequiredValue(texts),
                Seed = parsed.GetValue(seed),
                Deviation = parsed.GetValue(deviation) is not { } text ? null
                    : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number
                    : throw new HseNetException($"--deviation {text}: expected a number, as in 0.02"),
                Volumes = parsed.GetValue(volumes),
                Output = parsed.GetRequiredValue(output),
            };
            if (!parsed.GetValue(json))
                return Task.FromResult(WeightsCommand.Write(options.Output, progress => NewModel.Write(options, progress, cancellation)));
            var written = NewModel.Write(options, null, cancellation);
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                folder = options.Output,
                dtype = written.Dtype,
                visual_tokens = written.VisualTokens,
                vocabulary = written.LanguageModel.VocabSize,
                text_vocabulary = written.TextEncoder?.VocabSize,
                weights = ModelTensors.All(written).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size)),
            }));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
