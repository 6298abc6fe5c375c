// A report as server-sent events: a "text" for each piece, "end" with the figures, or "error" where it broke off.
using System.Net.ServerSentEvents;
using System.Text.Json;
using HSENet;
using HSENet.Extensions;
using HSENet.Runtime;

namespace ReportService;

static class AnswerStream
{
    /// <summary>Answers 404 without a study; otherwise the first piece is waited for, so that what fails before it has a status of its
    /// own.</summary>
    public static async Task<IResult> Start(HttpContext context, StudyLease? lease, Func<EncodedStudy, ReportStream> ask)
    {
        if (lease is null)
            return Results.NotFound();
        // The study is kept, and the generation ends, with the response: also where the client has gone.
        context.Response.RegisterForDispose(lease);
        var report = ask(lease.Study);
        var pieces = report.GetAsyncEnumerator(context.RequestAborted);
        context.Response.RegisterForDisposeAsync(pieces);
        bool hasText = await pieces.MoveNextAsync();
        return TypedResults.ServerSentEvents(Events(report, pieces, hasText));
    }

    static async IAsyncEnumerable<SseItem<string>> Events(ReportStream report, IAsyncEnumerator<string> pieces, bool hasText)
    {
        string? failure = null;
        while (hasText)
        {
            yield return new SseItem<string>(pieces.Current, "text");
            try
            {
                hasText = await pieces.MoveNextAsync();
            }
            catch (HseNetException e)
            {
                (failure, hasText) = (e.Message, false);
            }
        }
        if (failure is not null)
        {
            yield return new SseItem<string>(failure, "error");
            yield break;
        }
        var result = report.Result;
        var ended = new Ended(result.Ended, result.PromptTokens, result.Ids.Count, result.Weights);
        yield return new SseItem<string>(JsonSerializer.Serialize(ended, JsonSerializerOptions.Web), "end");
    }
}
