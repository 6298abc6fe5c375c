// Which findings each study has: a table with a column for each finding, as CT-RATE's labels are.
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>A CSV file with the column <c>VolumeName</c> and, for each finding, a column of 0 and 1.</summary>
internal sealed class LabelTable
{
    // What the reference's preprocessing adds to the name of a volume.
    const string PreparedEnding = "_3D_features";

    readonly string _file;
    readonly Dictionary<string, bool[]> _rows = new(StringComparer.Ordinal);

    LabelTable(string file) => _file = file;

    /// <summary>Reads a table.</summary>
    /// <exception cref="HseNetFileException">It cannot be read, lacks the column, or a row has something else than 0 and 1.</exception>
    public static LabelTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var table = new LabelTable(path);
        using var csv = new CsvParser(new StringReader(JsonFile.ReadText(path)),
            new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null });
        if (!csv.Read())
            throw new HseNetFileException(path, "is empty", "a table with VolumeName and a column for each finding");
        string[] header = csv.Record!;
        int name = Array.IndexOf(header, "VolumeName");
        if (name < 0 || header.Length < 2)
            throw new HseNetFileException(path, "does not have the columns of a table of labels", "VolumeName, and one for each finding");
        while (csv.Read())
        {
            string[] fields = csv.Record!;
            if (fields.Length != header.Length)
                throw new HseNetFileException(path, $"line {csv.RawRow} has {fields.Length} fields",
                    $"{header.Length} as in the first line");
            bool[] findings = [.. fields.Where((_, i) => i != name).Select(field =>
                double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is 0 or 1 ? value == 1
                : throw new HseNetFileException(path, $"line {csv.RawRow} has the label {HseNetFileException.Quote(field)}", "0 or 1"))];
            if (!table._rows.TryAdd(Key(fields[name]), findings) && !table._rows[Key(fields[name])].SequenceEqual(findings))
                throw new HseNetFileException(path, $"line {csv.RawRow} gives other labels for a volume of a line before",
                    "one line for each");
        }
        return table;
    }

    /// <summary>The findings of a study, found by the name of its file.</summary>
    /// <exception cref="HseNetFileException">The table has no such row.</exception>
    public bool[] Get(string study) => _rows.TryGetValue(Key(study), out bool[]? findings) ? findings
        : throw new HseNetFileException(_file, $"has no row for the volume {HseNetFileException.Quote(study)}",
            "its name in the column VolumeName");

    static string Key(string name) => MetadataTable.Key(name) is var key && key.EndsWith(PreparedEnding, StringComparison.Ordinal)
        ? key[..^PreparedEnding.Length] : key;
}
