// Finds the CT studies below a folder, so that each can be read by itself.
namespace HSENet.Runtime;

/// <summary>A study below a folder.</summary>
/// <param name="Path">A folder that holds no other CT study, or the one that was looked into.</param>
/// <param name="Name">The study's folder as the one that was looked into has it, or its UID; empty if it is the only one.</param>
/// <param name="Key">Which study of <paramref name="Path"/> (<see cref="DicomImage.StudyKey"/>); null if it holds one.</param>
internal sealed record FoundStudy(string Path, string Name, string? Key)
{
    /// <summary>Path, and the study's name if the path alone does not say which.</summary>
    public override string ToString() => Key is null ? Path : $"{Path} (study {Name})";
}

internal static class DicomStudies
{
    /// <summary>The CT studies below a folder; the folder itself if there are fewer than two.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    public static List<FoundStudy> In(string folder) => In(folder, FolderWalk.Files(folder));

    /// <summary>The same of files that were listed before.</summary>
    public static List<FoundStudy> In(string folder, IEnumerable<string> files)
    {
        var studies = new Dictionary<string, (string Uid, List<string> Files)>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            if (Head(file) is not { IsCt: true } image)
                continue;
            if (!studies.TryGetValue(image.StudyKey, out var study))
                studies.Add(image.StudyKey, study = (image.StudyUid, []));
            study.Files.Add(file);
        }
        if (studies.Count < 2)
            return [new FoundStudy(folder, "", null)];
        var places = studies.Select(study => (study.Key, study.Value.Uid, Folder: Common(study.Value.Files))).ToList();
        return [.. places.Select((study, i) => IsAlone(study.Folder, study.Key)
            ? new FoundStudy(study.Folder, Path.GetRelativePath(folder, study.Folder), null)
            : new FoundStudy(folder, NameOf(study.Uid, i), study.Key))];

        bool IsAlone(string place, string key) =>
            !studies.Any(other => other.Key != key && other.Value.Files.Exists(file => IsBelow(file, place)));

        string NameOf(string uid, int i) => DicomStudies.NameOf(uid, i, places.Select(place => place.Uid));
    }

    /// <summary>The studies in a file: those of a zip, or the file itself.</summary>
    /// <exception cref="HseNetFileException">The file cannot be opened, or is a damaged zip.</exception>
    public static List<FoundStudy> InFile(string path)
    {
        if (ScanFile.At(path).Format != ScanFormat.Zip)
            return [new FoundStudy(path, "", null)];
        using ScanContents contents = ScanContents.OfZip(path);
        if (contents.Volumes.Count(volume => volume.Format == ScanFormat.Nifti) > 1)
            return [.. contents.Volumes.Select(volume => new FoundStudy(volume.Name, Path.GetRelativePath(path, volume.Name), null))];
        var studies = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DicomSource source in contents.Dicom)
            if (Parsed(source) is { IsCt: true } image)
                studies.TryAdd(image.StudyKey, image.StudyUid);
        return studies.Count < 2 ? [new FoundStudy(path, "", null)]
            : [.. studies.Select((study, i) => new FoundStudy(path, NameOf(study.Value, i, studies.Values), study.Key))];
    }

    /// <summary>A file as far as it says what it is; null if it is no DICOM or cannot be read.</summary>
    public static DicomFile? Head(string path) => Parsed(DicomSource.FromFile(path));

    /// <summary>The same of a source.</summary>
    public static DicomFile? Parsed(DicomSource source)
    {
        try
        {
            return source.Parse();
        }
        catch (HseNetFileException)
        {
            return null; // reading the study notes it
        }
    }

    // A UID that two patients share, or that is none, names nothing.
    static string NameOf(string uid, int i, IEnumerable<string> all) =>
        uid.Length is > 0 and <= 64 && uid.All(c => char.IsAsciiDigit(c) || c == '.') && uid.Trim('.') == uid
            && all.Count(other => other == uid) == 1 ? uid : $"study-{i + 1}";

    static string Common(List<string> files)
    {
        string common = Path.GetDirectoryName(files[0])!;
        while (files.Exists(file => !IsBelow(file, common)))
            common = Path.GetDirectoryName(common)!;
        return common;
    }

    static bool IsBelow(string file, string folder) =>
        file.StartsWith(folder, StringComparison.Ordinal) && (folder.Length == 0 || folder.EndsWith(Path.DirectorySeparatorChar)
            || file[folder.Length] == Path.DirectorySeparatorChar);
}
