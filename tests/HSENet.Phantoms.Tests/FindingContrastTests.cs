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
    public void An_enlarged_heart_takes_more_than_half_of_the_chest_and_is_as_wide_as_is_said()
    {
        for (int index = 0; index < 6; index++)
        {
            Phantom large = new(5, index, [FindingKind.Cardiomegaly], (96, 96, 48)), usual = new(5, index, [], (96, 96, 48));
            var (heart, chest) = Widths(large, Label.Cardiomegaly);
            var (usualHeart, usualChest) = Widths(usual, Label.Heart);
            Assert.True(heart > 0.51 * chest && usualHeart < 0.5 * usualChest && heart / chest > 1.2 * usualHeart / usualChest,
                $"phantom {index}: cardiothoracic ratio {heart / chest:F2} against {usualHeart / usualChest:F2}");
            // Two voxels: the outermost are partly filled.
            Assert.InRange(heart - large.Findings[0].Said.Millimetres!.Value, -2 * large.Scan.Spacing.X, 2 * large.Scan.Spacing.X);
        }
    }

    // Width of the heart at all heights together, and of the widest inside of the ribs, in mm.
    static (double Heart, double Chest) Widths(Phantom phantom, Label heart)
    {
        var canvas = phantom.Draw(labels: true);
        var (width, height, depth) = canvas.Grid.Size;
        int chest = 0, heartFirst = width, heartLast = -1;
        for (int z = 0; z < depth; z++)
        {
            var (first, last) = Across(z, label => label is > 0 and <= (byte)Label.LeftLowerLobe);
            chest = Math.Max(chest, last - first + 1);
            (first, last) = Across(z, label => label == (byte)heart);
            (heartFirst, heartLast) = (Math.Min(heartFirst, first), Math.Max(heartLast, last));
        }
        return ((heartLast - heartFirst + 1) * phantom.Scan.Spacing.X, chest * phantom.Scan.Spacing.X);

        (int First, int Last) Across(int z, Func<byte, bool> isPart)
        {
            int first = width, last = -1;
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    if (isPart(canvas.Labels![(z * height + y) * width + x]))
                        (first, last) = (Math.Min(first, x), Math.Max(last, x));
            return (first, last);
        }
    }

    [Fact]
    public void Emphysema_lies_in_the_lobe_that_is_said_and_its_largest_hole_is_the_bulla()
    {
        var lobes = new HashSet<Lobe>();
        for (int index = 0; index < 8; index++)
        {
            var phantom = new Phantom(5, index, [FindingKind.Emphysema], (112, 112, 72));
            var said = phantom.Findings[0].Said;
            lobes.Add(said.Lobe);
            byte[] drawn = phantom.Draw(labels: true).Labels!, usual = new Phantom(5, index, [], (112, 112, 72)).Draw(labels: true).Labels!;
            int inside = 0, all = 0;
            for (int i = 0; i < drawn.Length; i++)
                if (drawn[i] == (byte)Label.Emphysema)
                {
                    all++;
                    inside += IsPart((Label)usual[i], said) ? 1 : 0;
                }
            Assert.True(all > 500 && inside > 0.9 * all, $"phantom {index}: {inside} of {all} voxels lie in the {said.Side} {said.Lobe}");
            var bulla = Assert.Single(phantom.Findings[0].Lesions);
            Assert.Equal(Math.Round(2 * phantom.RadiusOf(bulla), 1), said.Millimetres);
        }
        Assert.Equal([Lobe.Upper, Lobe.Lower], lobes.Order());
    }

    static bool IsPart(Label label, Finding said) => label switch
    {
        Label.RightUpperLobe => said.Lobe == Lobe.Upper && said.Side != Evaluation.Side.Left,
        Label.RightLowerLobe => said.Lobe == Lobe.Lower && said.Side != Evaluation.Side.Left,
        Label.LeftUpperLobe => said.Lobe == Lobe.Upper && said.Side != Evaluation.Side.Right,
        Label.LeftLowerLobe => said.Lobe == Lobe.Lower && said.Side != Evaluation.Side.Right,
        _ => false,
    };

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
