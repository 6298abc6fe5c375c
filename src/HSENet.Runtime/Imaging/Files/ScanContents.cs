// What lies in a folder or an archive, and which of it is the scan: DICOM files first, then a volume in a file of its own, then what
// archives in it hold.
namespace HSENet.Runtime;

/// <summary>The files of a folder or zip. Zips in it are opened where nothing beside them is a scan.</summary>
sealed class ScanContents : IDisposable
{
    const int MostArchives = 4; // a zip in a zip in a zip in a zip
    const int MostExpansion = ZipDirectory.MostInflated; // what archives in an archive unpack to all together must not be more
    const int MostNames = 5;

    readonly string _place;
    readonly string? _wanted;
    readonly List<FileBytes> _archives = [];
    readonly List<ScanFile> _unreadable = [], _others = [], _unwanted = [];
    List<ScanFile> _level = [];
    long _room;

    /// <summary>DICOM files, and what may be some but cannot be read.</summary>
    public IEnumerable<DicomSource> Dicom =>
        _level.Where(file => file.Format == ScanFormat.Dicom).Concat(_unreadable).Select(file => file.Source);

    /// <summary>Volumes in files of their own, of a pair the header; empty where DICOM files make the volume.</summary>
    public IReadOnlyList<ScanFile> Volumes { get; private set; } = [];

    ScanContents(string place, string? wanted) => (_place, _wanted) = (place, wanted);

    /// <summary>Everything below a folder.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    public static ScanContents OfFolder(string folder) =>
        new ScanContents(folder, null).Filled(FolderWalk.Files(folder).Select(ScanFile.At));

    /// <summary>Everything in a zip, or what has a name in it: a file, everything below a folder, an array without its ending.</summary>
    /// <exception cref="HseNetFileException">The file cannot be opened, or is a damaged zip.</exception>
    public static ScanContents OfZip(string path, string? name = null) => OfZip(FileBytes.Open(path), name);

    /// <summary>The same of bytes, which are disposed with the contents.</summary>
    public static ScanContents OfZip(FileBytes zip, string? name = null)
    {
        var contents = new ScanContents(zip.Name, name is null ? null : $"{zip.Name}/{name}") { _room = zip.Length * MostExpansion };
        return contents.Filled(contents.Entries(zip));
    }

    /// <summary>Archive and name in it of a path that leads into an archive; null for any other.</summary>
    public static (string Archive, string Name)? Split(string path)
    {
        if (File.Exists(path) || Directory.Exists(path))
            return null;
        string? archive = Path.GetDirectoryName(path);
        while (archive is { Length: > 0 } && !File.Exists(archive) && !Directory.Exists(archive))
            archive = Path.GetDirectoryName(archive);
        return File.Exists(archive) ? (archive, path[(archive.Length + 1)..].Replace('\\', '/').TrimEnd('/')) : null;
    }

    /// <summary>Whether a zip holds a scan; one that cannot be read may, and whoever opens it says why it cannot.</summary>
    public static bool HoldsScan(string zip)
    {
        try
        {
            using ScanContents contents = OfZip(zip);
            return contents._level.Count > 0;
        }
        catch (HseNetFileException)
        {
            return true;
        }
    }

    /// <summary>The volume that the files make.</summary>
    /// <exception cref="HseNetFileException">They make none, or several.</exception>
    public VoxelVolume Read(VolumeReadOptions options)
    {
        if (Volumes.Count == 0)
            return _level.Count > 0 ? DicomVolume.Read(_place, Dicom, options) : throw (_unreadable.FirstOrDefault()?.Error ?? Nothing());
        IReadOnlyList<ScanFile> volumes = Volumes.Count == 1 || Volumes.Any(file => file.Format != ScanFormat.Numpy) ? Volumes
            : [.. Volumes.Where(HoldsVolume)];
        if (volumes.Count != 1)
            throw new HseNetFileException(_place, $"holds {Volumes.Count} scans or arrays: {Names(Volumes)}",
                $"one, or the name of one behind that of the archive, as in {Volumes[0].Name}");
        VoxelVolume volume = VolumeFile.Read(volumes[0], OpenImage, options);
        if (Volumes.Count > 1)
            volume.Notes = [.. volume.Notes, $"{Short(volumes[0])} taken, which alone is a volume; the other arrays left out: "
                + Names([.. Volumes.Except(volumes)])];
        if (_unreadable.Count > 0)
            volume.Notes = [.. volume.Notes, $"{DicomGeometry.Counted(_unreadable.Count, "file")} that cannot be read left out "
                + $"({Names(_unreadable)})"];
        return volume;

        Stream OpenImage()
        {
            string? image = NiftiPair.Partner(volumes[0].Name, _others.Select(file => file.Name));
            return _others.Find(file => file.Name == image) is { } found ? NiftiPair.Opened(found.Name, found.Open())
                : throw NiftiPair.Missing(volumes[0].Name);
        }
    }

    /// <summary>Closes the archives.</summary>
    public void Dispose() => _archives.ForEach(archive => archive.Dispose());

    ScanContents Filled(IEnumerable<ScanFile> files)
    {
        try
        {
            _level = Take(files);
            for (int depth = 1; depth < MostArchives && !_level.Exists(file => file.IsScan) && _level.Count > 0; depth++)
                _level = Take(_level.SelectMany(Inside));
            List<ScanFile> volumes = _level.FindAll(file => file.Format is ScanFormat.Nifti or ScanFormat.Numpy);
            // A plan or a segmentation beside a volume is not what it was made for.
            if (!_level.Exists(file => file.Format == ScanFormat.Dicom
                && (volumes.Count == 0 || DicomStudies.Parsed(file.Source) is { IsCt: true })))
                Volumes = volumes;
            _level.RemoveAll(file => file.Format == ScanFormat.Zip);
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    // Zips and scans; the others are counted.
    List<ScanFile> Take(IEnumerable<ScanFile> files)
    {
        var taken = new List<ScanFile>();
        foreach (ScanFile file in files)
            (file.Format == ScanFormat.Other ? _others : !IsWanted(file) ? _unwanted
                : file.Format == ScanFormat.Unreadable ? _unreadable : taken).Add(file);
        return taken;
    }

    bool IsWanted(ScanFile file) => _wanted is null || file.Name == _wanted || file.Name == _wanted + ".npy"
        || file.Name.StartsWith(_wanted + "/", StringComparison.Ordinal)
        || NiftiPair.IsImage(_wanted) && NiftiPair.Partner(_wanted, [file.Name]) is not null
        || file.Format == ScanFormat.Zip && _wanted.StartsWith(file.Name + "/", StringComparison.Ordinal);

    IEnumerable<ScanFile> Inside(ScanFile file)
    {
        if (file.Format != ScanFormat.Zip)
            return [];
        try
        {
            if (file.Unpacked > _room)
                throw new HseNetFileException(file.Name, $"unpacks to {file.Unpacked} bytes", $"at most {_room} in this archive");
            FileBytes archive = file.OpenArchive();
            _room += file.Unpacked > 0 ? -file.Unpacked : archive.Length * MostExpansion;
            return Entries(archive);
        }
        catch (HseNetFileException e)
        {
            _unreadable.Add(file with { Error = e });
            return [];
        }
    }

    IEnumerable<ScanFile> Entries(FileBytes zip)
    {
        _archives.Add(zip);
        List<ZipEntry> entries = ZipDirectory.Read(zip, takesTwins: true);
        // Entries that share their bytes would let a small file take hours to read.
        if (entries.Sum(e => (decimal)e.CompressedLength) > zip.Length)
            throw new HseNetFileException(zip.Name, "has entries that overlap", "an intact zip file");
        return entries.Select(entry => ScanFile.In(zip, entry));
    }

    static bool HoldsVolume(ScanFile file)
    {
        try
        {
            using Stream content = file.Open();
            return NumpyFile.ReadHeader(content, file.Name).Shape is [_, _, _] or [1, _, _, _];
        }
        catch (HseNetFileException)
        {
            return false;
        }
    }

    HseNetFileException Nothing()
    {
        if (_wanted is not null)
            return new(_place, $"holds no scan {HseNetFileException.Quote(_wanted[(_place.Length + 1)..])}",
                $"one of what it holds: {Names(_unwanted)}");
        string inside = _others.Count == 0 ? "nothing" : $"{DicomGeometry.Counted(_others.Count, "file")} of other content "
            + $"({Names(_others)})";
        string? foreign = _others.Find(file => file.Foreign is not null)?.Foreign;
        return new(_place, $"holds no scan: {inside}{(foreign is null ? "" : $", among them {foreign}")}",
            "DICOM images, a NIfTI volume or a NumPy array");
    }

    string Names(IReadOnlyList<ScanFile> files) => string.Join(", ", files.Take(MostNames).Select(Short))
        + (files.Count > MostNames ? ", …" : "");

    // The name in the archive; that of an array without its ending, as NumPy gives it.
    string Short(ScanFile file)
    {
        string name = file.Name.StartsWith(_place, StringComparison.Ordinal) ? file.Name[(_place.Length + 1)..] : file.Name;
        return HseNetException.OneLine(name, 100);
    }
}
