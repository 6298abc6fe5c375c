// The options of all verbs that read scans: which series, how much memory, what a table says, how it is preprocessed.
using System.CommandLine;
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Options that become a <see cref="CtStudy"/>.</summary>
sealed class StudyArguments
{
    readonly Option<string?> _series =
        new("--series")
        {
            Description =
        "SeriesInstanceUID of the DICOM series to read; by default the best CT series: axial, of most slices, of thinnest slices."
        };
    readonly Option<int?> _acquisition = new("--acquisition")
    {
        Description =
        "Which acquisition of a DICOM series that holds several: its number, or its place among them; the one with most slices by default."
    };
    readonly Option<bool> _gaps = new("--allow-gaps")
    {
        Description =
        "Read a DICOM series with missing slices; what is missing is interpolated."
    };
    readonly Option<string?> _metadata =
        new("--metadata")
        {
            Description =
        "CSV with VolumeName and RescaleSlope, RescaleIntercept, XYSpacing, ZSpacing, as CT-RATE has it."
        };
    readonly Option<string?> _memory = new("--max-memory") { Description = "The most memory that a volume may take, as in 8GB or 512MiB." };
    readonly Option<string?> _rescale =
        new("--rescale") { Description = "SLOPE,INTERCEPT of the collection, after the file's own scaling." };
    readonly Option<bool> _jpeg = new("--slice-jpeg") { Description = "Pass the slices through JPEG, as the reference's files went." };
    readonly Option<string> _preset =
        new("--preset") { Description = "Preprocessing: standard, or bimcv-r.", DefaultValueFactory = _ => "standard" };
    readonly Option<string> _orientation = new("--orientation")
    {
        Description = "model turns scans into the orientation that the model was trained on, stored takes them as the reference's "
            + "scripts do, "
            + "and a code such as LPS or RAS says where the axes of files run that do not state it.",
        DefaultValueFactory = _ => "model"
    };
    readonly Option<string?> _features =
        new("--slice-features") { Description = "For a finished volume (.npy): file with its slice features (.npy)." };
    readonly Option<bool> _force = new("--force") { Description = "Take volumes that do not look like Hounsfield units." };

    /// <summary>Adds the options that say what a scan is and where it lies.</summary>
    public void AddReading(Command command)
    {
        foreach (Option option in (Option[])[_series, _acquisition, _gaps, _metadata, _memory, _preset, _orientation])
            command.Add(option);
    }

    /// <summary>Adds the options of reading and of preprocessing.</summary>
    public void AddAll(Command command)
    {
        AddReading(command);
        foreach (Option option in (Option[])[_rescale, _jpeg, _features, _force])
            command.Add(option);
    }

    /// <summary>Checks the options and gives what opens one study after another; only options of reading count for a verb that has no
    /// others.</summary>
    public StudyOpener Opener(ParseResult parsed, CancellationToken cancellation)
    {
        var reading = new VolumeReadOptions
        {
            SeriesUid = parsed.GetValue(_series),
            Acquisition = parsed.GetValue(_acquisition),
            AllowGaps = parsed.GetValue(_gaps),
            Cancellation = cancellation,
            DicomReader = DicomPlugin.Reader,
        };
        if (parsed.GetValue(_memory) is { } limit)
            reading = reading with { MaximumBytes = Bytes(limit) };
        var options = new CtStudyOptions
        {
            Preprocessing = new PreprocessingOptions
            {
                Rescale = Rescale(parsed.GetValue(_rescale)),
                SliceJpeg = parsed.GetValue(_jpeg),
                Force = parsed.GetValue(_force),
                Preset = Preset(parsed.GetValue(_preset) ?? "standard"),
            }.With(parsed.GetValue(_orientation) ?? "model"),
            SliceFeatures = parsed.GetValue(_features),
            Reading = reading,
        };
        return new StudyOpener(options, parsed.GetValue(_metadata) is { } table ? Table(table) : null);
    }

    static MetadataTable Table(string path)
    {
        var table = MetadataTable.Read(path);
        if (table.Unusable > 0)
            Messages.Note($"{path}: {table.Unusable} {(table.Unusable == 1 ? "row" : "rows")} that cannot be used left out");
        return table;
    }

    static (double Slope, double Intercept)? Rescale(string? text)
    {
        if (text is null)
            return null;
        var culture = CultureInfo.InvariantCulture;
        string[] parts = text.Split(',');
        return parts.Length == 2 && double.TryParse(parts[0], NumberStyles.Float, culture, out double slope)
            && double.TryParse(parts[1], NumberStyles.Float, culture, out double intercept)
            && double.IsFinite(slope) && double.IsFinite(intercept) && slope != 0
            ? (slope, intercept)
            : throw new HseNetException($"--rescale {text}: expected SLOPE,INTERCEPT, as in 1,-1024");
    }

    static PreprocessingPreset Preset(string text) => text switch
    {
        "standard" => PreprocessingPreset.Standard,
        "bimcv-r" => PreprocessingPreset.BimcvR,
        _ => throw new HseNetException($"--preset {text}: expected standard or bimcv-r"),
    };

    // A number of bytes, with a unit of thousands (kB, MB, GB) or of 1024 (KiB, MiB, GiB).
    static long Bytes(string text)
    {
        string number = text.TrimEnd([.. "bBiIkKmMgG"]);
        long unit = text[number.Length..].ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "KB" => 1000,
            "MB" => 1000_000,
            "GB" => 1000_000_000,
            "K" or "KIB" => 1L << 10,
            "M" or "MIB" => 1L << 20,
            "G" or "GIB" => 1L << 30,
            _ => 0,
        };
        return unit > 0 && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * unit is >= 1 and < 1e18
            ? (long)(value * unit)
            : throw new HseNetException($"--max-memory {text}: expected a number of bytes, as in 8GB or 512MiB");
    }
}

/// <summary>Opens studies in one way, and says on stderr what a user should know about each.</summary>
sealed class StudyOpener(CtStudyOptions options, MetadataTable? table)
{
    /// <summary>How all are prepared.</summary>
    public PreprocessingOptions Preprocessing => options.Preprocessing;

    /// <summary>What all studies are read and prepared with, as a key.</summary>
    public string Settings => VolumeCache.KeyOf(StudyKey.Choices(options));

    /// <summary>Opens a study.</summary>
    public CtStudy Open(string path) => Open(new FoundStudy(path, "", null));

    /// <summary>Opens one of several studies of a folder.</summary>
    public CtStudy Open(FoundStudy study) => CtStudy.Open(study.Path, For(study));

    /// <summary>How a study is opened.</summary>
    public CtStudyOptions For(FoundStudy study) => options with
    {
        Metadata = table?.Get(study.Path),
        Reading = options.Reading with { StudyKey = study.Key },
    };

    /// <summary>The studies that an input stands for: all of a DICOM folder or zip, unless one series was asked for. One that cannot be
    /// looked into stands for itself, so that opening it says why.</summary>
    public IReadOnlyList<FoundStudy> Find(string path)
    {
        try
        {
            if (options.Reading.SeriesUid is null)
                // By its name: a pipe must not be opened twice.
                return Directory.Exists(path) ? DicomStudies.In(path)
                    : path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? DicomStudies.InFile(path) : [new(path, "", null)];
        }
        catch (HseNetFileException)
        {
        }
        return [new FoundStudy(path, "", null)];
    }

    /// <summary>Opens the study of a manifest's row.</summary>
    public CtStudy Open(ManifestRow row, FoundStudy study) => CtStudy.Open(study.Path, For(row, study));

    /// <summary>What the study of a manifest's row is, as far as it decides its report: files and their times, and what the row or the
    /// table says of them.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    public string State(ManifestRow row, FoundStudy study)
    {
        var chosen = For(row, study);
        return VolumeCache.KeyOf([.. VolumeCache.State(study.Path), .. StudyKey.Own(chosen),
            .. chosen.SliceFeatures is { } features ? VolumeCache.State(features) : []]);
    }

    // The row's own scaling and spacing come before a table's.
    CtStudyOptions For(ManifestRow row, FoundStudy study) => options with
    {
        Reading = options.Reading with { StudyKey = study.Key },
        Metadata = row.Metadata ?? table?.Get(row.Image),
        // A scan's are computed from it.
        SliceFeatures = IsArray(row.Image) ? row.SliceFeatures ?? options.SliceFeatures : null,
    };

    // By its name, that of an archive of arrays included.
    static bool IsArray(string image) => new[] { image, ScanContents.Split(image)?.Archive }.Any(path =>
        path is not null && (path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase)
            || path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase)));
}
