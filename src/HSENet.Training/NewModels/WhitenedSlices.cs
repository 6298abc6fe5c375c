// The patch embedding of a slice encoder that starts whitened: three colours of one grey.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>As <see cref="WhitenedPatches"/>, for the slices of the model's volume: every colour carries a third of a pixel.</summary>
sealed class WhitenedSlices
{
    readonly SliceEncoderConfig _config;
    readonly WhitenedPatches _patches;

    WhitenedSlices(SliceEncoderConfig config, WhitenedPatches patches) => (_config, _patches) = (config, patches);

    /// <summary>Looks at the first training rows of a manifest, whose volumes must be finished; null for a model that does not look at
    /// their slices.</summary>
    /// <exception cref="HseNetFileException">The manifest or a volume cannot be used.</exception>
    public static WhitenedSlices? Read(string manifest, ModelConfig model, CancellationToken cancellation) =>
        model.SliceEncoder is { Source: SliceSource.Volume } slices ? new WhitenedSlices(slices, WhitenedPatches.Read(manifest,
            model.Vision with { PatchSize = [1, slices.PatchSize, slices.PatchSize] }, model.Preprocessing, cancellation)) : null;

    /// <summary>The weights [channels, 3, patch, patch].</summary>
    public void SetWeights(float[] weights)
    {
        for (int c = 0; c < _patches.Directions.Length; c++)
        {
            double[] direction = _patches.Directions[c];
            for (int colour = 0; colour < 3; colour++)
                for (int i = 0; i < direction.Length; i++)
                    weights[(3 * c + colour) * direction.Length + i] = (float)(direction[i] * SliceColours.Deviations[colour] / 3);
        }
    }

    /// <summary>Takes the embedding of the mean patch of each place, over all slices, from its position [1 + places, channels].</summary>
    public void Centre(float[] positions)
    {
        double grey = SliceColours.Means.Average(mean => (double)mean);
        for (int place = 0; place < _config.Patches; place++)
            for (int c = 0; c < _patches.Directions.Length; c++)
            {
                double[] direction = _patches.Directions[c];
                double sum = 0;
                for (int slice = 0; slice < _config.Slices; slice++)
                {
                    var mean = _patches.Mean(slice * _config.Patches + place);
                    for (int i = 0; i < direction.Length; i++)
                        sum += direction[i] * (mean[i] - grey);
                }
                positions[(1 + place) * _config.HiddenSize + c] -= (float)(sum / _config.Slices);
            }
    }
}
