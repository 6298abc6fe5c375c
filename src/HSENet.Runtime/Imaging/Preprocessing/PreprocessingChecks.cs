// Refuses scans that cannot be a CT in Hounsfield units, before anything is computed.
using System.Globalization;

namespace HSENet.Runtime;

static class PreprocessingChecks
{
    // By the scale's definition water is 0 and air -1000; what tissues measure: https://en.wikipedia.org/wiki/Hounsfield_scale.

    // Every CT shows air: around the patient, in the lungs.
    const double AirBelow = -500;

    // Soft tissue, fat and water lie here (fat about -100, water 0, muscle and organs 20 to 100). It is 29 to 61 % of the CTs in
    // tests/golden; of the same CTs scaled a second time by a table's -1024 it is 0 to 1.4 %.
    const int TissueFrom = -200, TissueTo = 200;
    const double LeastTissue = 0.02;

    // Nothing is thinner than air at -1000. What lies below -1300 is noise, at most a few percent with the sharpest kernels, or padding;
    // where there is no tissue either, a hundredth below -1100 is enough to doubt.
    const int NothingBelow = -1300, AirAbove = -1100;
    const double MostBelow = 0.1, DoubtBelow = 0.01;

    /// <summary>Throws for a single slice, for NaN and infinities, and unless forced for values that cannot be Hounsfield units.</summary>
    /// <param name="scan">The scan as it was read.</param>
    /// <param name="plan">What is done to it first: voxels without a value that it fills are allowed.</param>
    /// <param name="options">Scaling, and whether implausible values are taken.</param>
    /// <param name="loop">On how many threads, and what stops it between pieces.</param>
    public static void Scan(VoxelVolume scan, ScanPlan plan, PreprocessingOptions options, ParallelOptions loop)
    {
        if (plan.Result.Size.Z == 1)
            throw new HseNetFileException(scan.Source, "has a single slice", "a volume of at least two slices");
        bool floats = scan.Type is DataType.F16 or DataType.BF16 or DataType.F32 or DataType.F64;
        if (options.Force && !floats)
            return;
        var (slope, intercept) = options.Rescale ?? (1, 0);
        var values = HounsfieldStatistics.Of(scan, slope, intercept, sampled: !floats, loop);
        if (!floats && Problem(scan, values, options) is not null)
            values = HounsfieldStatistics.Of(scan, slope, intercept, sampled: false, loop); // a sample refuses nothing
        if (values.Missing > plan.FilledVoxels || values.Infinite > 0)
            throw new HseNetFileException(scan.Source,
                $"holds {values.Missing - plan.FilledVoxels + values.Infinite} voxels that are not finite (NaN or infinite)",
                "finite values in Hounsfield units, NaN only at the edges of slices");
        if (Problem(scan, values, options) is { } problem)
            throw problem;
    }

    /// <summary>Throws for a volume that became constant in the window.</summary>
    public static HseNetFileException Constant(VoxelVolume scan) =>
        new(scan.Source, "is constant between -1000 and 200 Hounsfield units: nothing is left to crop to", "a CT volume");

    static HseNetFileException? Problem(VoxelVolume scan, HounsfieldStatistics values, PreprocessingOptions options)
    {
        if (values.Minimum > values.Maximum)
            return new HseNetFileException(scan.Source, "has no voxel that is a number", "a CT volume");
        if (values.Minimum == values.Maximum)
            return new HseNetFileException(scan.Source, $"is constant: every voxel is {values.Minimum}", "a CT volume");
        if (options.Force)
            return null;
        if (!(values.LowestValue < AirBelow))
            return new HseNetFileException(scan.Source,
                string.Create(CultureInfo.InvariantCulture, $"is not in Hounsfield units: its lowest value is {values.LowestValue:0.###}"
                    + $"{(values.Padding.Count > 0 ? $" beside padding of {string.Join(", ", values.Padding)}" : "")}, no voxel is below "
                        + $"-500"),
                "a CT in Hounsfield units, or PreprocessingOptions.Rescale if the collection keeps its scaling in a table, or "
                    + "PreprocessingOptions.Force");
        double tissue = values.Share(TissueFrom, TissueTo), below = values.Share(int.MinValue, NothingBelow);
        if (below <= MostBelow && (tissue >= LeastTissue || values.Share(int.MinValue, AirAbove, padding: true) <= DoubtBelow))
            return null;
        string twice = options.Rescale is var (slope, intercept)
            ? string.Create(CultureInfo.InvariantCulture,
                $" after the scaling {slope:G6} · value + {intercept:G6} of the table or PreprocessingOptions.Rescale") : "";
        return new HseNetFileException(scan.Source,
            string.Create(CultureInfo.InvariantCulture,
                $"is not in Hounsfield units{twice}: {100 * tissue:0.##} % of its voxels lie between "
                + $"{TissueFrom} and {TissueTo}, where soft tissue is, {100 * below:0.##} % below {NothingBelow}, where nothing is"),
            "a CT in Hounsfield units whose scaling is applied once, or PreprocessingOptions.Force");
    }
}
