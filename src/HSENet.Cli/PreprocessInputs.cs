// Which studies a preprocess run works on, and the files that each becomes.
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>A scan and the files that are made from it.</summary>
sealed record PreprocessJob(string Input, string Volume, string SliceFeatures)
{
    static readonly string[] Endings = [".nii.gz", ".nii", ".hdr", ".img", ".zip"];

    /// <summary>The jobs of files and folders: a folder with NIfTI files below it stands for them, any other is one DICOM study.</summary>
    /// <exception cref="HseNetException">Nothing has this name, or two inputs would become the same file.</exception>
    public static List<PreprocessJob> Find(IEnumerable<string> inputs, string output)
    {
        var jobs = new Dictionary<string, PreprocessJob>(StringComparer.Ordinal);
        foreach (string input in inputs)
        {
            if (File.Exists(input))
                Add(input, Path.GetFileName(input));
            else if (!Directory.Exists(input))
                throw new HseNetFileException(input, "does not exist", "a CT file, or a folder of them");
            else if (Niftis(input) is { Count: > 0 } files)
                files.ForEach(file => Add(file, Path.GetRelativePath(input, file)));
            else
                Add(input, new DirectoryInfo(input).Name);
        }
        return [.. jobs.Values];

        void Add(string input, string relative)
        {
            string name = Path.Combine(output,
                Endings.FirstOrDefault(ending => relative.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } known
                ? relative[..^known.Length] : relative);
            var job = new PreprocessJob(input, name + ".npy", name + ".slice_features.npy");
            if (!jobs.TryAdd(name, job) && Path.GetFullPath(jobs[name].Input) != Path.GetFullPath(input))
                throw new HseNetException($"{input} and {jobs[name].Input} would both become {job.Volume}; expected inputs of different "
                    + $"names");
        }
    }

    /// <summary>Whether both files are there with the size that they must have; what is there half is made anew.</summary>
    public bool IsDone(PreprocessingTarget target, SliceEncoderConfig? slices) =>
        Holds(Volume, (long)target.Depth * target.Height * target.Width)
            && (slices is null || Holds(SliceFeatures, (long)slices.Slices * slices.HiddenSize));

    /// <summary>Removes what a killed run left under temporary names.</summary>
    public void RemoveLeftovers()
    {
        foreach (string file in (string[])[Volume, SliceFeatures])
            foreach (string leftover in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + ".*.tmp"))
                File.Delete(leftover);
    }

    static List<string> Niftis(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".nii", StringComparison.OrdinalIgnoreCase)
                || file.EndsWith(".nii.gz", StringComparison.OrdinalIgnoreCase)
                || file.EndsWith(".hdr", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)];

    // The header of a .npy file is a small multiple of 64 bytes.
    static bool Holds(string file, long floats) =>
        new FileInfo(file) is { Exists: true } info && info.Length - floats * sizeof(float) is > 0 and <= 256;
}
