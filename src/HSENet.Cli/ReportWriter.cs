// What report and ask print: text as it comes, or one JSON object per input; progress and times on stderr.
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Prints reports.</summary>
sealed class ReportWriter(bool json, bool stats, bool verbose)
{
    /// <summary>How reports are written and read.</summary>
    public static readonly JsonSerializerOptions Json =
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };

    readonly ProgressLine _progress = new();
    readonly StringBuilder _text = new();
    IReadOnlyList<string> _notes = [];
    readonly Lock _printing = new();
    readonly Stopwatch _loading = new();
    string _file = "";
    string? _question;
    readonly HashSet<string> _said = [];
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

    /// <summary>A text begins.</summary>
    /// <param name="file">Of which scan.</param>
    /// <param name="heading">What stands above it.</param>
    /// <param name="question">What it answers, where one was asked for.</param>
    public void Begin(string file, string? heading, string? question = null)
    {
        if (_file != file)
            _said.Clear();
        (_file, _question) = (file, question);
        _text.Clear();
        if (heading is not null && !json)
        {
            _progress.Clear();
            Console.WriteLine(heading);
        }
    }

    /// <summary>Prints a text while it is generated.</summary>
    /// <param name="report">The text.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="complete">Adds to the result what is told of it, too.</param>
    public async Task<ReportResult> Write(ReportStream report, CancellationToken cancellation,
        Func<ReportResult, ReportResult>? complete = null)
    {
        // The signal prints what exists even if the running layer takes longer than the program is given to end.
        using var interruption = cancellation.Register(Interrupted);
        await foreach (string piece in report.AsAsyncEnumerable().ConfigureAwait(false))
            Piece(piece);
        var result = complete?.Invoke(report.Result) ?? report.Result;
        End(result);
        return result;
    }

    void Notes(IReadOnlyList<string> notes)
    {
        _progress.Clear();
        _notes = OptionNames.In(notes);
        foreach (string note in notes)
            if (_said.Add(note))
                Messages.Note($"{_file}: {note}");
    }

    /// <summary>Shows where a report stands. What a user should know of a scan is said once it was prepared: of one that is refused, the
    /// reason is all that counts.</summary>
    public void Stage(IReadOnlyList<string> notes, ReportProgress stands)
    {
        var (stage, share) = stands;
        if (share == 0)
            _progress.Restart();
        if (stage is ReportStage.Encoding or ReportStage.Reading && share == 0)
            Notes(notes);
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

    void Piece(string piece)
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

    void End(ReportResult result)
    {
        _progress.Clear();
        EndLine();
        // What the encoders make of a study is known behind its text.
        Notes(result.Notes);
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                input = _file,
                question = _question,
                result.Text,
                result.Ids,
                result.LogProbabilities,
                result.PromptTokens,
                result.Seconds,
                Adapter = result.Adapter == AdaptedModel.BaseName ? null : result.Adapter,
                result.Weights,
                result.Preprocessing,
                Activations = Verb.NameOf(result.Activations),
                Notes = _notes,
            }, Json));
        if (!stats)
            return;
        var seconds = result.Seconds;
        int further = Math.Max(0, result.Ids.Count - 1);
        Messages.Note(string.Create(CultureInfo.InvariantCulture,
            $"preprocessing {seconds.Preprocessing:F3} s, encoding {seconds.Encoding:F3} s, prefill of {result.ReadTokens} tokens "
                + $"{seconds.Prefill:F3} s, {further} further tokens {seconds.Decode:F3} s "
                + $"({(further == 0 ? 0 : 1000 * seconds.Decode / further):F1} ms each)"));
    }

    /// <summary>Says what went wrong, and gives its exit code.</summary>
    public int Failed(string file, Exception e)
    {
        Refused(file, e);
        return Verb.Explain(e, verbose);
    }

    /// <summary>Ends the output of a text that there will not be.</summary>
    public void Refused(string file, Exception e)
    {
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { input = file, question = _question, error = OptionNames.In(e.Message) },
                Json));
    }

    /// <summary>Prints what exists of a report; nothing is printed after it.</summary>
    void Interrupted()
    {
        using var _ = _printing.EnterScope();
        if (_interrupted)
            return;
        _interrupted = true;
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(
                new { input = _file, question = _question, error = "interrupted", text = _text.ToString() }, Json));
    }

    void EndLine()
    {
        if (_midLine)
            Console.WriteLine();
        _midLine = false;
    }
}
