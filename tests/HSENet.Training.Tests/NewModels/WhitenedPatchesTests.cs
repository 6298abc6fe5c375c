// Eigenvectors of symmetric matrices, and patch embeddings that start with them.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class WhitenedPatchesTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(17)]
    public void Eigenvectors_are_scaled_by_the_matrix_and_stand_at_right_angles(int n)
    {
        var random = new Random(n);
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
                matrix[i * n + j] = matrix[j * n + i] = random.NextDouble() - 0.5;
        var (values, vectors) = SymmetricEigen.Of([.. matrix], n);
        Assert.Equal(values.OrderDescending(), values);
        for (int k = 0; k < n; k++)
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(values[k] * vectors[k][i], Enumerable.Range(0, n).Sum(j => matrix[i * n + j] * vectors[k][j]), 1e-10);
                Assert.Equal(i == k ? 1 : 0, vectors[k].Zip(vectors[i]).Sum(pair => pair.First * pair.Second), 1e-10);
            }
    }

    [Fact]
    public void Embedded_training_patches_are_uncorrelated_of_variance_1_and_centred_in_every_place()
    {
        using var folder = new TemporaryFolder();
        const int studies = 60, channels = 16, voxels = 2 * 8 * 8;
        var random = new Random(5);
        float[][] volumes = [.. Enumerable.Range(0, studies).Select(_ => Enumerable.Range(0, 4 * 16 * 16)
            .Select(i => 0.3f + 0.2f * (i / 256) + 0.1f * random.NextSingle()).ToArray())];
        for (int i = 0; i < studies; i++)
            NumpyFile.Write(folder.At($"{i}.npy"), volumes[i], 1, 4, 16, 16);
        string manifest = folder.At("volumes.jsonl");
        File.WriteAllLines(manifest, Enumerable.Range(0, studies).Select(i => $$"""{"image": "{{i}}.npy", "text": "t"}"""));
        var config = NewModel.Write(NewModelTests.Options(folder, NewModelTests.Config(folder)) with { Volumes = manifest });
        Assert.Equal("volumes.jsonl", config.Provenance["volumes"]);
        using var source = TensorSource.Open(folder.At("model"));
        float[] weights = source.Get("encoder2.patch_embedding.patch_embeddings.1.weight").ToSingles(),
            positions = source.Get("encoder1.patch_embedding.position_embeddings").ToSingles(),
            sines = StartPositions.SinesAndCosines([2, 2, 2], channels);
        double[,] products = new double[channels, channels];
        for (int place = 0; place < 8; place++)
        {
            double[] sums = new double[channels];
            foreach (float[] volume in volumes)
            {
                double[] embedded = [.. Enumerable.Range(0, channels).Select(c =>
                    positions[place * channels + c] - (double)sines[place * channels + c]
                        + Enumerable.Range(0, voxels).Sum(v => (double)weights[c * voxels + v]
                    * volume[((place / 4 * 2 + v / 64) * 16 + place / 2 % 2 * 8 + v / 8 % 8) * 16 + place % 2 * 8 + v % 8]))];
                for (int c = 0; c < channels; c++)
                {
                    sums[c] += embedded[c] / studies;
                    for (int d = 0; d < channels; d++)
                        products[c, d] += embedded[c] * embedded[d] / (8 * studies);
                }
            }
            Assert.All(sums, sum => Assert.Equal(0, sum, 1e-4));
        }
        // The direction in which the two halves differ is centred away; of the others the floor of the eigenvalues takes some.
        for (int c = 1; c < channels; c++)
            for (int d = 1; d < channels; d++)
                Assert.InRange(products[c, d], c == d ? 0.6 : -0.2, c == d ? 1.05 : 0.2);
    }

    [Fact]
    public void A_preset_of_the_models_own_is_kept_and_volumes_of_another_one_are_refused()
    {
        using var folder = new TemporaryFolder();
        string file = NewModelTests.Config(folder), manifest = folder.At("volumes.jsonl");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"projector\"",
            """ "preprocessing": {"grey_curve": "-1000:0,1000:1", "in_plane": "average"}, "projector" """, StringComparison.Ordinal));
        var options = NewModelTests.Options(folder, file) with { Volumes = manifest };
        File.WriteAllText(manifest, """{"image": "a.npy"}""" + "\n");
        NumpyFile.Write(folder.At("a.npy"), new float[4 * 16 * 16], "standard", 1, 4, 16, 16);
        Assert.EndsWith("a.npy: was prepared as 'standard'; expected the model's average(-1000:0,1000:1)",
            Assert.Throws<HseNetFileException>(() => NewModel.Write(options)).Message);
        NumpyFile.Write(folder.At("a.npy"), new float[4 * 16 * 16], "average(-1000:0,1000:1)", 1, 4, 16, 16);
        NewModel.Write(options);
        Assert.Equal("average(-1000:0,1000:1)", ModelConfig.Read(folder.At("model")).Preprocessing!.Name);
    }

    [Fact]
    public void Volumes_of_another_size_are_refused()
    {
        using var folder = new TemporaryFolder();
        NumpyFile.Write(folder.At("a.npy"), new float[8], 1, 2, 2, 2);
        string manifest = folder.At("volumes.jsonl");
        File.WriteAllText(manifest, """{"image": "a.npy"}""" + "\n");
        Assert.Contains("a.npy", Assert.Throws<HseNetFileException>(() => NewModel.Write(
            NewModelTests.Options(folder, NewModelTests.Config(folder)) with { Volumes = manifest })).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("model")));
    }
}
