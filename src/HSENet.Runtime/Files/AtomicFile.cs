// Writing that never leaves half a file under the final name: a temporary name beside it, moved when complete.
using Microsoft.Win32.SafeHandles;

namespace HSENet.Runtime;

/// <summary>A file under a temporary name in the target's folder; <see cref="Commit"/> gives it its name, disposing without it removes
/// it.</summary>
internal sealed class AtomicFile : IDisposable
{
    /// <summary>What a place to write must be.</summary>
    public const string Writable = "a folder that exists, may be written and has room";

    readonly string _path;
    readonly string _temporary;
    long _unflushed;
    bool _done;

    // Bringing gigabytes to a disk takes seconds, in which nobody hears a cancellation: it is done as they are written.
    const long FlushedBytes = 32 << 20;

    /// <summary>Handle for positioned writes.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Removes from a folder what processes that were killed left of its files under temporary names.</summary>
    /// <param name="folder">The folder, which need not be there.</param>
    /// <param name="of">Pattern of the files' final names.</param>
    public static void RemoveLeftovers(string folder, string of = "*")
    {
        if (!Directory.Exists(folder))
            return;
        foreach (string file in Directory.EnumerateFiles(folder, $"{of}.*.tmp"))
            try
            {
                // Locked as well while it is written: a process number of another container says nothing here.
                if (TemporaryName.IsAbandoned(file))
                    new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, gone, or not ours.
            }
    }

    /// <summary>Creates the temporary file.</summary>
    /// <exception cref="HseNetFileException">The folder does not exist or cannot be written.</exception>
    public AtomicFile(string path)
    {
        _path = path;
        _temporary = TemporaryName.For(path);
        try
        {
            Handle = File.OpenHandle(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, $"cannot be written ({e.Message})", Writable, e);
        }
    }

    /// <summary>Writes a whole file.</summary>
    /// <exception cref="HseNetFileException">It cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        using var file = new AtomicFile(path);
        file.Write(content, 0);
        file.Commit();
    }

    /// <summary>Writes bytes at an offset.</summary>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(Handle, bytes, offset);
            if ((_unflushed += bytes.Length) < FlushedBytes)
                return;
            RandomAccess.FlushToDisk(Handle);
            _unflushed = 0;
        }
        // The second is what a file system says whose files end at 4 GB, and a limit of the shell.
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            throw new HseNetFileException(_path, $"cannot be written ({e.Message})", Writable, e);
        }
    }

    /// <summary>Flushes to the disk and moves the file to its name, replacing what was there.</summary>
    public void Commit()
    {
        try
        {
            RandomAccess.FlushToDisk(Handle);
            Handle.Dispose();
            File.Move(_temporary, _path, overwrite: true);
            _done = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(_path, $"cannot be written ({e.Message})", Writable, e);
        }
    }

    /// <summary>Removes the temporary file unless it was committed.</summary>
    public void Dispose()
    {
        Handle.Dispose();
        if (!_done)
            File.Delete(_temporary);
    }
}
