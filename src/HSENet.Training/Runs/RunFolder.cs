// The folder of a training run: configuration, log, checkpoints, the best one, the cache.
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Names in a run's folder, and which checkpoints are in it.</summary>
sealed class RunFolder : IDisposable
{
    /// <summary>Names of files in the folder.</summary>
    public const string ConfigName = "config.json", LogName = "log.jsonl", PlotName = "plot.png";

    const string Ending = ".safetensors", Start = "step-";

    readonly bool _isNew;
    FileStream? _lock;

    RunFolder(string path, bool isNew) => (Path, _isNew) = (path, isNew);

    public string Path { get; }

    public string Config => At(ConfigName);

    public string Log => At(LogName);

    public string Best => At("best" + Ending);

    public string Cache => At("cache");

    string Checkpoints => At("checkpoints");

    /// <summary>A new run's folder; nothing is written before <see cref="Take"/>.</summary>
    /// <exception cref="HseNetFileException">The folder holds a run already.</exception>
    public static RunFolder New(string path)
    {
        var folder = new RunFolder(path, isNew: true);
        folder.CheckIsNew();
        return folder;
    }

    /// <summary>Opens a run to go on with it.</summary>
    /// <exception cref="HseNetFileException">There is none.</exception>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(path, isNew: false);
        if (!File.Exists(folder.Config))
            throw new HseNetFileException(path, "holds no run to resume", "the folder of a run, with its config.json");
        return folder;
    }

    /// <summary>Path of the checkpoint after a step.</summary>
    public string Checkpoint(long step) =>
        System.IO.Path.Combine(Checkpoints, $"{Start}{step.ToString("d8", CultureInfo.InvariantCulture)}{Ending}");

    /// <summary>All checkpoints, the newest first.</summary>
    public IReadOnlyList<string> Newest() =>
        [.. Directory.EnumerateFiles(Checkpoints, $"{Start}*{Ending}").OrderByDescending(file => file, StringComparer.Ordinal)];

    /// <summary>Writes the configuration.</summary>
    public void Write(TrainingConfig config)
    {
        using var file = new AtomicFile(Config);
        file.Write(TrainingConfigFile.ToBytes(config), 0);
        file.Commit();
    }

    /// <summary>Makes the folder if it is not there, keeps other processes from training in it until this one is disposed, and removes what
    /// a killed run left.</summary>
    /// <exception cref="HseNetFileException">Another one trains here, or it cannot be written.</exception>
    public void Take()
    {
        try
        {
            Directory.CreateDirectory(Checkpoints);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(Path, $"cannot be written ({e.Message})", "a folder for the run", e);
        }
        Lock();
        if (_isNew)
            CheckIsNew();
        foreach (string folder in (string[])[Path, Checkpoints, At(Trainer.AdapterFolder), At(Trainer.ClipFolder)])
            AtomicFile.RemoveLeftovers(folder);
    }

    void CheckIsNew()
    {
        if (File.Exists(Config))
            throw new HseNetFileException(Path, "holds a run already", "a call of Trainer.Run that resumes it, or another folder");
    }

    void Lock()
    {
        try
        {
            _lock = new FileStream(At("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(Path, "is in use by a training", "a folder of its own for each", e);
        }
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>Removes all checkpoints but the newest.</summary>
    public void Prune(int keep)
    {
        foreach (string file in Newest().Skip(keep))
            File.Delete(file);
    }

    string At(string name) => System.IO.Path.Combine(Path, name);
}
