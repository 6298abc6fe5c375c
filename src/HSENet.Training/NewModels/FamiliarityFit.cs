// Measures which volumes are like those of a training, for the note on those that are not.
using System.Runtime.InteropServices;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Distances that were measured.</summary>
/// <param name="Volumes">How many volumes the mean and the directions are of.</param>
/// <param name="Others">How many others the limit is of.</param>
/// <param name="Median">Of the others' distances.</param>
/// <param name="Largest">Of the others' distances.</param>
/// <param name="Limit">What is kept.</param>
sealed record MeasuredFamiliarity(int Volumes, int Others, double Median, double Largest, double Limit);

static class FamiliarityFit
{
    // Beyond the largest distance of a few hundred volumes lie some more like them.
    const double Margin = 1.25;

    // Added to the variances along each direction, as a share of their mean: where training's volumes hardly differ, little counts as much.
    const double Floor = 1e-3;

    /// <summary>Measures with rows for training, takes the limit from rows for validation, and writes both into the model's
    /// folder.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="manifest">Its studies.</param>
    /// <param name="count">How many rows at most, of each of both lists.</param>
    /// <param name="device">Where the encoders run.</param>
    /// <param name="progress">Hears of every study, and of how many there are.</param>
    /// <param name="cancellation">Ends it; the folder is as it was.</param>
    /// <exception cref="HseNetException">A file cannot be used, or there are too few studies.</exception>
    public static MeasuredFamiliarity Write(string folder, string manifest, int count, Device device, Action<int, int>? progress = null,
        CancellationToken cancellation = default)
    {
        var rows = Manifest.Read(manifest, RowContent.Report);
        ManifestRow[] train = [.. rows.Train.Take(count)], others = [.. rows.Validation.Take(count)];
        var config = ModelConfig.Read(folder);
        int size = 2 * config.Vision.HiddenSize;
        if (train.Length < 2 || others.Length == 0)
            throw new HseNetFileException(manifest, $"has {train.Length} for training and {others.Length} for validation",
                "two studies for training and one for validation at least");
        var summaries = Summaries(folder, [.. train, .. others], device, progress, cancellation);
        float[] mean = new float[size];
        double[] covariance = new double[size * size];
        var fitted = summaries[..train.Length];
        for (int c = 0; c < size; c++)
            mean[c] = (float)fitted.Average(summary => (double)summary[c]);
        foreach (float[] summary in fitted)
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    covariance[i * size + j] += (summary[i] - mean[i]) * (double)(summary[j] - mean[j]) / train.Length;
        var (values, vectors) = SymmetricEigen.Of(covariance, size);
        double floor = Floor * values.Average();
        float[] whitening = [.. vectors.SelectMany((vector, i) => vector.Select(value => (float)(value / Math.Sqrt(Math.Max(0, values[i])
            + floor))))];
        double[] distances = [.. summaries[train.Length..].Select(Familiarity.DistanceBy(mean, whitening)).Order()];
        if (!double.IsFinite(distances[^1]))
            throw new HseNetFileException(folder, "has encoders whose features are not finite or all alike", "a trained model");
        var measured = new MeasuredFamiliarity(train.Length, others.Length, distances[distances.Length / 2], distances[^1],
            Math.Round(Margin * distances[^1], 3));
        using (var writer = new SafetensorsWriter(Path.Combine(folder, Familiarity.FileName),
            [new TensorDescription(Familiarity.MeanName, DataType.F32, [size]),
                new TensorDescription(Familiarity.WhiteningName, DataType.F32, [size, size])]))
        {
            writer.Write(Familiarity.MeanName, MemoryMarshal.AsBytes<float>(mean));
            writer.Write(Familiarity.WhiteningName, MemoryMarshal.AsBytes<float>(whitening));
            writer.Commit();
        }
        ModelFolder.WriteConfig(folder, config with { Familiarity = new FamiliarityConfig { Limit = measured.Limit } });
        return measured;
    }

    static List<float[]> Summaries(string folder, IReadOnlyList<ManifestRow> rows, Device device, Action<int, int>? progress,
        CancellationToken cancellation)
    {
        using var model = HseNetModel.Open(folder, device);
        var summaries = new List<float[]>();
        foreach (var row in rows)
        {
            using var study = CtStudy.Open(row.Image, new CtStudyOptions { Metadata = row.Metadata, SliceFeatures = row.SliceFeatures });
            using var encoded = model.EncodeAsync(study, null, cancellation).GetAwaiter().GetResult();
            summaries.Add(Familiarity.SummaryOf(device, model.Config, encoded.Features));
            progress?.Invoke(summaries.Count, rows.Count);
        }
        return summaries;
    }
}
