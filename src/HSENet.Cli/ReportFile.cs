// A file of finished reports that a run which was stopped can go on with: a JSON object on each line, appended when it is complete.
using System.Text.Json;
using System.Text;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>One finished report, with the keys of the options and of the study that it was made from.</summary>
sealed record ReportLine(string Image, string Question, string Text, IReadOnlyList<int> Ids, int PromptTokens, ReportSeconds Seconds,
    string Weights, string Preprocessing, string? Settings = null, string? Study = null, IReadOnlyList<string>? Notes = null,
    string? Activations = null);

/// <summary>Reads what an earlier run finished, removes the line that it was writing, and appends.</summary>
sealed class ReportFile : IDisposable
{
    const string Expected = "a file that 'hsenet report --manifest' wrote, or a new name";
    static ReadOnlySpan<byte> Start => "{\"image\":"u8;

    readonly string _path;
    readonly FileStream _file;
    readonly FileLock _lock;
    readonly Dictionary<(string Image, string Question), List<string?>> _finished = [];

    /// <summary>Opens or creates a file for the reports of a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="weights">Hashes of the model's weights, with each adapter: a file holds the reports of one model.</param>
    /// <param name="settings">Key of the options: it holds the reports of one set of them.</param>
    /// <exception cref="HseNetFileException">The file cannot be written or holds something else.</exception>
    public ReportFile(string path, IReadOnlyCollection<string> weights, string settings)
    {
        _path = path;
        _lock = FileLock.Take(path);
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lock.Dispose();
            throw new HseNetFileException(path, $"cannot be written ({e.Message})",
                "a file in a folder that exists, which no other run writes", e);
        }
        try
        {
            CutHalfLine();
            ReadFinished(weights, settings);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>All reports of a file that is complete.</summary>
    /// <exception cref="HseNetFileException">It cannot be read, or holds something else.</exception>
    public static IReadOnlyList<ReportLine> ReadAll(string path)
    {
        string[] lines = JsonFile.ReadText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? throw new HseNetFileException(path, "holds no report", Expected)
            : [.. lines.Select((line, i) => Parse(path, line, i + 1))];
    }

    static ReportLine Parse(string path, string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<ReportLine>(line, ReportWriter.Json)
                is { Image: not null, Question: not null, Text: not null, Weights: not null } read ? read : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new HseNetFileException(path, $"line {number} is no report", Expected, e);
        }
    }

    /// <summary>How many reports are in the file.</summary>
    public int Count { get; private set; }

    /// <summary>Whether an earlier run finished this one; asked as often as the manifest has it.</summary>
    /// <exception cref="HseNetFileException">It did, from a scan that has changed since.</exception>
    public bool Take(string image, string question, string study)
    {
        if (!_finished.TryGetValue((image, question), out var finished) || finished.Count == 0)
            return false;
        return finished.Remove(study) ? true : throw new HseNetFileException(_path,
            $"has a report of {HseNetFileException.Quote(image)} that was made before this file or what is said of it changed",
            "its line removed, or a new name");
    }

    /// <summary>Appends a report; it is in the file's system when this returns.</summary>
    public void Append(ReportLine line)
    {
        try
        {
            // One write: what a killed run leaves of it has no line end.
            _file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, ReportWriter.Json) + "\n"));
            _file.Flush();
            Count++;
        }
        catch (IOException e)
        {
            throw new HseNetFileException(_path, $"cannot be written ({e.Message})", "room on the disk", e);
        }
    }

    // Only what looks like the beginning of a report is removed: the name may be another file's.
    void CutHalfLine()
    {
        long end = EndOfLastLine();
        if (end == _file.Length)
            return;
        Span<byte> begin = stackalloc byte[(int)Math.Min(Start.Length, _file.Length - end)];
        _file.Position = end;
        _file.ReadExactly(begin);
        if (!Start.StartsWith(begin))
            throw new HseNetFileException(_path, "is no file of reports", Expected);
        _file.SetLength(end);
    }

    long EndOfLastLine()
    {
        Span<byte> chunk = stackalloc byte[4096];
        for (long end = _file.Length; end > 0;)
        {
            long start = Math.Max(0, end - chunk.Length);
            var part = chunk[..(int)(end - start)];
            _file.Position = start;
            _file.ReadExactly(part);
            int last = part.LastIndexOf((byte)'\n');
            if (last >= 0)
                return start + last + 1;
            end = start;
        }
        return 0;
    }

    void ReadFinished(IReadOnlyCollection<string> weights, string settings)
    {
        _file.Position = 0;
        using var text = new StreamReader(_file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        while (text.ReadLine() is { } line)
        {
            Count++;
            var report = Parse(_path, line, Count);
            if (!weights.Contains(report.Weights))
                throw new HseNetFileException(_path, $"line {Count} was written with the weights {report.Weights}, not with "
                    + string.Join(" or ", weights),
                    "the reports of one model in a file");
            if (report.Settings != settings)
                throw new HseNetFileException(_path, $"line {Count} was written with other options, or by another version",
                    "the options of the earlier run, or a new name");
            if (!_finished.TryGetValue((report.Image, report.Question), out var finished))
                _finished.Add((report.Image, report.Question), finished = []);
            finished.Add(report.Study);
        }
        _file.Position = _file.Length;
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }
}
