// What is written beside a phantom: everything that is known of it.
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>The truth of a phantom as JSON, and its rows of the manifests.</summary>
sealed class PhantomRecord
{
    static readonly JsonWriterOptions Indented =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, NewLine = "\n" };
    static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Phantom _phantom;
    readonly PhantomSetOptions _options;

    public PhantomRecord(Phantom phantom, PhantomSetOptions options)
    {
        (_phantom, _options) = (phantom, options);
        Findings = [.. phantom.Findings.Select(finding => finding.Said)];
        Report = PhantomReport.Write(Findings, new Draws(phantom.Seed, phantom.Index, "report"));
        Questions = QuestionWriter.Write(Findings, new Draws(phantom.Seed, phantom.Index, "questions"));
    }

    public IReadOnlyList<Finding> Findings { get; }

    public string Report { get; }

    public IReadOnlyList<PhantomQuestion> Questions { get; }

    /// <summary>The file that a manifest names.</summary>
    public string Image => _options.Image(Name);

    string Name => PhantomFiles.NameOf(_phantom.Index);

    /// <summary>The truth, as a file of its own.</summary>
    public byte[] Truth(string split) => Json(Indented, json =>
    {
        var scan = _phantom.Scan;
        json.WriteString("format", PhantomSetOptions.Format);
        json.WriteNumber("seed", _phantom.Seed);
        json.WriteNumber("index", _phantom.Index);
        json.WriteString("split", split);
        json.WriteString("image", Image);
        Numbers(json, "size", [scan.Size.X, scan.Size.Y, scan.Size.Z]);
        Numbers(json, "spacing_mm", [scan.Spacing.X, scan.Spacing.Y, scan.Spacing.Z]);
        json.WriteString("orientation", scan.Orientation);
        Number(json, "slice_thickness_mm", scan.Thickness);
        Number(json, "contrast_hu", _phantom.Contrast);
        Number(json, "noise_hu", scan.Noise.Strength);
        WriteFindings(json);
        json.WriteString("report", Report);
        json.WriteString("structured_report", PhantomReport.WriteStructured(Findings));
        json.WriteStartArray("questions");
        foreach (var question in Questions)
        {
            json.WriteStartObject();
            json.WriteString("type", question.Type);
            json.WriteString("question", question.Question);
            json.WriteString("answer", question.Answer);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (_options.Prepared is { } size)
        {
            Numbers(json, "prepared_size", [size.Depth, size.Height, size.Width]);
            json.WriteString("grey_curve", _options.Curve);
            json.WriteBoolean("average", _options.Average);
        }
    });

    /// <summary>A row with the report.</summary>
    public byte[] ReportRow(bool structured) => Json(OneLine, json =>
    {
        json.WriteString("image", Image);
        json.WriteString("text", structured ? PhantomReport.WriteStructured(Findings) : Report);
        Labels(json);
    });

    /// <summary>A row for each question: those of place in the reference's fields "abnormality" and "anatomy".</summary>
    public IEnumerable<byte[]> QuestionRows() => Questions.Select(question => Json(OneLine, json =>
    {
        json.WriteString("image", Image);
        json.WriteString("type", question.Type);
        if (question.Abnormality is { } abnormality)
        {
            json.WriteString("abnormality", abnormality);
            json.WriteString("anatomy", question.Anatomy);
            return;
        }
        json.WriteString("question", question.Question);
        json.WriteString("answer", question.Answer);
    }));

    void Labels(Utf8JsonWriter json)
    {
        json.WriteStartObject("labels");
        // Kinds that were chosen are not as frequent as in other phantoms.
        if (_options.Kinds is not null)
            json.WriteBoolean("places_only", true);
        WriteFindings(json);
        json.WriteEndObject();
    }

    void WriteFindings(Utf8JsonWriter json)
    {
        json.WriteStartArray("findings");
        foreach (var finding in _phantom.Findings)
        {
            json.WriteStartObject();
            json.WriteString("kind", PhantomReport.Word(finding.Kind));
            Word(json, "side", finding.Said.Side, finding.Said.Side == Side.None);
            Word(json, "lobe", finding.Said.Lobe, finding.Said.Lobe == Lobe.None);
            if (finding.Said.Millimetres is { } millimetres)
                json.WriteNumber("millimetres", Math.Round(millimetres, 1));
            else
                json.WriteNull("millimetres");
            json.WriteNumber("number", finding.Said.Number);
            // A place is what a training asks of its patches; a bulla is a part of its finding.
            bool isLocal = Finding.IsLocal(finding.Kind);
            Places(json, "places", isLocal ? finding.Lesions : []);
            if (!isLocal && finding.Lesions.Count > 0)
                Places(json, "parts", finding.Lesions);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    void Places(Utf8JsonWriter json, string name, IReadOnlyList<Lesion> lesions)
    {
        json.WriteStartArray(name);
        foreach (var lesion in lesions)
            Place(json, lesion);
        json.WriteEndArray();
    }

    // In the patient, in the stored file's voxels, and as shares of depth, height and width of the model's volume.
    void Place(Utf8JsonWriter json, Lesion lesion)
    {
        var scan = _phantom.Scan;
        Vector3 centre = _phantom.CentreOf(lesion), size = new(scan.Size.X, scan.Size.Y, scan.Size.Z), extent = size * scan.Spacing;
        float radius = _phantom.RadiusOf(lesion);
        var voxel = (centre - scan.First) / scan.Spacing;
        var stored = scan.StoredDirection;
        voxel = new(stored.X < 0 ? size.X - 1 - voxel.X : voxel.X, stored.Y < 0 ? size.Y - 1 - voxel.Y : voxel.Y,
            stored.Z < 0 ? size.Z - 1 - voxel.Z : voxel.Z);
        var share = centre / extent + new Vector3(0.5f);
        var reach = new Vector3(radius) / extent;
        json.WriteStartObject();
        Numbers(json, "centre_mm", [centre.X, centre.Y, centre.Z]);
        Number(json, "radius_mm", radius);
        Numbers(json, "centre_voxel", [voxel.X, voxel.Y, voxel.Z]);
        Numbers(json, "centre", [share.Z, share.X, share.Y]);
        Numbers(json, "radius", [reach.Z, reach.X, reach.Y]);
        json.WriteEndObject();
    }

    static void Word(Utf8JsonWriter json, string name, Enum value, bool isNone)
    {
        if (isNone)
            json.WriteNull(name);
        else
            json.WriteString(name, PhantomReport.Word(value));
    }

    static void Number(Utf8JsonWriter json, string name, float value) => json.WriteNumber(name, Math.Round((double)value, 4));

    static void Numbers(Utf8JsonWriter json, string name, ReadOnlySpan<float> values)
    {
        json.WriteStartArray(name);
        foreach (float value in values)
            json.WriteNumberValue(Math.Round((double)value, 4));
        json.WriteEndArray();
    }

    static byte[] Json(JsonWriterOptions options, Action<Utf8JsonWriter> fields)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, options))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        bytes.Write("\n"u8);
        return bytes.ToArray();
    }
}
