// hsenet inspect of a CT: what the file says, and what preparing it for the model will do.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

static class InspectVolume
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints the facts of a volume.</summary>
    public static int Print(string path, StudyOpener studies, bool json, CancellationToken cancellation)
    {
        using var study = studies.Open(path);
        var volume = study.Volume;
        var table = study.Options.Preprocessing.Rescale;
        var range = Range(volume, table ?? (1, 0));
        var (prepared, refused) = Foresee(study, cancellation);
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                path,
                size = Three(volume.Size),
                spacing = Three(volume.Spacing),
                pixdim = volume.HeaderSpacing is { } header ? Three(header) : null,
                matrix_spacing = volume.MatrixSpacing is { } matrix ? Three(matrix) : null,
                orientation = volume.Orientation?.Code,
                type = volume.Type.Name(),
                slope = volume.Slope,
                intercept = volume.Intercept,
                table_slope = table?.Slope,
                table_intercept = table?.Intercept,
                minimum = range?.Low,
                maximum = range?.High,
                prepared = prepared is var (placed, resampled) ? new
                {
                    orientation = placed.Orientation?.Code,
                    size = Three(placed.Size),
                    spacing = Three(placed.Spacing),
                    resampled = new[] { resampled.X, resampled.Y, resampled.Z },
                } : null,
                refused,
                notes = OptionNames.In(study.Notes),
                series = volume.DicomSeries.Select(series => new
                {
                    uid = series.Uid,
                    study = series.Study,
                    images = series.Images,
                    description = series.Description,
                    taken = series.IsTaken,
                }),
            }, Json));
        else
        {
            Line("voxels", $"{Product(Three(volume.Size))} (x, y, z), {volume.Type.Name()}");
            Line("spacing", $"{Product(Three(volume.Spacing))} mm");
            if (volume.HeaderSpacing is { } pixdim)
                Line("header", $"pixdim {Product(Three(pixdim))} mm, matrix "
                    + (volume.MatrixSpacing is { } columns ? $"{Product(Three(columns))} mm" : "not stated"));
            Line("axes", volume.IsPreprocessed ? "of a finished volume" : volume.Orientation?.Code ?? "not stated");
            Line("scaling", string.Create(CultureInfo.InvariantCulture, $"{volume.Slope:G6} · voxel + {volume.Intercept:G6}"));
            if (table is var (slope, intercept))
                Line("table", string.Create(CultureInfo.InvariantCulture, $"{slope:G6} · that + {intercept:G6}"));
            Line("values", range is var (low, high) ? string.Create(CultureInfo.InvariantCulture, $"{low:G6} to {high:G6}") : "none");
            if (prepared is var (placed, resampled))
                Line("prepared", $"{placed.Orientation?.Code ?? "as it lies"}, {Product(Three(placed.Size))} voxels of "
                    + $"{Product(Three(placed.Spacing))} mm, resampled to {resampled.X} × {resampled.Y} × {resampled.Z}");
            if (refused is not null)
                Line("prepared", $"refused: {refused}");
            foreach (var series in volume.DicomSeries)
                Line("series", $"{series}{(volume.DicomSeries.Max(other => other.Study) > 1 ? $" of study {series.Study}" : "")}"
                    + (series.IsTaken ? ", taken" : ""));
            foreach (string note in study.Notes)
                Messages.Note(note);
        }
        return ExitCode.Done;
    }

    // A scan that would be refused is a fact about it, not a failure of looking at it.
    static ((ScanGeometry Placed, VoxelSize Resampled)? Prepared, string? Refused) Foresee(CtStudy study, CancellationToken cancellation)
    {
        if (study.Volume.IsPreprocessed)
            return (null, null);
        try
        {
            return (study.Foresee(HostLoops.Of(Environment.ProcessorCount, cancellation)), null);
        }
        catch (HseNetException e)
        {
            return (null, OptionNames.In(e.Message));
        }
    }

    static void Line(string name, string fact) => Console.WriteLine($"{name,-10}{fact}");

    static int[] Three((int X, int Y, int Z) size) => [size.X, size.Y, size.Z];

    static double[] Three((double X, double Y, double Z) spacing) => [spacing.X, spacing.Y, spacing.Z];

    static string Product(int[] sizes) => string.Join(" × ", sizes);

    static string Product(double[] lengths) =>
        string.Join(" × ", lengths.Select(length => length.ToString("G6", CultureInfo.InvariantCulture)));

    // With the table's scaling; null if no voxel is finite.
    static (double Low, double High)? Range(VoxelVolume volume, (double Slope, double Intercept) table)
    {
        if (volume.Range() is not var (low, high))
            return null;
        (low, high) = (table.Slope * low + table.Intercept, table.Slope * high + table.Intercept);
        return (Math.Min(low, high), Math.Max(low, high));
    }
}
