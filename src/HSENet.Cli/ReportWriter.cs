// What report and ask print: text as it comes, or one JSON object per input; progress and times on stderr.
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Prints reports.</summary>
sealed class ReportWriter(bool json, bool stats, bool verbose)
{
    /// <summary>How reports are written and read.</summary>
    public static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ProgressLine _progress = new();
    readonly StringBuilder _text = new();
    IReadOnlyList<string> _notes = [];
    readonly Lock _printing = new();
    readonly Stopwatch _loading = new();
    bool _midLine;
    bool _interrupted;

    public void Loading()
    {
        _loading.Start();
        _progress.Show("loading weights");
    }

    /// <summary>The weights are there; with times, says how long that took.</summary>
    public void Loaded()
    {
        _progress.Clear();
        if (stats)
            Messages.Note(string.Create(CultureInfo.InvariantCulture, $"loading {_loading.Elapsed.TotalSeconds:F3} s"));
    }

    public void Begin(string file, bool several)
    {
        _text.Clear();
        if (several && !json)
        {
            _progress.Clear();
            Console.WriteLine($"{file}:");
        }
    }

    void Notes(string file, IReadOnlyList<string> notes)
    {
        _progress.Clear();
        _notes = OptionNames.In(notes);
        foreach (string note in notes)
            Messages.Note($"{file}: {note}");
    }

    /// <summary>Shows where a report stands. What a user should know of a scan is said once it was prepared: of one that is refused, the
    /// reason is all that counts.</summary>
    public void Stage(string file, IReadOnlyList<string> notes, ReportProgress stands)
    {
        var (stage, share) = stands;
        if (share == 0)
            _progress.Restart();
        if (stage == ReportStage.Encoding && share == 0)
            Notes(file, notes);
        if (stage == ReportStage.Generating && share == 0)
            _progress.Clear();
        else if (stage != ReportStage.Generating)
            _progress.Show(stage switch
            {
                ReportStage.Waiting => "waiting",
                ReportStage.Preprocessing => "preprocessing",
                ReportStage.Encoding => "encoding",
                _ => "reading the prompt",
            }, share > 0 ? share : null);
    }

    public void Piece(string piece)
    {
        using var _ = _printing.EnterScope();
        if (_interrupted)
            return;
        _text.Append(piece);
        if (json)
            return;
        // A report begins with the space that separates it from the question.
        string visible = _midLine ? piece : piece.TrimStart(' ');
        Console.Write(visible);
        Console.Out.Flush();
        _midLine |= visible.Length > 0;
    }

    public void End(string file, ReportResult result)
    {
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                input = file,
                result.Text,
                result.Ids,
                result.PromptTokens,
                result.Seconds,
                result.Weights,
                result.Preprocessing,
                Notes = _notes,
            }, Json));
        if (!stats)
            return;
        var seconds = result.Seconds;
        int further = Math.Max(0, result.Ids.Count - 1);
        Messages.Note(string.Create(CultureInfo.InvariantCulture,
            $"preprocessing {seconds.Preprocessing:F3} s, encoding {seconds.Encoding:F3} s, prefill of {result.PromptTokens} tokens "
                + $"{seconds.Prefill:F3} s, {further} further tokens {seconds.Decode:F3} s "
                + $"({(further == 0 ? 0 : 1000 * seconds.Decode / further):F1} ms each)"));
    }

    public void Failed(string file, Exception e)
    {
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { input = file, error = OptionNames.In(e.Message) }, Json));
        Verb.Explain(e, verbose);
    }

    /// <summary>Prints what exists of a report; nothing is printed after it.</summary>
    public void Interrupted(string file)
    {
        using var _ = _printing.EnterScope();
        if (_interrupted)
            return;
        _interrupted = true;
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { input = file, error = "interrupted", text = _text.ToString() }, Json));
    }

    void EndLine()
    {
        if (_midLine)
            Console.WriteLine();
        _midLine = false;
    }
}
