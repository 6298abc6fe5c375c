// A patch embedding that starts with what patches differ in most, each direction equally strong.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// The leading eigenvectors of the covariance of training patches, divided by the root of their eigenvalues: channels that are uncorrelated
/// and of variance 1 from the first step on. Numbers in place of pictures: with normal numbers most channels would see the patch's mean.
/// </summary>
sealed class WhitenedPatches
{
    // Added to the eigenvalues of grey values from 0 to 1: directions of noise alone are not blown up.
    const double Floor = 2.5e-4;

    const int MostPatches = 20_000, MostVolumes = 200;

    readonly VisionConfig _vision;
    readonly double[] _means;

    WhitenedPatches(VisionConfig vision, double[][] directions, double[] means) =>
        (_vision, Directions, _means) = (vision, directions, means);

    /// <summary>Looks at the first training rows of a manifest, whose volumes must be finished.</summary>
    /// <exception cref="HseNetFileException">The manifest or a volume cannot be used.</exception>
    public static WhitenedPatches Read(string manifest, VisionConfig vision, OwnPreset? preset,
        CancellationToken cancellation)
    {
        int voxels = (int)vision.Patch.Count, places = vision.Patches;
        ManifestRow[] rows = [.. Manifest.ReadTexts(manifest).Take(MostVolumes)];
        if (rows.Length == 0)
            throw new HseNetFileException(manifest, "has no row for training", "at least one");
        // Means of each place, over all volumes; the covariance over some patches of each.
        double[] means = new double[places * voxels], sums = new double[voxels], products = new double[voxels * voxels],
            patch = new double[voxels];
        int each = Math.Max(1, Math.Min(places, MostPatches / rows.Length)), seen = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            float[] volume = FloatArrays.Read(rows[i].Image, vision.Image.Count, read => OwnPreset.Check(read, preset));
            int[] chosen = new SeededDraws(0, "patches", row: i).Order(places)[..each];
            for (int place = 0; place < places; place++)
            {
                Cut(vision, volume, place, patch);
                for (int v = 0; v < voxels; v++)
                    means[place * voxels + v] += patch[v] / rows.Length;
            }
            foreach (int place in chosen)
            {
                Cut(vision, volume, place, patch);
                seen++;
                for (int v = 0; v < voxels; v++)
                {
                    sums[v] += patch[v];
                    AddScaled(patch[v], patch.AsSpan(0, v + 1), products.AsSpan(v * voxels, v + 1));
                }
            }
        }
        for (int v = 0; v < voxels; v++)
            for (int w = 0; w <= v; w++)
                products[v * voxels + w] = products[w * voxels + v] =
                    products[v * voxels + w] / seen - sums[v] / seen * (sums[w] / seen);
        var (values, vectors) = SymmetricEigen.Of(products, voxels);
        return new WhitenedPatches(vision, [.. vectors.Take(vision.HiddenSize).Select((vector, i) =>
            Array.ConvertAll(vector, value => value / Math.Sqrt(Math.Max(values[i], 0) + Floor)))], means);
    }

    /// <summary>Weights of the channels, as far as a patch has voxels.</summary>
    public double[][] Directions { get; }

    /// <summary>The mean patch of a place.</summary>
    public ReadOnlySpan<double> Mean(int place) => _means.AsSpan(place * (int)_vision.Patch.Count, (int)_vision.Patch.Count);

    /// <summary>The weights [channels, voxels]; where a patch has fewer voxels than there are channels, the rest stays as it is.</summary>
    public void SetWeights(float[] weights)
    {
        for (int i = 0; i < Directions.Length; i++)
            Array.ConvertAll(Directions[i], value => (float)value).CopyTo(weights.AsSpan(i * Directions[i].Length));
    }

    /// <summary>Takes the embedding of the mean patch of each place from its position [places, channels], so that training starts centred
    /// everywhere.</summary>
    public void Centre(float[] positions)
    {
        int voxels = (int)_vision.Patch.Count, channels = _vision.HiddenSize;
        for (int place = 0; place < _vision.Patches; place++)
            for (int c = 0; c < Directions.Length; c++)
            {
                double sum = 0;
                for (int v = 0; v < voxels; v++)
                    sum += Directions[c][v] * _means[place * voxels + v];
                positions[place * channels + c] -= (float)sum;
            }
    }

    static void Cut(VisionConfig vision, float[] volume, int place, double[] patch)
    {
        var (image, size, grid) = (vision.Image, vision.Patch, vision.Grid);
        int depth = place / (grid.Height * grid.Width) * size.Depth, height = place / grid.Width % grid.Height * size.Height,
            width = place % grid.Width * size.Width, at = 0;
        for (int z = 0; z < size.Depth; z++)
            for (int y = 0; y < size.Height; y++)
                for (int x = 0; x < size.Width; x++)
                    patch[at++] = volume[((depth + z) * image.Height + height + y) * image.Width + width + x];
    }

    static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        int i = 0, step = System.Numerics.Vector<double>.Count;
        for (; i <= x.Length - step; i += step)
            (new System.Numerics.Vector<double>(x[i..]) * factor + new System.Numerics.Vector<double>(y[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++)
            y[i] += factor * x[i];
    }
}
