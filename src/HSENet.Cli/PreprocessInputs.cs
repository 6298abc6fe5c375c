// Which studies a preprocess run works on, and the files that each becomes.
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>A scan and the files that are made from it.</summary>
sealed record PreprocessJob(FoundStudy Study, string Volume, string SliceFeatures)
{
    static readonly string[] Niftis = [".nii.gz", ".nii", ".hdr.gz", ".hdr", ".img.gz", ".img"];
    static readonly string[] Endings = [.. Niftis, ".zip"];

    /// <summary>
    /// The jobs of files and folders: a folder stands for the NIfTI files, the DICOM studies and the zips of these below it. A NIfTI file
    /// or zip among the images of a study belongs to it and is no scan of its own.
    /// </summary>
    /// <exception cref="HseNetException">Nothing has this name, or two inputs would become the same file.</exception>
    public static List<PreprocessJob> Find(IEnumerable<string> inputs, string output, StudyOpener studies)
    {
        var jobs = new Dictionary<string, PreprocessJob>(StringComparer.Ordinal);
        foreach (string input in inputs)
        {
            if (File.Exists(input))
                AddFile(input, Path.GetFileName(input));
            else if (ScanContents.Split(input) is var (archive, name))
                Add(new FoundStudy(input, "", null), Path.Combine(Path.GetFileNameWithoutExtension(archive), name));
            else if (!Directory.Exists(input))
                throw new HseNetFileException(input, "does not exist", "a CT file, or a folder of them");
            else
                AddFolder(input);
        }
        return [.. jobs.Values];

        void AddFile(string file, string relative)
        {
            foreach (FoundStudy study in studies.Find(file))
                Add(study, study.Name.Length == 0 ? relative : Path.Combine(Path.ChangeExtension(relative, null), study.Name));
        }

        void AddFolder(string folder)
        {
            List<string> files = FolderWalk.Files(folder);
            HashSet<string> dicom = [.. files.Where(file => !IsNifti(file) && DicomStudies.Head(file) is { IsCt: true }).Select(Folder)];
            List<string> niftis = files.FindAll(file => IsNifti(file) && !dicom.Contains(Folder(file)));
            niftis.ForEach(file => Add(new FoundStudy(file, "", null), Path.GetRelativePath(folder, file)));
            int beside = files.Count(IsNifti) - niftis.Count;
            if (beside > 0)
                Messages.Note($"{folder}: {beside} NIfTI {(beside == 1 ? "file" : "files")} among DICOM images left out");
            List<string> zips = files.FindAll(file => file.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)
                && !dicom.Contains(Folder(file)) && ScanContents.HoldsScan(file));
            zips.ForEach(file => AddFile(file, Path.GetRelativePath(folder, file)));
            if (dicom.Count == 0 && niftis.Count + zips.Count > 0)
                return;
            foreach (FoundStudy study in studies.Find(folder))
                Add(study, study.Name.Length > 0 ? study.Name : new DirectoryInfo(folder).Name);
        }

        void Add(FoundStudy study, string relative)
        {
            string name = Path.Combine(output,
                Endings.FirstOrDefault(ending => relative.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } known
                ? relative[..^known.Length] : relative);
            var job = new PreprocessJob(study, name + ".npy", name + ".slice_features.npy");
            if (!jobs.TryAdd(name, job)
                && (Path.GetFullPath(jobs[name].Study.Path), jobs[name].Study.Key) != (Path.GetFullPath(study.Path), study.Key))
                throw new HseNetException($"{study} and {jobs[name].Study} would both become {job.Volume}; expected inputs of different "
                    + $"names");
        }

        static string Folder(string file) => Path.GetDirectoryName(file)!;
    }

    string Record => Path.ChangeExtension(Volume, ".preprocessed.json");

    /// <summary>What an earlier run said of the study, if it made both files from the same scan with the same options; null if the
    /// study is to be made.</summary>
    public IReadOnlyList<string>? NotesIfDone(PreprocessingTarget target, SliceEncoderConfig? slices, Func<string> key)
    {
        if (!Holds(Volume, (long)target.Depth * target.Height * target.Width)
            || slices is not null && !Holds(SliceFeatures, (long)slices.Slices * slices.HiddenSize) || !File.Exists(Record))
            return null;
        try
        {
            return JsonSerializer.Deserialize<Made>(File.ReadAllText(Record), ReportWriter.Json) is { Key: not null, Notes: not null } made
                && made.Key == key() ? made.Notes : null;
        }
        // Opening the study says what is wrong with it.
        catch (Exception e) when (e is JsonException or HseNetFileException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Makes the folder ready: removes the record of what is there now, and what killed runs left.</summary>
    public void Begin()
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(Volume))!;
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])[Volume, SliceFeatures, Record])
            AtomicFile.RemoveLeftovers(folder, Path.GetFileName(file));
        File.Delete(Record);
    }

    /// <summary>Records of what the finished files were made.</summary>
    public void End(string key, IReadOnlyList<string> notes) =>
        AtomicFile.Write(Record, JsonSerializer.SerializeToUtf8Bytes(new Made(key, notes), ReportWriter.Json));

    sealed record Made(string Key, IReadOnlyList<string> Notes);

    // Of a pair the header; what macOS keeps beside a file has its name behind "._".
    static bool IsNifti(string file) => Array.Exists(Niftis, ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
        && !Path.GetFileName(file).StartsWith("._", StringComparison.Ordinal)
        && !(NiftiPair.IsImage(file) && NiftiPair.PartnerOf(file) is not null);

    // The header of a .npy file is a small multiple of 64 bytes, the name of a preset included.
    static bool Holds(string file, long floats) =>
        new FileInfo(file) is { Exists: true } info && info.Length - floats * sizeof(float) is > 0 and <= 1024;
}
