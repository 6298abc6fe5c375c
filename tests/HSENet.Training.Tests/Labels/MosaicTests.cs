// Volumes put together of crops: what their patches hold, where it comes from, and that the same draws give the same.
using HSENet.Runtime;

namespace HSENet.Training.Tests;

public sealed class MosaicTests
{
    static readonly VisionConfig Vision =
        new() { ImgSize = [8, 32, 32], PatchSize = [2, 8, 8], HiddenSize = 8, MlpDim = 8, NumLayers = 1, NumHeads = 1 };

    // Every second study has a lesion somewhere else; its voxels are its row, those of the others 0.
    static readonly StudyLabels[] Studies = [.. Enumerable.Range(0, 128).Select(row => new StudyLabels(row % 2 == 0 ? [] :
        [LabelTests.Nodule((row / 2 / 16 + 0.5f) / 4, (row / 2 / 4 % 4 + 0.5f) / 4, (row / 2 % 4 + 0.5f) / 4, 0.02f)]))];

    static readonly LabelSpace Space = LabelSpace.Of(Studies, "m");

    [Fact]
    public void Half_of_the_patches_are_cut_around_lesions_at_their_own_places_and_the_others_from_studies_without()
    {
        var reads = new List<int>();
        var mosaic = new Mosaic(Space, Vision, Studies, "m");
        var (volume, targets) = mosaic.Draw(new SeededDraws(3, "t"), row =>
        {
            reads.Add(row);
            return [.. Enumerable.Repeat((float)(row % 2 == 0 ? 0 : row), (int)Vision.Image.Count)];
        });
        Assert.Equal(reads.Distinct().Count(), reads.Count);
        int held = 0;
        for (int patch = 0; patch < Vision.Patches; patch++)
        {
            float[] voxels = Patch(volume, patch);
            Assert.Single(voxels.Distinct());
            Assert.Equal(targets.Patches[patch] > 0 ? 2 * patch + 1 : 0, voxels[0]);
            Assert.Equal(1, targets.PatchWeights[patch]);
            held += targets.Patches[patch] > 0 ? 1 : 0;
        }
        Assert.Equal(32, held);
        Assert.All(targets.VolumeWeights, weight => Assert.Equal(0, weight));
        Assert.Empty(targets.Held);
    }

    static float[] Patch(float[] volume, int patch) => [.. Enumerable.Range(0, 128).Select(i =>
        volume[((patch / 16 * 2 + i / 64) * 32 + patch / 4 % 4 * 8 + i / 8 % 8) * 32 + patch % 4 * 8 + i % 8])];

    [Fact]
    public void A_crop_holds_its_lesion_and_the_same_draws_give_the_same()
    {
        var mosaic = new Mosaic(Space, Vision, Studies, "m");
        for (int draw = 0; draw < 20; draw++)
        {
            var (volume, targets) = mosaic.Draw(new SeededDraws(3, "t", draw), Read);
            for (int patch = 0; patch < Vision.Patches; patch++)
                Assert.Equal(targets.Patches[patch] > 0, Array.Exists(Patch(volume, patch), value => value > 0));
            Assert.Equal(volume, new Mosaic(Space, Vision, Studies, "m").Draw(new SeededDraws(3, "t", draw), Read).Volume);
            Assert.NotEqual(volume, mosaic.Draw(new SeededDraws(3, "t", draw + 100), Read).Volume);
        }

        // Bright where the lesion is, and nowhere else.
        static float[] Read(int row)
        {
            float[] volume = new float[Vision.Image.Count];
            if (row % 2 != 0)
                for (int i = 0; i < 8; i++)
                    volume[((row / 2 / 16 * 2 + i / 4) * 32 + row / 2 / 4 % 4 * 8 + 3 + i / 2 % 2) * 32 + row / 2 % 4 * 8 + 3 + i % 2] = 1;
            return volume;
        }
    }

    [Fact]
    public void Studies_of_one_sort_and_more_than_memory_holds_are_refused()
    {
        Assert.Contains("no study without", Refused(Vision, Studies[1]), StringComparison.Ordinal);
        Assert.Contains("in memory", Refused(Vision with { ImgSize = [2, 1 << 14, 1 << 15] }, [.. Studies, .. Studies]),
            StringComparison.Ordinal);

        static string Refused(VisionConfig vision, params StudyLabels[] studies) =>
            Assert.Throws<HseNetFileException>(() => new Mosaic(Space, vision, studies, "m")).Message;
    }
}
