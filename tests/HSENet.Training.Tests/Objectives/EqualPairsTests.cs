// Equal pairs as positives: held to the cross entropy with shared targets, computed whole.

namespace HSENet.Training.Tests;

public sealed class EqualPairsTests
{
    const int Pairs = 6, Channels = 5;

    const double LogitScale = 3;

    static readonly int[] Groups = [0, 1, 0, 3, 1, 0];

    [Fact]
    public void The_loss_is_that_of_targets_that_a_group_shares_and_the_gradients_are_its_slopes()
    {
        float[] images = Values(1), texts = Values(2), gradImages = new float[images.Length], gradTexts = new float[texts.Length];
        var (loss, gradScale) = EqualPairs.Add(Groups, images, texts, LogitScale, 2, gradImages, gradTexts);
        double Difference(double scale) => Shared(images, texts, scale, Groups) - Shared(images, texts, scale, [0, 1, 2, 3, 4, 5]);
        Assert.Equal(Difference(LogitScale), loss, 1e-6);
        Assert.Equal(2 * (Difference(LogitScale + 1e-3) - Difference(LogitScale - 1e-3)) / 2e-3, gradScale, 1e-6);
        foreach (var (values, gradient) in new[] { (images, gradImages), (texts, gradTexts) })
            for (int i = 0; i < values.Length; i++)
            {
                float value = values[i];
                double Moved(float by)
                {
                    values[i] = value + by;
                    double moved = Difference(LogitScale);
                    values[i] = value;
                    return moved;
                }
                Assert.Equal(2 * (Moved(0.01f) - Moved(-0.01f)) / 0.02, gradient[i], 1e-5);
            }
        Assert.Equal((0, 0), EqualPairs.Add([0, 1, 2, 3, 4, 5], images, texts, LogitScale, 2, gradImages, gradTexts));
    }

    [Fact]
    public void Pairs_are_equal_with_the_same_kinds_sides_lobes_and_nearly_the_same_sizes()
    {
        var nodule = LabelTests.Nodule(0.5f, 0.5f, 0.5f);
        StudyLabels[] studies =
        [
            new([]), new([nodule, LabelTests.Effusion]), new([LabelTests.Effusion, nodule with { Places = [], Millimetres = 26 }]),
            new([nodule]), new([nodule with { Side = "right" }]), new([nodule with { Millimetres = 40 }]), new([], PlacesOnly: true),
        ];
        Assert.Equal([0, 1, 1, 3, 4, 5, 0],
            EqualPairs.Groups([.. studies.Select((study, row) => new TrainingExample(row, default, default, [], []) { Study = study })]));
    }

    [Fact]
    public void Only_pairs_can_be_equal() => Assert.Contains("equal_positives is on", Assert.ThrowsAny<HseNetException>(() =>
        Trainer.ReadConfig(null, TrainingTask.Report, new Dictionary<string, string>
        {
            ["manifest"] = "m",
            ["weights"] = "w",
            ["equal_positives"] = "on",
        })).Message, StringComparison.Ordinal);

    // Mean of the cross entropies of rows and columns of the logits against targets that are even within a group.
    static double Shared(float[] images, float[] texts, double scale, int[] groups)
    {
        double[,] logits = new double[Pairs, Pairs];
        for (int i = 0; i < Pairs; i++)
            for (int j = 0; j < Pairs; j++)
                for (int c = 0; c < Channels; c++)
                    logits[i, j] += scale * images[i * Channels + c] * texts[j * Channels + c];
        double sum = 0;
        for (int i = 0; i < Pairs; i++)
        {
            double row = 0, column = 0, members = groups.Count(group => group == groups[i]);
            for (int j = 0; j < Pairs; j++)
                (row, column) = (row + Math.Exp(logits[i, j]), column + Math.Exp(logits[j, i]));
            for (int j = 0; j < Pairs; j++)
                if (groups[j] == groups[i])
                    sum += (Math.Log(row) - logits[i, j] + Math.Log(column) - logits[j, i]) / members / (2 * Pairs);
        }
        return sum;
    }

    static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Pairs * Channels).Select(_ => random.NextSingle() - 0.5f)];
    }
}
