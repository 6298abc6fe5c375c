// One sample of a manifest: a study and what is said of it, in the field names of the reference's data sets.
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>What a row of a manifest must have for its use.</summary>
enum RowContent
{
    /// <summary>A study; anything may be said of it.</summary>
    Study,

    /// <summary><c>text</c>, a report.</summary>
    Report,

    /// <summary><c>question</c> and <c>answer</c>, or <c>abnormality</c> and <c>anatomy</c>.</summary>
    Answer,

    /// <summary>A report or an answer; the study need not be there.</summary>
    Words,
}

/// <summary>A row of a <see cref="Manifest"/>. Paths are absolute.</summary>
sealed record ManifestRow
{
    /// <summary>The line on which it begins, from 1.</summary>
    public required int Line { get; init; }

    /// <summary><c>image</c>: a CT (NIfTI, DICOM folder or zip), or a finished volume as .npy.</summary>
    public required string Image { get; init; }

    /// <summary><c>biomedclip_features</c>: a .npy file with the slice features; computed from the CT when it is left out.</summary>
    public string? SliceFeatures { get; init; }

    /// <summary><c>text</c>: the report.</summary>
    public string? Text { get; init; }

    /// <summary><c>abnormality</c>: takes its place in the template of a question.</summary>
    public string? Abnormality { get; init; }

    /// <summary><c>anatomy</c>: the answer to that question.</summary>
    public string? Anatomy { get; init; }

    /// <summary><c>question</c>: asked as it is, instead of a template.</summary>
    public string? Question { get; init; }

    /// <summary><c>answer</c> to <see cref="Question"/>.</summary>
    public string? Answer { get; init; }

    /// <summary><c>RescaleSlope</c>, <c>RescaleIntercept</c>, <c>XYSpacing</c>, <c>ZSpacing</c>: see
    /// <see cref="CtStudyOptions.Metadata"/>.</summary>
    public VolumeMetadata? Metadata { get; init; }

    /// <summary><c>notes</c>: what 'hsenet preprocess' said of a finished volume's scan. Not public: no part of the row's text, which
    /// decides whether a training may go on.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary><c>labels</c> as JSON: what is there and where, for a training that learns it. Not public, as notes are not.</summary>
    internal string? Labels { get; init; }

    /// <summary>Whether the row has this content.</summary>
    internal bool Serves(RowContent content) => content switch
    {
        RowContent.Study => true,
        RowContent.Report => Text is not null,
        RowContent.Words => Text is not null || Serves(RowContent.Answer),
        _ => (Question is not null && Answer is not null) || (Question is null && Abnormality is not null && Anatomy is not null),
    };

    /// <summary>Reads a row.</summary>
    /// <exception cref="HseNetFileException">A field is missing or of another kind; the message names file and line.</exception>
    internal static ManifestRow Read(JsonElement json, string file, string folder, int line)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Broken($"is {JsonFile.Kind(json)}", "an object with \"image\" and \"text\"");
        var row = new ManifestRow
        {
            Line = line,
            Image = Path("image") ?? throw Broken("has no \"image\"", "the path of a CT"),
            SliceFeatures = Path("biomedclip_features"),
            Text = Text("text"),
            Abnormality = Text("abnormality"),
            Anatomy = Text("anatomy"),
            Question = Text("question"),
            Answer = Text("answer"),
            Labels = json.TryGetProperty("labels", out var labels) && labels.ValueKind != JsonValueKind.Null ? labels.GetRawText() : null,
            Notes = json.TryGetProperty("notes", out var notes) && notes.ValueKind == JsonValueKind.Array
                ? [.. notes.EnumerateArray().Where(note => note.ValueKind == JsonValueKind.String)
                    .Select(note => HseNetException.OneLine(note.GetString()!, 500))] : [],
        };
        var metadata = new VolumeMetadata(Number("RescaleSlope"), Number("RescaleIntercept"), Spacing(), Number("ZSpacing"));
        if (metadata is { Slope: 0 } || metadata.SpacingZ is { } z && !VoxelVolume.IsLength(z))
            throw Broken("has a scaling or spacing that is not usable", "a slope other than 0 and positive spacings");
        return metadata == new VolumeMetadata(null, null, null, null) ? row : row with { Metadata = metadata };

        string? Text(string name)
        {
            if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                return null;
            if (value.ValueKind != JsonValueKind.String)
                throw Broken($"has {JsonFile.Kind(value)} as \"{name}\"", "a string");
            string text = value.GetString()!;
            return string.IsNullOrWhiteSpace(text) ? throw Broken($"has an empty \"{name}\"", "a text, or no such field") : text;
        }

        string? Path(string name)
        {
            if (Text(name) is not { } path)
                return null;
            return path.Contains('\0') ? throw Broken($"has a \"{name}\" that is no path", "the path of a file")
                : System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, path));
        }

        double? Number(string name) => !json.TryGetProperty(name, out var value)
            || value.ValueKind == JsonValueKind.Null ? null : Finite(value, name);

        double Finite(JsonElement value, string name) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number : throw Broken($"has {JsonFile.Kind(value)} as \"{name}\"", "a finite number");

        (double, double)? Spacing()
        {
            const string name = "XYSpacing";
            if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                return null;
            double[] sides = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Take(3).Select(side => Finite(side, name))]
                : [Finite(value, name)];
            return sides.Length is 1 or 2 && sides.All(VoxelVolume.IsLength) ? (sides[0], sides[^1])
                : throw Broken($"has an unusable \"{name}\"", "a positive number or [x, y]");
        }

        HseNetFileException Broken(string problem, string expected) => new(file, $"line {line} {problem}", expected);
    }
}
