// Makes a manifest of the CT-RATE collection from its two tables and the volumes that are on the disk.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>Writes manifests of CT-RATE: reports from <c>Findings_EN</c>, scaling and spacing from the metadata table.</summary>
static class CtRateManifest
{
    static readonly RuntimeJson Json = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>What was found.</summary>
    /// <param name="Train">Rows for training: volumes named <c>train_…</c>.</param>
    /// <param name="Validation">Rows for validation: volumes named <c>valid_…</c>.</param>
    /// <param name="WithoutFile">Reports whose volume is not on the disk.</param>
    /// <param name="WithoutText">Reports without findings.</param>
    public sealed record Counts(int Train, int Validation, int WithoutFile, int WithoutText);

    /// <summary>Writes a manifest.</summary>
    /// <param name="metadata">CSV with <c>VolumeName</c>, <c>RescaleSlope</c>, <c>RescaleIntercept</c>, <c>XYSpacing</c>,
    /// <c>ZSpacing</c>.</param>
    /// <param name="reports">CSV with <c>VolumeName</c> and <c>Findings_EN</c>.</param>
    /// <param name="images">Folder with the volumes anywhere below it: finished ones (.npy, with <c>NAME.slice_features.npy</c> beside
    /// them) or NIfTI files.</param>
    /// <param name="output">The manifest; paths in it are relative to its folder where the volumes lie below it.</param>
    /// <exception cref="HseNetFileException">A table cannot be read, a volume is not in the metadata, or nothing was found.</exception>
    public static Counts Write(string metadata, string reports, string images, string output)
    {
        ArgumentException.ThrowIfNullOrEmpty(reports);
        ArgumentException.ThrowIfNullOrEmpty(images);
        ArgumentException.ThrowIfNullOrEmpty(output);
        var table = MetadataTable.Read(metadata);
        if (!Directory.Exists(images))
            throw new HseNetFileException(images, "is no folder", "the folder of the volumes");
        var files = Find(images);
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        List<string> train = [], validation = [];
        int withoutFile = 0, withoutText = 0;
        foreach (var (name, findings) in Reports(reports))
        {
            if (string.IsNullOrWhiteSpace(findings))
                withoutText++;
            else if (!files.TryGetValue(Stem(name), out string? image))
                withoutFile++;
            else
                (name.StartsWith("valid", StringComparison.OrdinalIgnoreCase) ? validation : train)
                    .Add(Row(image, findings, table.Get(name), folder));
        }
        if (train.Count == 0 && validation.Count == 0)
            throw new HseNetFileException(images, $"holds none of the {withoutFile} volumes of {reports}",
                "files named after the column VolumeName, .nii.gz or .npy");
        using var file = new AtomicFile(output);
        file.Write(Encoding.UTF8.GetBytes("{\"train\": [\n" + string.Join(",\n", train) + "\n],\n\"validation\": [\n"
            + string.Join(",\n", validation) + "\n]}\n"), 0);
        file.Commit();
        return new Counts(train.Count, validation.Count, withoutFile, withoutText);
    }

    static string Row(string image, string findings, VolumeMetadata metadata, string folder)
    {
        bool finished = image.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);
        string features = Path.ChangeExtension(image, SliceFeaturesEnding);
        var row = new Dictionary<string, object> { ["image"] = Relative(image), ["text"] = findings.Trim() };
        if (finished && File.Exists(features))
            row["biomedclip_features"] = Relative(features);
        if (!finished)
        {
            if (metadata.Slope is { } slope)
                row["RescaleSlope"] = slope;
            if (metadata.Intercept is { } intercept)
                row["RescaleIntercept"] = intercept;
            if (metadata.SpacingXY is { } xy)
                row["XYSpacing"] = (double[])[xy.X, xy.Y];
            if (metadata.SpacingZ is { } z)
                row["ZSpacing"] = z;
        }
        return JsonSerializer.Serialize(row, Json.DictionaryStringObject);

        string Relative(string path)
        {
            string relative = Path.GetRelativePath(folder, path).Replace('\\', '/');
            return relative.StartsWith("../", StringComparison.Ordinal) ? path : relative;
        }
    }

    const string SliceFeaturesEnding = "slice_features.npy";

    // A finished volume is preferred to the scan it was made from.
    static Dictionary<string, string> Find(string folder)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Path.GetFullPath(folder), "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            bool finished = file.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);
            if (file.EndsWith("." + SliceFeaturesEnding, StringComparison.OrdinalIgnoreCase))
                continue;
            if (finished)
                files[Stem(file)] = file;
            else if (file.EndsWith(".nii.gz", StringComparison.OrdinalIgnoreCase)
                || file.EndsWith(".nii", StringComparison.OrdinalIgnoreCase))
                files.TryAdd(Stem(file), file);
        }
        return files;
    }

    static string Stem(string path) => MetadataTable.Key(path);

    static IEnumerable<(string Name, string Findings)> Reports(string path)
    {
        using StreamReader text = Open(path);
        var csv = new CsvReader(text, path);
        List<string> header = csv.NextRow()
            ?? throw new HseNetFileException(path, "is empty", "a table with the columns VolumeName and Findings_EN");
        int name = header.IndexOf("VolumeName"), findings = header.IndexOf("Findings_EN");
        if (name < 0 || findings < 0)
            throw new HseNetFileException(path, "does not have the columns of a report table", "VolumeName and Findings_EN");
        while (csv.NextRow() is { } fields)
        {
            if (fields.Count != header.Count)
                throw new HseNetFileException(path, $"line {csv.Line} has {fields.Count} fields", $"{header.Count} as in the first line");
            yield return (fields[name], fields[findings]);
        }
    }

    static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }
}
