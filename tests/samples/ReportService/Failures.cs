// What a client is told when something fails: a full queue is no bad study.
using HSENet;
using HSENet.Runtime;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ReportService;

static class Failures
{
    public static Task Answer(HttpContext context)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        int status = StatusOf(error);
        if (status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "10";
        // One line that says what is wrong; of other errors a client learns nothing.
        return Results.Problem(statusCode: status, detail: IsExpected(error) ? error!.Message : null).ExecuteAsync(context);
    }

    /// <summary>Whether a client or the load explains it: no fault of the service, so that its log of faults has none of them.</summary>
    public static bool IsExpected(Exception? error) => StatusOf(error) < 500 || error is ModelBusyException;

    static int StatusOf(Exception? error) => error switch
    {
        ModelBusyException => StatusCodes.Status503ServiceUnavailable,
        HseNetFileException => StatusCodes.Status422UnprocessableEntity,
        // Too large a body is one of these, as one that is no request.
        BadHttpRequestException refused => refused.StatusCode,
        HseNetException => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static Task WriteHealth(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Data),
    });
}
