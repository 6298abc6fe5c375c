// Labels of a manifest: what they say, what is asked of a volume and its patches, and the loss with its gradient.
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training.Tests;

public sealed class LabelTests
{
    static readonly VisionConfig Vision =
        new() { ImgSize = [8, 32, 32], PatchSize = [2, 8, 8], HiddenSize = 8, MlpDim = 8, NumLayers = 1, NumHeads = 1 };

    internal static LabelledFinding Nodule(float depth, float height, float width, float radius = 0.1f, string side = "left") =>
        new("nodule", side, "upper", 25, [new((depth, height, width), (radius, radius, radius))]);

    internal static readonly LabelledFinding Effusion = new("effusion", "right", null, 40, []),
        Emphysema = new("emphysema", "left", "upper", null, []),
        Heart = new("cardiomegaly", null, null, null, []);

    static readonly LabelSpace Space = LabelSpace.Of(
        [new([Nodule(0.5f, 0.5f, 0.5f), Effusion]), new([Nodule(0.5f, 0.5f, 0.5f, side: "right"), Effusion with { Side = "left" }]),
            new([Heart, Effusion with { Side = "both" }]), new([]), new([Nodule(0.1f, 0.1f, 0.1f)], PlacesOnly: true)], "m.json");

    [Fact]
    public void Outputs_are_what_the_rows_have_and_kinds_start_at_how_often_they_are_there()
    {
        Assert.Equal(["cardiomegaly", "effusion", "nodule"], Space.Kinds);
        Assert.Equal([("effusion", "left"), ("effusion", "right")], Space.Sides);
        Assert.Equal(["effusion"], Space.Sizes);
        Assert.Equal(["nodule"], Space.LocalKinds);
        Assert.Equal([("left", "upper"), ("right", "upper")], Space.Lobes);
        Assert.Equal(["nodule"], Space.LocalSizes);
        Assert.Equal([(float)Math.Log(1.5 / 3.5), (float)Math.Log(3.5 / 1.5), 0], Space.KindLogOdds);
        Assert.Contains("no finding", Assert.Throws<HseNetFileException>(() => LabelSpace.Of([new([]), new([])], "m.json")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_is_asked_for_kinds_always_and_for_sides_and_sizes_of_what_is_there()
    {
        var targets = LabelTargets.Of(Space, new([Effusion with { Side = "both" }]), Vision);
        Assert.Equal([0, 1, 0, 1, 1, MathF.Log(2)], targets.Volume);
        Assert.Equal([1, 1, 1, 1, 1, 1], targets.VolumeWeights);
        Assert.Equal([1, 1, 1, 0, 0, 0], LabelTargets.Of(Space, new([Heart]), Vision).VolumeWeights);
        Assert.Equal([0, 1, 0, 0, 1], LabelTargets.Of(Space, new([Effusion]), Vision).Volume[..5]);
    }

    [Fact]
    public void The_lobe_of_a_kind_without_a_place_is_asked_of_the_volume()
    {
        var space = LabelSpace.Of([new([Emphysema, Effusion]), new([Emphysema with { Side = "right", Lobe = "middle" }]),
            new([Emphysema with { Side = "both", Lobe = "lower" }])], "m.json");
        Assert.Equal([("emphysema", "left", "upper"), ("emphysema", "right", "middle")], space.VolumeLobes);
        Assert.Equal(2 + 3 + 2 + 1, space.VolumeOutputs);
        Assert.Equal([1, 0], Lobes(LabelTargets.Of(space, new([Emphysema]), Vision).Volume));
        Assert.Equal([1, 0], Lobes(LabelTargets.Of(space, new([Emphysema with { Side = "both" }]), Vision).Volume));
        Assert.Equal([1, 1],
            Lobes(LabelTargets.Of(space, new([Emphysema with { Side = "right", Lobe = "middle" }, Emphysema]), Vision).Volume));
        Assert.Equal([1, 1], Lobes(LabelTargets.Of(space, new([Emphysema]), Vision).VolumeWeights));
        Assert.Equal([0, 0], Lobes(LabelTargets.Of(space, new([Effusion]), Vision).VolumeWeights));
        Assert.Equal([0, 0], Lobes(LabelTargets.Of(space, new([Emphysema with { Lobe = null }]), Vision).VolumeWeights));

        static float[] Lobes(float[] volume) => volume[5..7];
    }

    // What lies in which patch, counted voxel by voxel over the whole volume.
    [Theory]
    [InlineData(0.5f, 0.5f, 0.5f, 0.1f, 0, 0, 0)]
    [InlineData(0.3f, 0.62f, 0.2f, 0.15f, 0, 0, 0)]
    [InlineData(0.3f, 0.62f, 0.2f, 0.15f, 1, -4, 3)]
    [InlineData(0.01f, 0.02f, 0.98f, 0.2f, 0, 0, 0)]
    [InlineData(0.44f, 0.44f, 0.44f, 0.001f, 0, 0, 0)]
    public void A_patch_holds_a_lesion_when_enough_of_one_lies_in_the_other(float depth, float height, float width, float radius,
        int shiftDepth, int shiftHeight, int shiftWidth)
    {
        var targets = LabelTargets.Of(Space, new([Nodule(depth, height, width, radius)]), Vision, (shiftDepth, shiftHeight, shiftWidth));
        double[] centre = [depth * 8 + shiftDepth - 0.5, height * 32 + shiftHeight - 0.5, width * 32 + shiftWidth - 0.5],
            reach = [(double)radius * 8, (double)radius * 32, (double)radius * 32];
        int[] counts = new int[Vision.Patches];
        for (int z = 0; z < 8; z++)
            for (int y = 0; y < 32; y++)
                for (int x = 0; x < 32; x++)
                    if (Square(z, 0) + Square(y, 1) + Square(x, 2) <= 1)
                        counts[(z / 2 * 4 + y / 8) * 4 + x / 8]++;
        if (counts.Sum() == 0)
            counts[((int)(depth * 8) / 2 * 4 + (int)(height * 32) / 8) * 4 + (int)(width * 32) / 8] = 1;
        double whole = Math.Min(counts.Sum(), 2 * 8 * 8);
        int most = counts.Max();
        for (int patch = 0; patch < counts.Length; patch++)
        {
            bool held = counts[patch] > 0 && (counts[patch] >= 0.25 * whole || counts[patch] == most);
            Assert.Equal((held ? 1 : 0, held || counts[patch] == 0 ? 1 : 0), (targets.Patches[patch], targets.PatchWeights[patch]));
            Assert.Equal(held, targets.Held.Contains(new LabelledPatch(patch, 0, 0, 0, MathF.Log(25f / 20))));
        }
        Assert.NotEmpty(targets.Held);

        double Square(int voxel, int axis) => Math.Pow((voxel - centre[axis]) / reach[axis], 2);
    }

    [Fact]
    public void Of_a_study_chosen_for_its_findings_only_patches_are_learned_and_other_kinds_keep_no_place()
    {
        var located = LabelTargets.Of(Space, new([Nodule(0.4f, 0.4f, 0.4f), Effusion], PlacesOnly: true), Vision);
        Assert.All(located.VolumeWeights, weight => Assert.Equal(0, weight));
        Assert.NotEmpty(located.Held);
        StudyLabels[] rows = [new([Nodule(0.5f, 0.5f, 0.5f), Effusion with { Places = [new((0.5f, 0.5f, 0.5f), (0.1f, 0.1f, 0.1f))] }])];
        Assert.Equal(["effusion", "nodule"], LabelSpace.Of(rows, "m").LocalKinds);
        Assert.Equal(["nodule"], LabelSpace.Of(rows, "m", "nodule").LocalKinds);
        Assert.Equal(["effusion"], LabelSpace.Of(rows, "m", "nodule").Sizes);
        Assert.Contains("no place of the kind 'mass'", Assert.Throws<HseNetFileException>(() => LabelSpace.Of(rows, "m", "mass")).Message,
            StringComparison.Ordinal);
        Assert.True(StudyLabels.Read(Row("""{"findings": [], "places_only": true}""")).PlacesOnly);
    }

    [Fact]
    public void What_a_study_has_beyond_the_outputs_is_not_asked()
    {
        var mass = new LabelledFinding("mass", "left", "lower", 60, [new((0.5f, 0.5f, 0.5f), (0.1f, 0.1f, 0.1f))]);
        var targets = LabelTargets.Of(Space, new([mass]), Vision);
        Assert.All(targets.Volume, value => Assert.Equal(0, value));
        Assert.Empty(targets.Held);
        Assert.Equal(-1, Assert.Single(LabelTargets.Of(Space, new([Nodule(0.4f, 0.4f, 0.4f, 0.01f, side: "both")]), Vision).Held).Lobe);
    }

    [Fact]
    public void The_gradient_is_the_slope_of_the_loss()
    {
        var targets = LabelTargets.Of(Space,
            new([Nodule(0.3f, 0.62f, 0.2f, 0.2f), Nodule(0.35f, 0.6f, 0.2f, 0.2f, side: "right"), Effusion]), Vision);
        var weights = new LabelWeights(0.5, 0.7, 60, 5, 0.2, 0.3);
        var random = new Random(4);
        float[] volume = Values(Space.VolumeOutputs), patches = Values(Vision.Patches * Space.PatchOutputs),
            gradVolume = new float[volume.Length], gradPatches = new float[patches.Length];
        double loss = Loss();
        Assert.InRange(loss, 1, 100);
        float[] atVolume = [.. gradVolume], atPatches = [.. gradPatches];
        Check(volume, atVolume);
        Check(patches, atPatches);
        Assert.Contains(atPatches, value => value != 0);

        void Check(float[] values, float[] gradient)
        {
            for (int i = 0; i < values.Length; i++)
            {
                float before = values[i];
                values[i] = before + 0.01f;
                double step = values[i], above = Loss();
                values[i] = before - 0.01f;
                step -= values[i];
                Assert.Equal((above - Loss()) / step, gradient[i] / 3.0, 3e-4);
                values[i] = before;
            }
        }

        double Loss() => LabelLoss.Compute(Space, targets, weights, volume, patches, 3, gradVolume, gradPatches);

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => 4 * random.NextSingle() - 2)];
    }

    [Fact]
    public void A_perfect_order_has_all_pairs_right_and_equal_scores_half_of_them()
    {
        Assert.Equal((1.0, 1.0), LabelScores.Score([(3, true), (2, true), (1, false)]));
        Assert.Equal((0.5, 2.0 / 3), LabelScores.Score([(1, true), (1, false)]));
        // Of eight pairs, two are right and two are equal; the threshold at 3 finds both with three others.
        Assert.Equal((3.0 / 8, 4.0 / 7), LabelScores.Score([(4, false), (3, true), (3, true), (2, false), (5, false), (3, false)]));
        Assert.Equal((null, null), LabelScores.Score([(1, false)]));
    }

    [Theory]
    [InlineData("""{"x": []}""", "no list of findings")]
    [InlineData("""[1]""", "no list of findings")]
    [InlineData("""{"findings": [{}]}""", "without a kind")]
    [InlineData("""{"findings": [3]}""", "hold a number")]
    [InlineData("""{"findings": [{"kind": 3}]}""", "as kind")]
    [InlineData("""{"findings": [{"kind": "n", "millimetres": 0}]}""", "0 as millimetres")]
    [InlineData("""{"findings": [{"kind": "n", "places": 1}]}""", "places that are no list")]
    [InlineData("""{"findings": [{"kind": "n", "places": [{"centre": [1, 2]}]}]}""", "without a centre")]
    [InlineData("""{"findings": [{"kind": "n", "places": [{"centre": [1, 2, 3], "radius": [1, -1, 1]}]}]}""", "-1 as radius")]
    public void Labels_that_cannot_be_used_are_refused(string labels, string problem) =>
        Assert.Contains(problem, Assert.Throws<HseNetFileException>(() => LabelledFinding.Read(Row(labels))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_row_of_a_phantom_is_read()
    {
        var findings = LabelledFinding.Read(Row("""
            {"findings":[{"kind":"nodule","side":"left","lobe":"upper","millimetres":21.5,"number":1,"places":[{"centre_mm":[1,2,3],
            "radius_mm":10,"centre_voxel":[1,2,3],"centre":[0.1,0.2,0.3],"radius":[0.04,0.05,0.06]}]},
            {"kind":"cardiomegaly","side":null,"lobe":null,"millimetres":null,"number":1,"places":[]}]}
            """));
        Assert.Equal([("nodule", "left", "upper", 21.5f, 1), ("cardiomegaly", null, null, null, 0)],
            findings.Select(finding => (finding.Kind, finding.Side, finding.Lobe, finding.Millimetres, finding.Places.Count)));
        Assert.Equal(((0.1f, 0.2f, 0.3f), (0.04f, 0.05f, 0.06f)), (findings[0].Places[0].Centre, findings[0].Places[0].Radius));
        Assert.Contains("are missing", Assert.Throws<HseNetFileException>(() => LabelledFinding.Read(Row(null))).Message,
            StringComparison.Ordinal);
    }

    static ManifestRow Row(string? labels) => ManifestRow.Read(
        JsonDocument.Parse($$"""{"image": "a.npy", "labels": {{labels ?? "null"}}}""").RootElement, "m", "/", 7);
}
