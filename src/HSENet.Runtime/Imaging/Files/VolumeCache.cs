// Preprocessed volumes and slice features on the disk, under keys that change when the file, the preprocessing or the weights change.
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace HSENet.Runtime;

/// <summary>A folder of arrays that took long to compute; safe for several threads and several runs at once.</summary>
sealed class VolumeCache
{
    readonly string _folder;

    /// <summary>Names the folder, which need not be there yet.</summary>
    public VolumeCache(string folder) => _folder = folder;

    /// <summary>Makes the folder if it is not there, and removes what killed processes left in it.</summary>
    /// <exception cref="HseNetFileException">It cannot be created.</exception>
    public void Create()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            AtomicFile.RemoveLeftovers(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(_folder, $"cannot be created ({e.Message})", "a folder for TrainingConfig.Cache, or none", e);
        }
    }

    /// <summary>Why the last array could not be stored (a full disk, say); the training goes on without.</summary>
    public string? Problem { get; private set; }

    /// <summary>A key for what is computed from a scan: its path, size and time of change, and everything else that decides the
    /// result.</summary>
    public static string Key(string path, params ReadOnlySpan<string> more) => KeyOf([Path.GetFullPath(path), .. State(path), .. more]);

    /// <summary>Size and time of change of a file, or of all files of a folder, wherever it lies.</summary>
    public static IEnumerable<string> State(string path) => Files(path).Select(file => new FileInfo(file))
        .Select(info => string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetRelativePath(path, info.FullName)}\n{(info.Exists ? info.Length : -1)}\n{info.LastWriteTimeUtc.Ticks}"));

    /// <summary>A key for what is computed from these words.</summary>
    public static string KeyOf(params ReadOnlySpan<string> words)
    {
        var hash = new XxHash128();
        foreach (string word in words)
            hash.Append(Encoding.UTF8.GetBytes(word + "\0"));
        return hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>The array of a key, if the folder has it whole.</summary>
    public float[]? TryRead(string key, long length)
    {
        string file = At(key);
        if (!File.Exists(file))
            return null;
        try
        {
            return FloatArrays.Read(file, length);
        }
        catch (HseNetFileException)
        {
            return null; // removed or damaged since: made again
        }
    }

    /// <summary>Keeps an array.</summary>
    public void Write(string key, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        try
        {
            NumpyFile.Write(At(key), values, shape);
        }
        catch (HseNetFileException e)
        {
            Problem = e.Message;
        }
    }

    string At(string key) => Path.Combine(_folder, $"{key}.npy");

    // A pair of header and image is two files, a DICOM series is all files of its folder.
    static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? FolderWalk.Files(path)
        : ScanContents.Split(path) is var (archive, _) ? [archive]
        : NiftiPair.PartnerOf(path) is { } partner ? ((string[])[path, partner]).Order(StringComparer.Ordinal)
        : [path];
}

/// <summary>Arrays of f32 in .npy files.</summary>
static class FloatArrays
{
    /// <summary>Reads all values of an array of any shape that a volume or a matrix has.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, has another number of values, or one that is not finite.</exception>
    public static float[] Read(string file, long length, Action<VoxelVolume>? check = null)
    {
        using VoxelVolume volume = VolumeFile.Read(file, new VolumeReadOptions { TakesMatrices = true });
        if (!volume.IsPreprocessed || volume.Count != length)
            throw new HseNetFileException(file, $"holds {volume.Count} values", $"a .npy file of {length}");
        check?.Invoke(volume);
        return Finite(volume);
    }

    /// <summary>All values of a volume as f32.</summary>
    /// <exception cref="HseNetFileException">One is not finite.</exception>
    public static float[] Finite(VoxelVolume volume)
    {
        var values = new double[volume.Count];
        volume.ToDoubles(0, values);
        float[] singles = Array.ConvertAll(values, value => (float)value);
        return singles.All(float.IsFinite) ? singles
            : throw new HseNetFileException(volume.Source, "holds values that are not finite", "finite values");
    }
}
