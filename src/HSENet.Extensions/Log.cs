// What is logged, once for all classes. No text, no file name and nothing of a patient.
using Microsoft.Extensions.Logging;

namespace HSENet.Extensions;

static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Opening the model in {Folder} on {Device}")]
    public static partial void Opening(ILogger logger, string folder, string device);

    [LoggerMessage(2, LogLevel.Information, "The model with the weights {Weights} (adapters: {Adapters}) is open after {Seconds:F2} s")]
    public static partial void Opened(ILogger logger, string weights, string adapters, double seconds);

    [LoggerMessage(3, LogLevel.Information, "A study was encoded in {Seconds:F2} s; {Kept} of {Most} are kept")]
    public static partial void Encoded(ILogger logger, double seconds, int kept, int most);

    [LoggerMessage(4, LogLevel.Warning, "A study was not encoded: {Error}")]
    public static partial void NotEncoded(ILogger logger, string error);

    [LoggerMessage(5, LogLevel.Debug, "A study is given up: {Kept} of {Most} are kept")]
    public static partial void GivenUp(ILogger logger, int kept, int most);

    [LoggerMessage(6, LogLevel.Information, "Note on a study: {Note}")]
    public static partial void Note(ILogger logger, string note);

    [LoggerMessage(7, LogLevel.Information,
        "Answered by {Adapter}: {Prompt} tokens of the prompt, {Read} of them read now, {Generated} generated in {Seconds:F2} s")]
    public static partial void Answered(ILogger logger, string adapter, int prompt, int read, int generated, double seconds);

    [LoggerMessage(8, LogLevel.Information, "A request was cancelled after {Seconds:F2} s")]
    public static partial void Cancelled(ILogger logger, double seconds);

    [LoggerMessage(9, LogLevel.Warning, "A request failed after {Seconds:F2} s: {Error}")]
    public static partial void Failed(ILogger logger, string error, double seconds);
}
