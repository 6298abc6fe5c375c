// Refuses scans that cannot be a CT in Hounsfield units, before anything is computed.
namespace HSENet.Runtime;

static class PreprocessingChecks
{
    const double AirBelow = -500; // every CT shows air: around the patient, in the lungs

    const int Piece = 1 << 16;

    /// <summary>Throws for a single slice, for NaN and infinities, and unless forced for a volume without a voxel below −500 HU.</summary>
    public static void Scan(VoxelVolume scan, double slope, double intercept, bool force, CancellationToken cancellation)
    {
        if (scan.Size.Z == 1)
            throw new HseNetFileException(scan.Source, "has a single slice", "a volume of at least two slices");
        bool floats = scan.Type is DataType.F16 or DataType.BF16 or DataType.F32 or DataType.F64;
        if (force && !floats)
            return;
        var (lowest, highest) = Range(scan, slope, intercept, stopAtAir: !floats, cancellation);
        if (!double.IsFinite(lowest) || !double.IsFinite(highest))
            throw new HseNetFileException(scan.Source, "holds voxels that are not finite (NaN or infinite)",
                "finite values in Hounsfield units");
        if (lowest == highest)
            throw new HseNetFileException(scan.Source, $"is constant: every voxel is {lowest}", "a CT volume");
        if (!force && !(lowest < AirBelow))
            throw new HseNetFileException(scan.Source,
                $"is not in Hounsfield units: its lowest value is {lowest:0.###}, no voxel is below -500",
                "a CT in Hounsfield units, or --rescale SLOPE,INTERCEPT if the collection keeps its scaling in a table, or --force");
    }

    /// <summary>Throws for a volume that became constant in the window.</summary>
    public static HseNetFileException Constant(VoxelVolume scan) =>
        new(scan.Source, "is constant between -1000 and 200 Hounsfield units: nothing is left to crop to", "a CT volume");

    // Smallest and largest value; NaN if there is one. May stop early once there is air, with whatever it has seen.
    static (double Lowest, double Highest) Range(VoxelVolume scan, double slope, double intercept, bool stopAtAir,
        CancellationToken cancellation)
    {
        var gate = new object();
        double lowest = double.PositiveInfinity, highest = double.NegativeInfinity;
        var options = new ParallelOptions { CancellationToken = cancellation };
        Parallel.For(0L, (scan.Count + Piece - 1) / Piece, options, () => new double[Piece], (piece, state, buffer) =>
        {
            Span<double> values = buffer.AsSpan(0, (int)Math.Min(Piece, scan.Count - piece * Piece));
            scan.ToDoubles(piece * Piece, values);
            double low = double.PositiveInfinity, high = double.NegativeInfinity;
            foreach (double stored in values)
            {
                double value = slope * stored + intercept;
                low = Math.Min(low, value); // keeps NaN
                high = Math.Max(high, value);
            }
            lock (gate)
            {
                lowest = Math.Min(lowest, low);
                highest = Math.Max(highest, high);
            }
            if (stopAtAir && low < AirBelow && low < high)
                state.Stop();
            return buffer;
        }, static _ => { });
        return (lowest, highest);
    }
}
