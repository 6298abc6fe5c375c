// What the library can be watched by: one source of activities, one meter. README.md beside this file lists the names.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HSENet.Runtime;

/// <summary>The source, the instruments, and the keys of their tags. No file name, no text and nothing of a patient is in any.</summary>
static class Telemetry
{
    public const string OperationKey = "hsenet.operation", StageKey = "hsenet.stage", AdapterKey = "hsenet.adapter",
        TokenTypeKey = "hsenet.token.type", ErrorKey = "error.type";

    static readonly string? Version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);
    static readonly Meter Meter = new(HseNetModel.TelemetryName, Version);

    // From what a token takes on a GPU to what a study takes on a small processor.
    static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    public static ActivitySource Source { get; } = new(HseNetModel.TelemetryName, Version);

    public static Histogram<double> OperationDuration { get; } =
        Duration("hsenet.operation.duration", "Time from a call until its work is done, waiting included.");

    public static Histogram<double> StageDuration { get; } =
        Duration("hsenet.stage.duration", "Time of each stage of a request, waiting for others included.");

    public static Histogram<double> FirstToken { get; } =
        Duration("hsenet.time_to_first_token", "Time from a request until its first token.");

    public static Histogram<double> OutputToken { get; } =
        Duration("hsenet.time_per_output_token", "Mean time of the tokens after a request's first.");

    public static UpDownCounter<int> ActiveRequests { get; } =
        Meter.CreateUpDownCounter<int>("hsenet.active_requests", "{request}", "Requests that run or wait.");

    public static UpDownCounter<int> QueuedRequests { get; } =
        Meter.CreateUpDownCounter<int>("hsenet.queued_requests", "{request}", "Requests that wait for others.");

    public static Counter<long> Tokens { get; } =
        Meter.CreateCounter<long>("hsenet.tokens", "{token}", "Tokens that were read, kept of earlier requests, or generated.");

    /// <summary>Whether anybody listens to anything.</summary>
    public static bool IsWatched => Source.HasListeners() || OperationDuration.Enabled || StageDuration.Enabled || FirstToken.Enabled
        || OutputToken.Enabled || ActiveRequests.Enabled || QueuedRequests.Enabled || Tokens.Enabled;

    static Histogram<double> Duration(string name, string description) =>
        Meter.CreateHistogram(name, "s", description, tags: null, Seconds);
}
