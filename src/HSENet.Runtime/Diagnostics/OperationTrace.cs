// One call while it runs, for whoever watches: an activity with one below it for each stage, and the figures of the meter.
using System.Diagnostics;

namespace HSENet.Runtime;

/// <summary>What an operation is called in activities and metrics.</summary>
static class OperationName
{
    public const string Open = "open", Scan = "scan", Encode = "encode", Report = "report", Answer = "answer", Save = "save", Load = "load";
}

/// <summary>Exists only where anybody watches; used by one thread at a time.</summary>
sealed class OperationTrace : IDisposable
{
    readonly string _operation;
    readonly bool _isRequest;
    readonly Activity? _activity;
    readonly long _started = Stopwatch.GetTimestamp();
    ReportStage? _stage;
    Activity? _stageActivity;
    long _stageStarted;
    string? _adapter, _error;
    int _generated;

    OperationTrace(string operation, bool isRequest)
    {
        (_operation, _isRequest) = (operation, isRequest);
        _activity = Telemetry.Source.StartActivity($"hsenet.{operation}");
        if (isRequest)
            Telemetry.ActiveRequests.Add(1, Tag(Telemetry.OperationKey, operation));
    }

    /// <summary>Begins to watch; null where nobody listens.</summary>
    /// <param name="operation">One of <see cref="OperationName"/>.</param>
    /// <param name="isRequest">Whether it queues at a model.</param>
    public static OperationTrace? Begin(string operation, bool isRequest) =>
        Telemetry.IsWatched ? new OperationTrace(operation, isRequest) : null;

    /// <summary>Watches something that is no request to a model.</summary>
    public static T Run<T>(string operation, Func<T> work)
    {
        using var trace = Begin(operation, isRequest: false);
        try
        {
            return work();
        }
        catch (Exception e)
        {
            trace?.Fail(e);
            throw;
        }
    }

    /// <summary>A stage ends, the next one begins.</summary>
    public void Stage(ReportStage stage)
    {
        EndStage();
        (_stage, _stageStarted) = (stage, Stopwatch.GetTimestamp());
        _stageActivity = Telemetry.Source.StartActivity($"hsenet.{Name(stage)}");
        if (stage == ReportStage.Waiting)
            Telemetry.QueuedRequests.Add(1, Tag(Telemetry.OperationKey, _operation));
        if (stage == ReportStage.Generating)
            Telemetry.FirstToken.Record(Since(_started), Tags());
    }

    /// <summary>The adapter that answers.</summary>
    public void AnsweredBy(string adapter)
    {
        _adapter = adapter;
        _activity?.SetTag(Telemetry.AdapterKey, adapter);
    }

    /// <summary>The prompt is read.</summary>
    /// <param name="read">Tokens that were read for this request.</param>
    /// <param name="kept">Tokens that an earlier one had read.</param>
    public void Prompt(int read, int kept)
    {
        Count("read", read);
        Count("kept", kept);
        _activity?.SetTag("gen_ai.usage.input_tokens", read + kept);
    }

    /// <summary>A token came.</summary>
    public void Token() => _generated++;

    /// <summary>The answer is complete.</summary>
    /// <param name="ended">Whether by its own end, not by a limit.</param>
    /// <param name="weights">Hash of the weights that gave it.</param>
    public void Answered(bool ended, string weights)
    {
        _activity?.SetTag("gen_ai.response.finish_reasons", new[] { ended ? "stop" : "length" });
        _activity?.SetTag("hsenet.weights", weights);
    }

    /// <summary>The work failed or was cancelled.</summary>
    public void Fail(Exception error)
    {
        _error = error.GetType().FullName;
        _activity?.SetTag(Telemetry.ErrorKey, _error);
        if (error is not OperationCanceledException)
            _activity?.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>Records what is known.</summary>
    public void Dispose()
    {
        double generating = _stage == ReportStage.Generating ? Since(_stageStarted) : 0;
        EndStage();
        if (_generated > 0)
        {
            Count("generated", _generated);
            _activity?.SetTag("gen_ai.usage.output_tokens", _generated);
        }
        if (_generated > 1)
            Telemetry.OutputToken.Record(generating / (_generated - 1), Tags());
        Telemetry.OperationDuration.Record(Since(_started), Tags(_error));
        if (_isRequest)
            Telemetry.ActiveRequests.Add(-1, Tag(Telemetry.OperationKey, _operation));
        _activity?.Dispose();
    }

    void EndStage()
    {
        if (_stage is not { } stage)
            return;
        Telemetry.StageDuration.Record(Since(_stageStarted), Tag(Telemetry.OperationKey, _operation), Tag(Telemetry.StageKey, Name(stage)));
        if (stage == ReportStage.Waiting)
            Telemetry.QueuedRequests.Add(-1, Tag(Telemetry.OperationKey, _operation));
        _stageActivity?.Dispose();
        _stage = null;
    }

    void Count(string type, int tokens)
    {
        if (tokens == 0)
            return;
        var tags = Tags();
        tags.Add(Telemetry.TokenTypeKey, type);
        Telemetry.Tokens.Add(tokens, tags);
    }

    TagList Tags(string? error = null)
    {
        var tags = new TagList { { Telemetry.OperationKey, _operation } };
        if (_adapter is not null)
            tags.Add(Telemetry.AdapterKey, _adapter);
        if (error is not null)
            tags.Add(Telemetry.ErrorKey, error);
        return tags;
    }

    static KeyValuePair<string, object?> Tag(string key, object value) => new(key, value);

    static double Since(long timestamp) => Stopwatch.GetElapsedTime(timestamp).TotalSeconds;

    static string Name(ReportStage stage) => stage switch
    {
        ReportStage.Waiting => "waiting",
        ReportStage.Preprocessing => "preprocessing",
        ReportStage.Encoding => "encoding",
        ReportStage.Reading => "reading",
        _ => "generating",
    };
}
