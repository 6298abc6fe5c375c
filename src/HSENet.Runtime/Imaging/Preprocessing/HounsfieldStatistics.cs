// How the values of a scan are distributed in Hounsfield units, as far as it tells whether they are that.
namespace HSENet.Runtime;

/// <summary>Counts of voxels by their value.</summary>
sealed class HounsfieldStatistics
{
    const int Lowest = -4096, Highest = 4096, Piece = 1 << 12, SampledPieces = 1 << 10;

    // A value far below air that alone holds so much of a scan, and around which there is nothing, was written there by a program.
    const double PaddingShare = 0.01;
    const int PaddingBelow = -1100, PaddingApart = 8;

    readonly long[] _counts = new long[Highest - Lowest + 1];
    int[] _paddingBins = [];

    // Of the values that are too low for a bin of their own.
    double _highestBelow = double.NegativeInfinity;

    /// <summary>Smallest value, padding included; infinity if there is none.</summary>
    public double Minimum { get; private set; } = double.PositiveInfinity;

    /// <summary>Largest value.</summary>
    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>Voxels that are NaN.</summary>
    public long Missing { get; private set; }

    /// <summary>Voxels that are infinite.</summary>
    public long Infinite { get; private set; }

    /// <summary>Smallest value that is no padding; null if all is.</summary>
    public double? LowestValue { get; private set; }

    /// <summary>Values that are padding, from the lowest.</summary>
    public IReadOnlyList<double> Padding { get; private set; } = [];

    /// <summary>Share of the voxels with a value from <paramref name="from"/> to <paramref name="to"/>, padding left out unless asked for;
    /// values beyond ±4096 count as that.</summary>
    public double Share(int from, int to, bool padding = false)
    {
        long all = 0, inside = 0;
        for (int i = 0; i < _counts.Length; i++)
            if (padding || !_paddingBins.Contains(i))
            {
                all += _counts[i];
                if (i + Lowest >= from && i + Lowest <= to)
                    inside += _counts[i];
            }
        return all == 0 ? 0 : (double)inside / all;
    }

    /// <summary>Statistics of all voxels, or of some four million that are spread over the scan.</summary>
    public static HounsfieldStatistics Of(VoxelVolume scan, double slope, double intercept, bool sampled, ParallelOptions loop)
    {
        long pieces = (scan.Count + Piece - 1) / Piece;
        bool all = !sampled || pieces <= SampledPieces;
        var total = new HounsfieldStatistics();
        var gate = new Lock();
        Parallel.For(0L, all ? pieces : SampledPieces, loop,
            () => (Part: new HounsfieldStatistics(), Values: new double[Piece]), (i, _, local) =>
            {
                // Multiples of the golden ratio spread without falling in step with rows or slices.
                long piece = all ? i : (long)(i * 0.6180339887498949 % 1 * pieces);
                Span<double> values = local.Values.AsSpan(0, (int)Math.Min(Piece, scan.Count - piece * Piece));
                scan.ToDoubles(piece * Piece, values);
                local.Part.Add(values, slope, intercept);
                return local;
            }, local =>
            {
                lock (gate)
                    total.Add(local.Part);
            });
        total.FindPadding();
        return total;
    }

    void Add(ReadOnlySpan<double> values, double slope, double intercept)
    {
        foreach (double stored in values)
        {
            double value = slope * stored + intercept;
            if (!double.IsFinite(value))
            {
                if (double.IsNaN(value))
                    Missing++;
                else
                    Infinite++;
                continue;
            }
            Minimum = Math.Min(Minimum, value);
            Maximum = Math.Max(Maximum, value);
            if (value < Lowest + 1)
                _highestBelow = Math.Max(_highestBelow, value);
            _counts[(int)Math.Clamp(Math.Floor(value), Lowest, Highest) - Lowest]++;
        }
    }

    void Add(HounsfieldStatistics part)
    {
        Minimum = Math.Min(Minimum, part.Minimum);
        Maximum = Math.Max(Maximum, part.Maximum);
        _highestBelow = Math.Max(_highestBelow, part._highestBelow);
        Missing += part.Missing;
        Infinite += part.Infinite;
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += part._counts[i];
    }

    void FindPadding()
    {
        double all = _counts.Sum();
        _paddingBins = [.. Enumerable.Range(0, PaddingBelow - Lowest).Where(i => _counts[i] >= PaddingShare * all && _counts[i] > 0
            && Around(i) < 0.1 * _counts[i] && (i > 0 || Minimum == _highestBelow))];
        Padding = [.. _paddingBins.Select(bin => bin > 0 ? bin + Lowest : Minimum)];
        int first = Array.FindIndex(_counts, count => count > 0);
        while (first >= 0 && _paddingBins.Contains(first))
            first = Array.FindIndex(_counts, first + 1, count => count > 0);
        LowestValue = first < 0 ? null : first == 0 ? Minimum : Math.Max(Minimum, first + Lowest);
    }

    double Around(int bin)
    {
        double sum = -_counts[bin];
        for (int i = Math.Max(0, bin - PaddingApart); i <= Math.Min(_counts.Length - 1, bin + PaddingApart); i++)
            sum += _counts[i];
        return sum;
    }
}
