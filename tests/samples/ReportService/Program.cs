// A service that takes HSENet from its packages: studies are uploaded and encoded once, reports and answers are streamed.
using HSENet;
using HSENet.Extensions;
using HSENet.Runtime;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;
using ReportService;

var builder = WebApplication.CreateBuilder(args);
builder.Services.Configure<HseNetOptions>(builder.Configuration.GetSection("HSENet"));
builder.Services.AddHseNet();
builder.Services.AddHealthChecks().AddCheck<HseNetHealthCheck>("hsenet");
// A CT has hundreds of megabytes.
builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = 2L << 30);

var app = builder.Build();
app.UseExceptionHandler(new ExceptionHandlerOptions
{
    ExceptionHandler = Failures.Answer,
    SuppressDiagnosticsCallback = failed => Failures.IsExpected(failed.Exception)
});
app.MapHealthChecks("/health", new() { ResponseWriter = Failures.WriteHealth });

// The body is the study itself: NIfTI, compressed or not, .npy, or a zip of DICOM files.
app.MapPost("/studies", async (HttpContext context, StudyStore studies, IOptions<HseNetOptions> options) =>
{
    string id = Guid.NewGuid().ToString("N");
    // The store opens one or two scans at a time: nobody waits there for a client whose connection is slow.
    await using var upload = await Upload.Receive(context.Request.Body, context.RequestAborted);
    using var study = await studies.GetOrEncodeAsync(id, stop => CtStudy.ReadAsync(upload, "the study", options.Value.Study, stop),
        context.RequestAborted);
    return Results.Created($"/studies/{id}", new UploadedStudy(id, study.Study.Notes));
});

app.MapGet("/studies/{id}/report", (string id, HttpContext context, StudyStore studies) =>
    AnswerStream.Start(context, studies.Find(id), study => study.Report(cancellation: context.RequestAborted)));

app.MapPost("/studies/{id}/questions", (string id, Question question, HttpContext context, StudyStore studies) =>
    AnswerStream.Start(context, studies.Find(id), study => study.Ask(question.Text, cancellation: context.RequestAborted)));

app.MapDelete("/studies/{id}", (string id, StudyStore studies) => studies.Remove(id) ? Results.NoContent() : Results.NotFound());

app.Run();

namespace ReportService
{
    record UploadedStudy(string Id, IReadOnlyList<string> Notes);

    record Question(string Text);

    record Ended(bool Complete, int PromptTokens, int Tokens, string Weights);
}
