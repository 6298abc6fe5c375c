// What report and ask print: text as it comes, or one JSON object per input; progress and times on stderr.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Prints reports.</summary>
sealed class ReportWriter(bool json, bool stats, bool verbose)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ProgressLine _progress = new();
    bool _midLine;

    public void Loading() => _progress.Show("loading weights");

    public void Begin(string file, bool several)
    {
        if (several && !json)
        {
            _progress.Clear();
            Console.WriteLine($"{file}:");
        }
    }

    public void Stage(ReportStage stage)
    {
        if (stage == ReportStage.Generating)
            _progress.Clear();
        else
            _progress.Show(stage switch
            {
                ReportStage.Waiting => "waiting",
                ReportStage.Preprocessing => "preprocessing",
                ReportStage.Encoding => "encoding",
                _ => "reading the prompt",
            });
    }

    public void Piece(string piece)
    {
        if (json)
            return;
        // A report begins with the space that separates it from the question.
        Console.Write(_midLine ? piece : piece.TrimStart(' '));
        Console.Out.Flush();
        _midLine |= piece.Length > 0;
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
            }, Json));
        if (!stats)
            return;
        var seconds = result.Seconds;
        int further = Math.Max(0, result.Ids.Count - 1);
        Messages.Note(string.Create(CultureInfo.InvariantCulture,
            $"preprocessing {seconds.Preprocessing:F3} s, encoding {seconds.Encoding:F3} s, prefill of {result.PromptTokens} tokens {seconds.Prefill:F3} s, {further} further tokens {seconds.Decode:F3} s ({(further == 0 ? 0 : 1000 * seconds.Decode / further):F1} ms each)"));
    }

    public void Failed(string file, Exception e)
    {
        _progress.Clear();
        EndLine();
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { input = file, error = e.Message }, Json));
        Verb.Explain(e, verbose);
    }

    public void Interrupted()
    {
        _progress.Clear();
        EndLine();
    }

    void EndLine()
    {
        if (_midLine)
            Console.WriteLine();
        _midLine = false;
    }
}
