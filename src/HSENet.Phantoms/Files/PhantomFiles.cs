// The files of a set of phantoms: one by one, in any order and by any number of workers, and the manifests over all of them.
using System.Globalization;
using HSENet.Evaluation;
using HSENet.Runtime;

namespace HSENet.Phantoms;

/// <summary>What a set of phantoms is.</summary>
sealed record PhantomSetOptions
{
    /// <summary>Changes when the same seed gives other phantoms.</summary>
    public const string Format = "hsenet-phantom/2";

    public required int Count { get; init; }

    public required long Seed { get; init; }

    /// <summary>Shares of training, validation and test.</summary>
    public (double Train, double Validation, double Test) Split { get; init; } = (0.8, 0.1, 0.1);

    /// <summary>Whether scans are written as DICOM series, too.</summary>
    public bool Dicom { get; init; }

    /// <summary>Whether label volumes are written.</summary>
    public bool Labels { get; init; }

    /// <summary>Whether pictures are written.</summary>
    public bool Pictures { get; init; }

    /// <summary>Sizes of the model's volume to write instead of scans.</summary>
    public (int Depth, int Height, int Width)? Prepared { get; init; }

    /// <summary>Whether a voxel of <see cref="Prepared"/> is the mean over its area in the slice, instead of a sample.</summary>
    public bool Average { get; init; }

    /// <summary>Greys of <see cref="Prepared"/>.</summary>
    public string Curve { get; init; } = GreyCurve.Standard;

    /// <summary>What volumes that are prepared so say of themselves.</summary>
    public string PreparedAs
    {
        get
        {
            var own = new OwnPreset { GreyCurve = Curve, InPlane = Average ? InPlane.Average : InPlane.Sample };
            return OwnPreset.NameOf(PreprocessingPreset.Standard,
                Average || GreyCurve.Parse(Curve).ToString() != GreyCurve.Standard ? own : null);
        }
    }

    /// <summary>Voxels of a scan at most.</summary>
    public (int X, int Y, int Z) Matrix { get; init; } = Scan.LargestMatrix;

    /// <summary>The kinds that every phantom has, instead of random ones.</summary>
    public IReadOnlyList<FindingKind>? Kinds { get; init; }

    /// <summary>The file of a phantom that a manifest names.</summary>
    public string Image(string name) => name + (Prepared is null ? ".nii.gz" : ".npy");
}

/// <summary>Writes a set of phantoms into a folder.</summary>
sealed class PhantomFiles(PhantomSetOptions options, string folder)
{
    const double GoldenShare = 0.6180339887498949;
    readonly GreyCurve _curve = GreyCurve.Parse(options.Curve);

    public static string NameOf(long index) => index.ToString("D6", CultureInfo.InvariantCulture);

    public string PathOf(string file) => Path.Combine(folder, file);

    /// <summary>What a phantom is for: spread evenly over the numbers, whatever the count.</summary>
    public string SplitOf(int index)
    {
        double place = (index + 0.5) * GoldenShare % 1;
        return place < options.Split.Train ? "train" : place < options.Split.Train + options.Split.Validation ? "validation" : "test";
    }

    /// <summary>Writes the files of one phantom, its truth last; nothing if they are there.</summary>
    /// <returns>Its findings, and whether they were there.</returns>
    /// <exception cref="HseNetFileException">A file cannot be written.</exception>
    public (PhantomRecord Record, bool Skipped) Write(int index, CancellationToken cancellation = default)
    {
        var phantom = New(index);
        var record = new PhantomRecord(phantom, options);
        string name = NameOf(index), truthFile = PathOf(name + ".json");
        byte[] truth = record.Truth(SplitOf(index));
        if (IsThere(name, truthFile, truth))
            return (record, true);
        File.Delete(truthFile);
        if (options.Prepared is { } size)
            WritePrepared(phantom, name, size, cancellation);
        else
            WriteScan(phantom, name, cancellation);
        AtomicFile.Write(truthFile, truth);
        return (record, false);
    }

    Phantom New(int index) => new(options.Seed, index, options.Kinds, options.Matrix);

    bool IsThere(string name, string truthFile, byte[] truth) => Outputs(name).All(Path.Exists) && File.Exists(truthFile)
        && File.ReadAllBytes(truthFile).AsSpan().SequenceEqual(truth);

    IEnumerable<string> Outputs(string name)
    {
        yield return PathOf(options.Image(name));
        if (options.Labels)
            yield return LabelFile(name);
        if (options.Dicom)
            yield return PathOf(name);
        if (options.Pictures)
            yield return PathOf(name + ".png");
    }

    string LabelFile(string name) => PathOf(name + (options.Prepared is null ? ".labels.nii.gz" : ".labels.npy"));

    void WriteScan(Phantom phantom, string name, CancellationToken cancellation)
    {
        var canvas = phantom.Draw(options.Labels || options.Pictures);
        cancellation.ThrowIfCancellationRequested();
        short[] units = Array.ConvertAll(canvas.Values, value => (short)value);
        var volume = StoredVolume<short>.Of(phantom.Scan, units);
        NiftiWriter.Write(PathOf(name + ".nii.gz"), volume);
        if (options.Labels)
            NiftiWriter.Write(LabelFile(name), StoredVolume<byte>.Of(phantom.Scan, canvas.Labels));
        if (options.Pictures)
            PhantomPicture.Write(PathOf(name + ".png"), canvas, count: 12, columns: 4);
        cancellation.ThrowIfCancellationRequested();
        if (!options.Dicom)
            return;
        // A series of another set would mix with this one.
        if (Directory.Exists(PathOf(name)))
            Directory.Delete(PathOf(name), recursive: true);
        Directory.CreateDirectory(PathOf(name));
        DicomWriter.Write(PathOf(name), volume, phantom);
    }

    void WritePrepared(Phantom phantom, string name, (int Depth, int Height, int Width) size, CancellationToken cancellation)
    {
        var canvas = phantom.DrawResampled(size.Depth, size.Height, size.Width, options.Labels || options.Pictures,
            options.Average);
        cancellation.ThrowIfCancellationRequested();
        Write(PathOf(name + ".npy"), PreparedVolume.Turned(canvas.Values, size, _curve.At), options.PreparedAs);
        if (options.Labels)
            Write(LabelFile(name), PreparedVolume.Turned(canvas.Labels!, size, label => label));
        if (options.Pictures)
            PhantomPicture.Write(PathOf(name + ".png"), canvas, count: Math.Min(12, size.Depth), columns: 4);

        void Write(string path, float[] values, string? preparedAs = null) =>
            NumpyFile.Write(path, values, preparedAs, 1, size.Depth, size.Height, size.Width);
    }

    /// <summary>Writes the manifests of the whole set; they need the truth alone, so that every part of a set that is made in parts writes
    /// the same.</summary>
    /// <returns>Their names and how many rows each has.</returns>
    public IReadOnlyList<(string File, int Rows)> WriteManifests(CancellationToken cancellation = default)
    {
        var reports = new Rows();
        var structured = new Rows();
        var questions = new Rows();
        var records = new List<PhantomRecord>();
        for (int index = 0; index < options.Count; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = new PhantomRecord(New(index), options);
            string split = SplitOf(index);
            reports.Add(split, record.ReportRow(structured: false));
            structured.Add(split, record.ReportRow(structured: true));
            foreach (byte[] row in record.QuestionRows())
                questions.Add(split, row);
            records.Add(record);
        }
        AtomicFile.Write(PathOf(LabelTables.Kinds), LabelTables.OfKinds(records));
        AtomicFile.Write(PathOf(LabelTables.Truth), LabelTables.OfTruth(records));
        return [.. reports.Write(folder, "reports"), .. structured.Write(folder, "structured"), .. questions.Write(folder, "questions")];
    }

    // Training reads one file with two lists; what is evaluated is a list of its own.
    sealed class Rows
    {
        readonly Dictionary<string, List<byte[]>> _rows = new() { ["train"] = [], ["validation"] = [], ["test"] = [] };

        public void Add(string split, byte[] row) => _rows[split].Add(row);

        public IEnumerable<(string, int)> Write(string folder, string name)
        {
            List<byte[]> train = _rows["train"], validation = _rows["validation"], test = _rows["test"];
            if (train.Count + validation.Count > 0)
            {
                using var file = new MemoryStream();
                file.Write("{\"train\": [\n"u8);
                List(file, train);
                file.Write("],\n\"validation\": [\n"u8);
                List(file, validation);
                file.Write("]}\n"u8);
                AtomicFile.Write(Path.Combine(folder, name + ".json"), file.ToArray());
                yield return (name + ".json", train.Count + validation.Count);
            }
            if (test.Count == 0)
                yield break;
            AtomicFile.Write(Path.Combine(folder, name + ".test.jsonl"), [.. test.SelectMany(row => row)]);
            yield return (name + ".test.jsonl", test.Count);
        }

        static void List(Stream file, List<byte[]> rows)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                file.Write(rows[i].AsSpan(0, rows[i].Length - 1));
                file.Write(i + 1 < rows.Count ? ",\n"u8 : "\n"u8);
            }
        }
    }
}
