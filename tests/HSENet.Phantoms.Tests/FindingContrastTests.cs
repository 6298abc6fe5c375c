// Every finding shows in the volume that a model sees: the same chest drawn with and without it.
using HSENet.Evaluation;

namespace HSENet.Phantoms.Tests;

public sealed class FindingContrastTests
{
    const int Slices = 32, Side = 64;

    // Least mean difference in Hounsfield units over what the label volume calls the finding: half of what is meant, since lesions
    // lie where vessels and edges were.
    [Theory]
    [InlineData(FindingKind.Nodule, 400)]
    [InlineData(FindingKind.Calcification, 800)]
    [InlineData(FindingKind.Consolidation, 400)]
    [InlineData(FindingKind.Effusion, 350)]
    [InlineData(FindingKind.Pneumothorax, -90)]
    [InlineData(FindingKind.Emphysema, -90)]
    internal void A_finding_changes_its_voxels_by_its_contrast_and_no_others(FindingKind kind, float least)
    {
        for (int index = 0; index < 6; index++)
        {
            var with = new Phantom(5, index, [kind]);
            Assert.Equal(kind, Assert.Single(with.Findings).Kind);
            var drawn = with.DrawResampled(Slices, Side, Side, labels: true);
            float[] without = new Phantom(5, index, []).DrawResampled(Slices, Side, Side).Values;
            byte label = (byte)Enum.Parse<Label>(kind.ToString());
            double sum = 0;
            int inside = 0, changed = 0, changedFar = 0;
            for (int i = 0; i < without.Length; i++)
            {
                float difference = drawn.Values[i] - without[i];
                if (drawn.Labels![i] == label)
                {
                    sum += difference;
                    inside++;
                }
                if (Math.Abs(difference) > 60)
                {
                    changed++;
                    changedFar += drawn.Lung[i] == 0 ? 1 : 0;
                }
            }
            Assert.True(inside >= 4, $"phantom {index}: {kind} fills {inside} voxels of the model's volume");
            double mean = sum / inside;
            Assert.True(least > 0 ? mean > least : mean < least, $"phantom {index}: {kind} differs by {mean:F0}, expected {least}");
            Assert.True(changedFar <= 0.02 * changed, $"phantom {index}: {changedFar} of {changed} changed voxels are not in a lung");
        }
    }

    [Fact]
    public void An_enlarged_heart_takes_more_than_half_of_the_chest()
    {
        for (int index = 0; index < 6; index++)
        {
            double large = Ratio(new Phantom(5, index, [FindingKind.Cardiomegaly], (96, 96, 48)), Label.Cardiomegaly),
                usual = Ratio(new Phantom(5, index, [], (96, 96, 48)), Label.Heart);
            Assert.True(large > 0.51 && usual < 0.5 && large > 1.2 * usual,
                $"phantom {index}: cardiothoracic ratio {large:F2} against {usual:F2}");
        }
    }

    // Widest heart against widest inside of the ribs, both across.
    static double Ratio(Phantom phantom, Label heart)
    {
        var canvas = phantom.Draw(labels: true);
        var (width, height, depth) = canvas.Grid.Size;
        int chest = 0, organ = 0;
        for (int z = 0; z < depth; z++)
        {
            chest = Math.Max(chest, Across(z, label => label is > 0 and <= (byte)Label.LeftLowerLobe));
            organ = Math.Max(organ, Across(z, label => label == (byte)heart));
        }
        return (double)organ / chest;

        int Across(int z, Func<byte, bool> isPart)
        {
            int first = width, last = -1;
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    if (isPart(canvas.Labels![(z * height + y) * width + x]))
                        (first, last) = (Math.Min(first, x), Math.Max(last, x));
            return Math.Max(0, last - first + 1);
        }
    }

    [Fact]
    public void Nothing_but_the_findings_differs_between_two_chests_of_one_number()
    {
        Phantom normal = new(5, 3, []), ill = new(5, 3, [FindingKind.Nodule, FindingKind.Effusion]);
        Assert.Equal(normal.Scan, ill.Scan);
        Assert.Equal(normal.Contrast, ill.Contrast);
        Assert.Empty(normal.Findings);
        Assert.Equal([FindingKind.Nodule, FindingKind.Effusion], ill.Findings.Select(finding => finding.Kind));
    }
}
