// The contrastive losses against the reference implementation's own, on its embeddings, at every step whose loss it stored.
using System.Globalization;
using HSENet.Tests;

namespace HSENet.Kernels.Tests;

public sealed class ContrastiveLossGoldenTests
{
    const string Prefix = "stage2_loss_step";

    static readonly HostDevice Host = new(1);

    // Before the relation loss enters; the trainer's rule, which the runtime has too.
    static float RelationWeight(int step) => step < 5000 ? 0.1f * (1 - step / 5000f) : 0;

    [Fact]
    public void Losses_of_both_stages_are_the_reference_s()
    {
        var golden = GoldenFolder.Tensors("tiny/golden/clip.safetensors");
        using var memory = new CaseMemory(Host);
        var first = Arguments(memory, golden, 1);
        Check(first, golden["stage1_loss"].Doubles()[0], frozen: default, weight: 0);

        ContrastiveLoss.Forward(Host, first);
        var losses = golden.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(losses);
        foreach (var (name, loss) in losses)
            Check(Arguments(memory, golden, 2), loss.Doubles()[0], first.Logits,
                RelationWeight(int.Parse(name[Prefix.Length..], CultureInfo.InvariantCulture)));
    }

    static void Check(ContrastiveLossArguments a, double golden, View<float> frozen, float weight)
    {
        a = a with { FrozenLogits = frozen, RelationWeight = weight };
        var reference = ContrastiveLoss.Reference(a);
        double total = reference.Contrastive + weight * reference.Relation;
        // A logit errs by (C + 2)·U of the scale, and twice that moves a cross entropy; the relation loss by its slope; some roundings of
        // the sum.
        double logit = (a.Channels + 2) * Numbers.U * Math.Abs(a.LogitScale[0]);
        double allowed = 2 * logit + weight * (2 * Math.Sqrt(reference.Relation) * 2 * logit)
            + (2 * a.Rows + 8) * Numbers.U * (total + Math.Abs(a.LogitScale[0]));
        Assert.Equal(golden, total, allowed);
        ContrastiveLoss.Forward(Host, a);
        Assert.Equal(golden, a.Loss[0] + weight * a.Loss[1], 2 * allowed);
    }

    static ContrastiveLossArguments Arguments(CaseMemory memory, Dictionary<string, GoldenTensor> golden, int stage)
    {
        GoldenTensor images = golden[$"image{stage}"], texts = golden[$"text{stage}"];
        int rows = images.Shape[0];
        return new()
        {
            Images = memory.Input(images.Singles()),
            Texts = memory.Input(texts.Singles()),
            LogitScale = memory.Input(GoldenFolder.Tensors($"tiny/stage{stage}_clip/model.safetensors")["logit_scale"].Singles()[0]),
            Logits = memory.Output(rows * rows),
            Loss = memory.Output(2),
            Scratch = memory.Scratch<float>((int)ContrastiveLoss.ScratchLength(rows)),
            Rows = rows,
            Channels = images.Shape[1],
        };
    }
}
