// Whether a volume looks to the encoder like those that a model was trained on: a note where it does not.
using System.Globalization;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>The part of config.json that goes with <see cref="Familiarity.FileName"/>.</summary>
sealed record FamiliarityConfig
{
    /// <summary>The largest distance that counts as like the volumes of the training.</summary>
    public required double Limit { get; init; }
}

/// <summary>
/// Mean and deviation over the patches of each channel of the first encoder are a point; its distance from those of the training's volumes
/// is that of Mahalanobis, divided by the root of the number of directions: about 1 for a volume like them.
/// </summary>
sealed class Familiarity
{
    /// <summary>Beside the weights: <c>mean</c> [2 · channels] and <c>whitening</c> [directions, 2 · channels].</summary>
    public const string FileName = "familiarity.safetensors";

    /// <summary>Names in that file.</summary>
    public const string MeanName = "mean", WhiteningName = "whitening";

    readonly float[] _mean, _whitening;
    readonly double _limit;

    Familiarity(float[] mean, float[] whitening, double limit) => (_mean, _whitening, _limit) = (mean, whitening, limit);

    /// <summary>Reads what a model folder holds; null if it holds none.</summary>
    /// <exception cref="HseNetFileException">The file is missing, damaged or of other sizes.</exception>
    public static Familiarity? Open(string folder, ModelConfig config)
    {
        if (config.Familiarity is not { } stated)
            return null;
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            throw new HseNetFileException(file, "does not exist", $"the file that familiarity in {ModelConfig.FileName} speaks of");
        using var source = TensorSource.OpenFile(file);
        source.VerifyChecksums();
        long size = 2L * config.Vision.HiddenSize;
        var (mean, whitening) = (source.Get(MeanName), source.Get(WhiteningName));
        if (mean.ElementCount != size || whitening.Shape is not [> 0, var columns] || columns != size)
            throw new HseNetFileException(file, $"holds {mean} and {whitening}", $"[{size}] and [directions, {size}]");
        return new Familiarity(mean.ToSingles(), whitening.ToSingles(), stated.Limit);
    }

    /// <summary>What a user should know of a study with these features; null where it is like those of the training.</summary>
    public string? NoteOn(Device device, ModelConfig config, Activations features)
    {
        double distance = Distance(SummaryOf(device, config, features));
        return distance <= _limit ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"is unlike the volumes that the model was trained on: at a distance of {distance:0.0}, theirs at most {_limit:0.0}; "
                    + $"what the "
                + $"model says of it means nothing");
    }

    double Distance(float[] summary)
    {
        int columns = _mean.Length;
        double sum = 0;
        for (int row = 0; row < _whitening.Length / columns; row++)
        {
            double along = 0;
            for (int c = 0; c < columns; c++)
                along += (double)_whitening[row * columns + c] * (summary[c] - _mean[c]);
            sum += along * along;
        }
        return Math.Sqrt(sum * columns / _whitening.Length);
    }

    /// <summary>[2 · channels] means over patches, then deviations, of the first encoder's features.</summary>
    public static float[] SummaryOf(Device device, ModelConfig config, Activations features)
    {
        int patches = config.Vision.Patches, channels = config.Vision.HiddenSize;
        float[] values = new float[(long)patches * channels], summary = new float[2 * channels];
        device.Download(features.Slice(0, values.Length), values);
        for (int c = 0; c < channels; c++)
        {
            double sum = 0, squares = 0;
            for (int p = 0; p < patches; p++)
            {
                double value = values[p * channels + c];
                sum += value;
                squares += value * value;
            }
            summary[c] = (float)(sum / patches);
            summary[channels + c] = (float)Math.Sqrt(Math.Max(0, squares / patches - sum / patches * (sum / patches)));
        }
        return summary;
    }

    /// <summary>What a distance is computed with: for those who make it, before there is a limit.</summary>
    public static Func<float[], double> DistanceBy(float[] mean, float[] whitening) => new Familiarity(mean, whitening, 0).Distance;
}
