// What a report launches, at the model's sizes, without a study: for a device that loads its kernels when a model opens.
using HSENet.Kernels;

namespace HSENet.Runtime;

static class ReportRehearsal
{
    /// <summary>Goes through encoders, projectors, prompt and a token of the answer on a device that need not compute. What the
    /// preprocessing of a study launches depends on the study, and is not among it.</summary>
    public static void Run(Device device, HseNetModel model)
    {
        var config = model.Config;
        int[] ids = Prompt.Build(model.Tokenizer, config.VisualTokens, new ReportOptions().Question);
        int prompt = ids.Length;
        if (prompt >= config.LanguageModel.MaxPositionEmbeddings)
            return; // the report itself says so
        var plan = InferencePlan.For(config, InferencePlan.RowsOf(config, prompt), prompt + 1, model.Activations);
        using var arena = new Arena(device, plan.Memory);
        var pass = new Pass(device, arena);
        var tokens = See(pass, model, plan);
        var generator = new Generator(model.Language, config.LanguageModel, plan);
        generator.Begin(pass, prompt);
        generator.Read(pass, ids.AsSpan(0, config.PrefixTokens), tokens, 0);
        var choice = new TokenChoice(new SamplingOptions());
        foreach (int _ in generator.Generate(pass, ids[config.PrefixTokens..], default, config.PrefixTokens, choice, 1, default))
            generator.Read(pass, [0], default, prompt);
    }

    static View<float> See(Pass pass, HseNetModel model, InferencePlan plan)
    {
        var config = model.Config;
        var study = new MemoryPlan(model.Activations);
        var volume = study.Reserve("volume", config.Vision.Image.Count);
        var features = EncodedMemory.Features(study, config);
        var slices = config.SliceEncoder is { } sliced
            ? study.Reserve("pixels", (long)sliced.Slices * 3 * sliced.ImageSize * sliced.ImageSize) : default;
        using var arena = new Arena(pass.Device, study);
        var guides = slices.Bytes > 0 ? model.Vision.EncodeSlices(pass, plan.Vision, arena.Floats(slices)) : default;
        model.Vision.EncodeFeatures(pass, plan.Vision, arena.Floats(volume), guides, arena.Activations(features));
        var tokens = pass[plan.Vision.VisualTokens];
        model.Vision.Project(pass, plan.Vision, arena.Activations(features), tokens);
        return tokens;
    }
}
