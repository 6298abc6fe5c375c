// What the "labels" of a manifest's row say: the findings of a study, as truths of phantoms have them.
using System.Globalization;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A lesion's place, as shares of depth, height and width of the model's volume.</summary>
/// <param name="Centre">Its middle.</param>
/// <param name="Radius">Along each axis.</param>
readonly record struct LabelledPlace((float Depth, float Height, float Width) Centre, (float Depth, float Height, float Width) Radius);

/// <summary>What is known of a study.</summary>
/// <param name="Findings"><c>findings</c>; none where there is nothing.</param>
/// <param name="PlacesOnly"><c>places_only</c>: the study was chosen for its findings, so that only what its patches hold is
/// learned.</param>
sealed record StudyLabels(IReadOnlyList<LabelledFinding> Findings, bool PlacesOnly = false)
{
    /// <summary>The same for studies with the same findings: their kinds, sides and lobes, and sizes within half an octave.</summary>
    public string Truth => string.Join("; ", Findings.Select(finding => string.Create(CultureInfo.InvariantCulture,
        $"{finding.Kind} {finding.Side} {finding.Lobe} {(finding.Millimetres is { } size ? $"{Math.Round(2 * Math.Log2(size)):0}" : "")}"))
        .Order(StringComparer.Ordinal));

    /// <summary>Reads the labels of a row.</summary>
    /// <exception cref="HseNetFileException">The row has none, or they cannot be used; the caller says which row.</exception>
    public static StudyLabels Read(ManifestRow row)
    {
        var findings = LabelledFinding.Read(row);
        using var json = JsonDocument.Parse(row.Labels!);
        return new StudyLabels(findings, JsonFile.Flag(json.RootElement, "places_only"));
    }
}

/// <summary>A finding of a study.</summary>
/// <param name="Kind"><c>kind</c>.</param>
/// <param name="Side"><c>side</c>: right, left, both, or none.</param>
/// <param name="Lobe"><c>lobe</c>, or none.</param>
/// <param name="Millimetres"><c>millimetres</c>, its size, or none.</param>
/// <param name="Places"><c>places</c>; empty for what has no place of its own.</param>
sealed record LabelledFinding(string Kind, string? Side, string? Lobe, float? Millimetres, IReadOnlyList<LabelledPlace> Places)
{
    /// <summary>Side of a finding on both sides.</summary>
    public const string BothSides = "both";

    /// <summary>Reads the findings of a row, which may be none.</summary>
    /// <exception cref="HseNetFileException">The row has no labels, or they cannot be used; the caller says which row.</exception>
    public static IReadOnlyList<LabelledFinding> Read(ManifestRow row)
    {
        if (row.Labels is not { } text)
            throw Broken("are missing", "{\"findings\": […]} as truths of phantoms have them, or TrainingConfig.LabelWeight 0");
        using var json = JsonDocument.Parse(text);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("findings", out var findings)
            && findings.ValueKind == JsonValueKind.Array ? [.. findings.EnumerateArray().Select(Finding)]
            : throw Broken("have no list of findings", "{\"findings\": […]}");

        LabelledFinding Finding(JsonElement finding) => new(
            Word(finding, "kind") ?? throw Broken("have a finding without a kind", "its name"),
            Word(finding, "side"), Word(finding, "lobe"),
            Member(finding, "millimetres") is { } size ? Positive(size, "millimetres") : null,
            Member(finding, "places") is not { } places ? [] : places.ValueKind == JsonValueKind.Array
                ? [.. places.EnumerateArray().Select(place => new LabelledPlace(Three(place, "centre", false),
                    Three(place, "radius", true)))]
                : throw Broken("have places that are no list", "a list"));

        JsonElement? Member(JsonElement parent, string name) => parent.ValueKind != JsonValueKind.Object
            ? throw Broken($"hold {JsonFile.Kind(parent)}", "an object")
            : parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        string? Word(JsonElement parent, string name) => Member(parent, name) is not { } value ? null
            : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } word ? word
            : throw Broken($"have {JsonFile.Kind(value)} as {name}", "a word");

        (float, float, float) Three(JsonElement place, string name, bool positive) =>
            Member(place, name) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 3
                ? (Number(list[0], name, positive), Number(list[1], name, positive), Number(list[2], name, positive))
                : throw Broken($"have a place without a {name}", "three numbers: shares of depth, height and width");

        float Positive(JsonElement value, string name) => Number(value, name, positive: true);

        float Number(JsonElement value, string name, bool positive) => value.ValueKind == JsonValueKind.Number
            && value.TryGetSingle(out float number) && float.IsFinite(number) && Math.Abs(number) < 1e4 && (number > 0 || !positive)
            ? number : throw Broken($"have {value.GetRawText()} as {name}", positive ? "a number above 0" : "a number");

        HseNetFileException Broken(string problem, string expected) => new("its labels", problem, expected);
    }
}
