// The log of a run: one JSON object on each line, whole lines only, whatever happens.
using System.Text.Json;
using System.Text.Json.Serialization;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Appends lines; a line that cannot be written leaves those before it as they were.</summary>
sealed class RunLog : IDisposable
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly Stream _stream;
    readonly string _name;

    internal RunLog(Stream stream, string name) => (_stream, _name) = (stream, name);

    /// <summary>Opens the log of a run that stands at a step: lines of later steps, which are done again, go, and so does half a
    /// line.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read or written.</exception>
    public static RunLog Open(string path, long step)
    {
        try
        {
            byte[] kept = File.Exists(path)
                ? [.. File.ReadLines(path).Where(line => StepOf(line) is { } at && at <= step)
                .SelectMany(line => System.Text.Encoding.UTF8.GetBytes(line + "\n"))] : [];
            using (var file = new AtomicFile(path))
            {
                file.Write(kept, 0);
                file.Commit();
            }
            return new RunLog(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
    }

    /// <summary>Appends a line and hands it to the system.</summary>
    /// <exception cref="HseNetFileException">It cannot be written.</exception>
    public void Write<T>(T line)
    {
        long end = _stream.Position;
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, Json), (byte)'\n'];
        try
        {
            _stream.Write(bytes);
            _stream.Flush();
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            TakeBack(end);
            throw new HseNetFileException(_name, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
    }

    void TakeBack(long end)
    {
        try
        {
            _stream.SetLength(end);
        }
        catch (IOException)
        {
            // Half a line stays; opening the log again removes it.
        }
    }

    static long? StepOf(string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("step", out var step)
                && step.TryGetInt64(out long number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // A full disk again; what was written before stands.
        }
    }
}

/// <summary>The line of a step.</summary>
/// <param name="Step">Steps done, this one included.</param>
/// <param name="Epoch">Passes over the samples so far.</param>
/// <param name="Loss">Mean over the step's label tokens or samples.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="Tokens">Tokens that were read.</param>
/// <param name="TokensPerSecond">Of this step, waiting included.</param>
/// <param name="Seconds">Duration of the step.</param>
/// <param name="WaitSeconds">How long of it the device waited for samples.</param>
/// <param name="ProcessBytes">Memory of the whole process on the host at the end of the step (its resident set), with the weights it has
/// mapped and the samples it prepares.</param>
/// <param name="PlannedBytes">What a step needs by its plan: activations, trained tensors, frozen weights; on a GPU all of that is in its
/// memory.</param>
/// <param name="Skipped">Samples left out in this step.</param>
sealed record StepLine(long Step, double Epoch, double Loss, double LearningRate, double GradientNorm, long Tokens, double TokensPerSecond,
    double Seconds, double WaitSeconds, long ProcessBytes, long PlannedBytes, int Skipped);

/// <summary>The line of a validation.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="ValidationLoss">Mean over the validation's label tokens or samples.</param>
/// <param name="Samples">How many there were.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Best">Whether no validation before had a lower loss.</param>
/// <param name="Labels">How well each kind was told, where labels are learned.</param>
sealed record ValidationLine(long Step, double ValidationLoss, int Samples, double Seconds, bool Best,
    IReadOnlyDictionary<string, LabelScore>? Labels = null);

/// <summary>Anything else worth a line.</summary>
sealed record EventLine(long Step, string Event, string? Detail = null);
