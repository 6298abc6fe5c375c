// The demo was trained in all its parts: none of its tensors is what a new model of its sizes starts with.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class DemoStartTests
{
    static readonly string Demo = Path.Combine(GoldenFolder.RepositoryRoot(), "weights", "demo");

    [Fact]
    public void No_part_of_the_demo_is_as_it_was_drawn()
    {
        using var folder = new TemporaryFolder();
        string phantoms = folder.At("phantoms"), start = folder.At("start");
        Run("phantom", "--count", "150", "--seed", "11", "--out", phantoms, "--split", "1,0,0", "--prepared", "--size", "8,16,16");
        // Seed and sizes are those of train.sh; on what the texts say depend vocabularies alone.
        Run("weights", "new", "--config", Path.Combine(Demo, "recipe", "model.json"), "--seed", "1", "--out", start,
            "--texts", Path.Combine(phantoms, "reports.json"), Path.Combine(phantoms, "questions.json"));
        using var drawn = TensorSource.Open(Path.Combine(start, "model.safetensors"));
        using var demo = TensorSource.Open(Path.Combine(Demo, "model.safetensors"));
        Assert.Equal(drawn.Tensors.Select(tensor => tensor.Name).Order(), demo.Tensors.Select(tensor => tensor.Name).Order());
        foreach (string adapter in (string[])["report", "vqa"])
        {
            using var own = TensorSource.Open(Path.Combine(Demo, "adapters", $"{adapter}.safetensors"));
            foreach (var tensor in demo.Tensors)
            {
                // Packers belong to adapters: those of the base are never used.
                var trained = own.TryGet(tensor.Name, out var replaced) ? replaced : tensor;
                float[] before = drawn.Get(tensor.Name).ToSingles(), after = trained.ToSingles();
                float scale = Math.Max(before.Max(Math.Abs), 1e-3f);
                Assert.True(before.Zip(after).Max(pair => Math.Abs(pair.First - pair.Second)) > 0.01 * scale,
                    $"{adapter}: {tensor.Name} is as it was drawn");
            }
        }
    }

    static void Run(params string[] arguments)
    {
        var outcome = Hsenet.Run(arguments);
        Assert.True(outcome.Code == 0, outcome.Error);
    }
}
