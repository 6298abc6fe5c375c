// A reader that knows no more than how bright the parts of a volume are: the floor that a trained model has to leave behind.
using HSENet.Evaluation;
using HSENet.Runtime;

namespace HSENet.Phantoms;

/// <summary>Findings by ridge regression on mean and deviation of 4 × 4 × 4 cells of the model's volume: kinds with the threshold that is
/// best on the training set, side and lobe the likeliest, sizes the median of the kind.</summary>
sealed class RidgeReader
{
    const int Cells = 4;
    const double Penalty = 30;

    static readonly FindingKind[] Kinds = Enum.GetValues<FindingKind>();

    readonly RidgeRegression _regression;
    readonly (FindingKind Kind, Side Side, Lobe Lobe)[] _places;
    readonly double[] _thresholds;
    readonly double?[] _sizes;

    /// <summary>Fits to phantoms.</summary>
    /// <param name="phantoms">What they have.</param>
    /// <param name="features">Of each, see <see cref="FeaturesOf"/>.</param>
    public RidgeReader(IReadOnlyList<PhantomTruth> phantoms, IReadOnlyList<float[]> features)
    {
        _places = [.. phantoms.SelectMany(phantom => phantom.Findings.Select(PlaceOf)).Distinct().Order()];
        _regression = new RidgeRegression(features, [.. phantoms.Select(Targets)], Penalty);
        double[][] scores = [.. features.Select(_regression.Of)];
        _thresholds = [.. Kinds.Select((kind, k) => Threshold([.. phantoms.Select((phantom, i) =>
            (scores[i][k], phantom.Findings.Any(finding => finding.Kind == kind)))]))];
        _sizes = [.. Kinds.Select(kind => Median(phantoms.SelectMany(phantom => phantom.Findings)
            .Where(finding => finding.Kind == kind && finding.Millimetres is not null).Select(finding => finding.Millimetres!.Value)))];
    }

    /// <summary>What is read off a volume.</summary>
    public IReadOnlyList<Finding> Read(float[] features)
    {
        double[] scores = _regression.Of(features);
        var found = new List<Finding>();
        foreach (var kind in Kinds)
        {
            if (scores[(int)kind] < _thresholds[(int)kind])
                continue;
            int best = -1;
            for (int i = 0; i < _places.Length; i++)
                if (_places[i].Kind == kind && (best < 0 || scores[Kinds.Length + i] > scores[Kinds.Length + best]))
                    best = i;
            found.Add(new Finding(kind, _places[best].Side, _places[best].Lobe, _sizes[(int)kind]));
        }
        return found;
    }

    /// <summary>Mean and deviation of each cell of a finished volume.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, or has fewer voxels than cells along an axis.</exception>
    public static float[] FeaturesOf(string path)
    {
        using var volume = VolumeFile.Read(path, new VolumeReadOptions());
        var (width, height, depth) = volume.Size;
        if (Math.Min(width, Math.Min(height, depth)) < Cells)
            throw new HseNetFileException(path, $"is {depth} × {height} × {width}", $"at least {Cells} voxels along each axis");
        var values = new double[volume.Count];
        volume.ToDoubles(0, values);
        double[] sums = new double[Cells * Cells * Cells], squares = new double[sums.Length], counts = new double[sums.Length];
        int at = 0;
        for (int z = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++, at++)
                {
                    int cell = (z * Cells / depth * Cells + y * Cells / height) * Cells + x * Cells / width;
                    sums[cell] += values[at];
                    squares[cell] += values[at] * values[at];
                    counts[cell]++;
                }
        return [.. sums.Select((sum, i) => (float)(sum / counts[i])), .. sums.Select((sum, i) =>
            (float)Math.Sqrt(Math.Max(0, squares[i] / counts[i] - sum / counts[i] * (sum / counts[i]))))];
    }

    static (FindingKind, Side, Lobe) PlaceOf(Finding finding) => (finding.Kind, finding.Side, finding.Lobe);

    float[] Targets(PhantomTruth phantom) =>
    [
        .. Kinds.Select(kind => phantom.Findings.Any(finding => finding.Kind == kind) ? 1f : 0),
        .. _places.Select(place => phantom.Findings.Any(finding => PlaceOf(finding) == place) ? 1f : 0),
    ];

    // Of all thresholds that tell two samples apart the one with the highest F1.
    static double Threshold((double Score, bool Is)[] samples)
    {
        int all = samples.Count(sample => sample.Is), hits = 0, said = 0;
        double best = 0, threshold = double.PositiveInfinity;
        foreach (var (score, isSo) in samples.OrderByDescending(sample => sample.Score))
        {
            hits += isSo ? 1 : 0;
            said++;
            if (2.0 * hits / (all + said) > best)
                (best, threshold) = (2.0 * hits / (all + said), score);
        }
        return threshold;
    }

    static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
    }
}
