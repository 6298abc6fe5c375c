// hsenet convert: a reference checkpoint set becomes one model folder.
using System.CommandLine;
using System.Globalization;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

static class ConvertCommand
{
    public static Command Create()
    {
        var clip = new Option<string>("--clip") { Description = "Folder of a stage-1 or stage-2 CLIP checkpoint.", Required = true };
        var llm = new Option<string>("--llm") { Description = "Folder of the language model with its tokenizer.", Required = true };
        var adapter = new Option<string[]>("--adapter")
        {
            Description =
            "File with adapters and projectors (pytorch_model.bin, adapter_model.safetensors). NAME=FILE, several times: each stays beside "
            + "the weights, and report and ask take those named report and vqa.",
            Required = true
        };
        var slices = new Option<string?>("--slice-encoder")
        {
            Description =
            "Weights of the 2D slice encoder, open_clip_config.json beside them."
        };
        var text = new Option<string?>("--text-encoder") { Description = "Folder with vocab.txt and config.json of the text encoder." };
        var output = new Option<string>("--out") { Description = "Folder to write; must not exist.", Required = true };
        var dtype = new Option<string>("--dtype")
        {
            Description = "Storage type of matrices: f32, bf16 or int8.",
            DefaultValueFactory = _ =>
            "bf16"
        };
        var merge = new Option<bool>("--merge-lora") { Description = "Add the adapters to the weights." };
        var window = new Option<string>("--packer-window")
        {
            Description = "Window of the projectors in patches: depth,height,width.",
            DefaultValueFactory = _ => "1,4,4"
        };
        var alpha = new Option<string?>("--lora-alpha")
        {
            Description =
            "Alpha of the adapters: a number, or 2r for twice the rank. Default: what adapter_config.json beside the file says, "
            + "otherwise 2r."
        };
        var vision = new Option<string?>("--vision")
        {
            Description =
            "Encoders to keep: 3d_vit, 2e3_vit or dual_vits; what the checkpoints say by default."
        };
        var verbose = Verb.Verbose();
        var command = new Command("convert", """
            Turns a reference checkpoint set into one model folder: safetensors in this project's names with a checksum per tensor, config.json, tokenizer files.

            Example:
              hsenet convert --clip stage2_clip --llm phi4-mini --adapter vlm/pytorch_model.bin --slice-encoder biomedclip/open_clip_pytorch_model.bin --text-encoder bert --out model
              hsenet convert --clip stage2_clip --llm phi4-mini --adapter report=vlm/pytorch_model.bin --adapter vqa=vqa/pytorch_model.bin --slice-encoder biomedclip/open_clip_pytorch_model.bin --out model
            """)
        { clip, llm, adapter, slices, text, output, dtype, merge, window, alpha, vision, verbose };
        command.Run(verbose, (parsed, cancellation) => Task.FromResult(Convert(new ConversionOptions
        {
            Clip = parsed.GetRequiredValue(clip),
            LanguageModel = parsed.GetRequiredValue(llm),
            Adapter = AdapterArgument.One(parsed.GetRequiredValue(adapter)),
            NamedAdapters = AdapterArgument.Named(parsed.GetRequiredValue(adapter)),
            SliceEncoder = parsed.GetValue(slices),
            TextEncoder = parsed.GetValue(text),
            Output = parsed.GetRequiredValue(output),
            Dtype = parsed.GetRequiredValue(dtype),
            MergeLora = parsed.GetValue(merge),
            PackerWindow = Verb.Size3("--packer-window", parsed.GetRequiredValue(window)),
            LoraAlpha = Alpha(parsed.GetValue(alpha)),
            Encoders = Encoders(parsed.GetValue(vision)),
        }, cancellation)));
        return command;
    }

    static int Convert(ConversionOptions options, CancellationToken cancellation)
    {
        using var progress = new ProgressLine();
        ModelConverter.Convert(options,
            new DirectProgress<ConversionProgress>(p => progress.Show($"converting {p.Done}/{p.Total}", (double)p.Done / p.Total)),
            cancellation);
        progress.Clear();
        var config = ModelConfig.Read(options.Output);
        Console.WriteLine($"{options.Output}: {config.Dtype}, {config.VisualTokens} visual tokens, vocabulary "
            + $"{config.LanguageModel.VocabSize}");
        return ExitCode.Done;
    }

    static float? Alpha(string? text) => text switch
    {
        null or "2r" => null,
        _ when float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float alpha) && alpha > 0
            && float.IsFinite(alpha) => alpha,
        _ => throw new HseNetException($"--lora-alpha {text}: expected a positive number, or 2r"),
    };

    static VisionEncoders? Encoders(string? text) => text switch
    {
        null => null,
        "3d_vit" => VisionEncoders.Volume,
        "2e3_vit" => VisionEncoders.SliceGuided,
        "dual_vits" => VisionEncoders.Both,
        _ => throw new HseNetException($"--vision {text}: expected 3d_vit, 2e3_vit or dual_vits"),
    };
}
