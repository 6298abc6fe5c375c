// Scaling and spacing of a collection that keeps them in a table beside the volumes, as CT-RATE does.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>What a metadata table says about one volume; a value that the table does not give is null.</summary>
/// <param name="Slope">Hounsfield units = slope × value + intercept, on top of what the file itself says.</param>
/// <param name="Intercept">See <paramref name="Slope"/>.</param>
/// <param name="SpacingXY">Distance of voxels within a slice in mm, along x and y.</param>
/// <param name="SpacingZ">Distance of slices in mm.</param>
public sealed record VolumeMetadata(double? Slope, double? Intercept, (double X, double Y)? SpacingXY, double? SpacingZ);

/// <summary>
/// A CSV file with the columns of CT-RATE: <c>VolumeName</c>, and any of <c>RescaleSlope</c>, <c>RescaleIntercept</c>, <c>XYSpacing</c> (a
/// number or
/// <c>[x, y]</c>) and <c>ZSpacing</c>. Other columns are not kept.
/// </summary>
public sealed class MetadataTable
{
    static readonly string[] Endings = [".nii.gz", ".nii", ".hdr.gz", ".hdr", ".img.gz", ".img", ".npy", ".npz", ".zip"];

    readonly Dictionary<string, VolumeMetadata> _rows = [];
    readonly Dictionary<string, HseNetFileException> _errors = [];
    readonly string _name;

    MetadataTable(string name) => _name = name;

    /// <summary>Number of volumes in the table.</summary>
    public int Count => _rows.Count;

    /// <summary>Number of rows that cannot be used; they matter to their own volumes alone.</summary>
    internal int Unusable { get; private set; }

    /// <summary>Reads a table.</summary>
    /// <exception cref="HseNetFileException">The file is missing, its quotes are not closed, or a column is missing.</exception>
    public static MetadataTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using StreamReader text = new(path);
            return Read(text, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    /// <summary>The row of a volume, found by its file name with or without its ending.</summary>
    /// <exception cref="HseNetFileException">The table has no such row, a value in it is not a number, or there is another row for the
    /// volume that says something else.</exception>
    public VolumeMetadata Get(string volumePath)
    {
        ArgumentException.ThrowIfNullOrEmpty(volumePath);
        string key = Key(volumePath);
        if (_errors.TryGetValue(key, out HseNetFileException? error))
            throw error;
        return _rows.TryGetValue(key, out VolumeMetadata? row) ? row
            : throw new HseNetFileException(_name, $"has no row for the volume {HseNetFileException.Quote(key)}",
                "its name in the column VolumeName");
    }

    internal static MetadataTable Read(TextReader text, string path)
    {
        var csv = new CsvReader(text, path);
        List<string> header = csv.NextRow() ?? throw new HseNetFileException(path, "is empty", "a table with the column VolumeName");
        int volume = header.IndexOf("VolumeName"), slope = header.IndexOf("RescaleSlope"), intercept = header.IndexOf("RescaleIntercept"),
            xy = header.IndexOf("XYSpacing"), z = header.IndexOf("ZSpacing");
        if (volume < 0 || Math.Max(Math.Max(slope, intercept), Math.Max(xy, z)) < 0)
            throw new HseNetFileException(path, "does not have the columns of a metadata table",
                "VolumeName, and RescaleSlope, RescaleIntercept, XYSpacing or ZSpacing");
        var table = new MetadataTable(path);
        while (csv.NextRow() is { } fields)
        {
            string key = fields.Count > volume ? Key(fields[volume]) : "";
            try
            {
                if (fields.Count != header.Count)
                    throw new HseNetFileException(path, $"line {csv.Line} has {fields.Count} fields",
                        $"{header.Count} as in the first line");
                var row = new VolumeMetadata(Number(slope), Number(intercept), Pair(xy), Length(z));
                if (!table._rows.TryAdd(key, row) && table._rows[key] != row)
                    throw new HseNetFileException(path, $"line {csv.Line} gives other values for a volume of a line before",
                        "one line for each");
            }
            catch (HseNetFileException e)
            {
                table.Unusable++;
                table._errors.TryAdd(key, e);
            }

            double? Number(int column) => column < 0 || fields[column].Length == 0 ? null : Parse(fields[column], column);

            double? Length(int column) => Number(column) is not { } value ? null : VoxelVolume.IsLength(value) ? value
                : throw Invalid(column);

            (double, double)? Pair(int column)
            {
                if (column < 0 || fields[column].Length == 0)
                    return null;
                string[] parts = fields[column].Trim(' ', '[', ']', '(', ')').Split(',');
                double[] values = [.. parts.Select(p => Parse(p, column))];
                return values.Length is 1 or 2 && values.All(VoxelVolume.IsLength) ? (values[0], values[^1]) : throw Invalid(column);
            }

            double Parse(string field, int column) =>
                double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    && double.IsFinite(value) ? value : throw Invalid(column);

            HseNetFileException Invalid(int column) =>
                new(path, $"line {csv.Line} has {HseNetFileException.Quote(fields[column])} as {header[column]}",
                column == xy ? "a positive number or [x, y]" : column == z ? "a positive number" : "a number");
        }
        return table;
    }

    internal static string Key(string path)
    {
        string file = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
        return Array.Find(Endings, e => file.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } ending ? file[..^ending.Length] : file;
    }
}
