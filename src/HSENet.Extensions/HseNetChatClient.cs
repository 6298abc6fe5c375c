// The model behind the chat interface that .NET programs share.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HSENet.Runtime;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HSENet.Extensions;

/// <summary>
/// Answers questions about a CT study that comes with the first message: as bytes in a <see cref="DataContent"/> (NIfTI, or a zip of DICOM
/// files) or in a <see cref="StudyContent"/>. A study without words asks for a report. Each call holds the whole conversation; its study is
/// encoded once, as its <see cref="StudyStore"/> keeps it. What the model cannot honour is refused by an <see cref="HseNetException"/>.
/// </summary>
/// <remarks>
/// <see cref="ChatOptions.ModelId"/> may name an adapter or its task; <see cref="ChatOptions.RawRepresentationFactory"/> may give
/// <see cref="ReportOptions"/>, over which the other options are set. The last update has the tokens used (<see cref="UsageContent"/>) and
/// the reason of the end; it and a whole response have the <see cref="ReportResult"/> as their raw representation, and the study's notes in
/// <see cref="ChatResponseUpdate.AdditionalProperties"/> under <c>notes</c>. Several callers may share a client.
/// </remarks>
public sealed class HseNetChatClient : IChatClient
{
    internal const string ModelId = "hsenet", NotesKey = "notes";

    // The same object is the same study: voxels do not change.
    readonly ConditionalWeakTable<CtStudy, string> _keys = [];
    readonly ChatClientMetadata _metadata = new(ModelId, null, ModelId);
    readonly HseNetModel _model;
    readonly StudyStore _studies;
    readonly CtStudyOptions _reading;
    readonly ILogger _logger;

    /// <summary>A client of a model; model and store stay the caller's.</summary>
    /// <param name="model">What answers.</param>
    /// <param name="studies">Keeps studies between calls; on the same model.</param>
    /// <param name="reading">How studies that come as bytes are read.</param>
    /// <param name="logger">Told of each request.</param>
    public HseNetChatClient(HseNetModel model, StudyStore studies, CtStudyOptions? reading = null, ILogger<HseNetChatClient>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(studies);
        (_model, _studies, _reading, _logger) = (model, studies, reading ?? new(), logger ?? NullLogger<HseNetChatClient>.Instance);
    }

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
            updates.Add(update);
        var response = updates.ToChatResponse();
        (response.RawRepresentation, response.AdditionalProperties) = (updates[^1].RawRepresentation, updates[^1].AdditionalProperties);
        return response;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
        ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var request = ChatRequest.Read(messages);
        var own = ChatSettings.For(options, this, isReport: request.Question is null);
        using var log = new RequestLog(_logger);
        using var lease = await log.Watch(Lease(request.Study, cancellationToken)).ConfigureAwait(false);
        var study = (request.Study as StudyContent)?.Encoded ?? lease!.Study;
        using var conversation = request.Turns.Count == 0 ? null : study.Chat(turns: request.Turns);
        var stream = conversation is not null ? conversation.Ask(request.Question!, own, cancellationToken)
            : request.Question is { } question ? study.Ask(question, own, cancellationToken)
            : study.Report(own, cancellationToken);

        string id = Guid.NewGuid().ToString("N");
        var created = DateTimeOffset.UtcNow;
        bool hasWords = false;
        await using var pieces = stream.GetAsyncEnumerator(cancellationToken);
        while (await log.Watch(pieces.MoveNextAsync().AsTask()).ConfigureAwait(false))
        {
            // The space that parts it from the question is not of the answer.
            string piece = hasWords ? pieces.Current : pieces.Current.TrimStart();
            if (piece.Length == 0)
                continue;
            hasWords = true;
            yield return Update(new TextContent(piece));
            cancellationToken.ThrowIfCancellationRequested();
        }
        var result = stream.Result;
        log.Answered(result);
        var last = Update(new UsageContent(Usage(result)));
        last.FinishReason = result.Ended ? ChatFinishReason.Stop : ChatFinishReason.Length;
        last.RawRepresentation = result;
        last.AdditionalProperties = new() { [NotesKey] = study.Notes.ToArray() };
        yield return last;

        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
        {
            ResponseId = id,
            MessageId = id,
            ModelId = ModelId,
            CreatedAt = created,
        };
    }

    /// <summary>The model, metadata of the client, or the client itself.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(HseNetModel) ? _model
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Nothing: model and store are their owner's.</summary>
    public void Dispose()
    {
    }

    // Null where the caller has encoded it.
    async Task<StudyLease?> Lease(AIContent content, CancellationToken cancellation)
    {
        switch (content)
        {
            case StudyContent { Study: { } study }:
                // The store disposes what it opens, and this is the caller's: it is encoded here.
                string key = _keys.GetValue(study, _ => $"study {Guid.NewGuid():N}");
                return await _studies.GetOrMakeAsync(key, stop => _model.EncodeAsync(study, cancellation: stop), cancellation)
                    .ConfigureAwait(false);
            case DataContent data:
                string hash = $"data {Convert.ToHexString(SHA256.HashData(data.Data.Span))}";
                return await _studies.GetOrEncodeAsync(hash, stop => ReadAsync(data.Data, stop), cancellation).ConfigureAwait(false);
            default:
                return null;
        }
    }

    // The name that a caller gave it may be a patient's: messages do not repeat it.
    async Task<CtStudy> ReadAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        using var stream = MemoryMarshal.TryGetArray(bytes, out var array) && array.Array is not null
            ? new MemoryStream(array.Array, array.Offset, array.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);
        return await CtStudy.ReadAsync(stream, "the study", _reading, stop).ConfigureAwait(false);
    }

    static UsageDetails Usage(ReportResult result) => new()
    {
        InputTokenCount = result.PromptTokens,
        CachedInputTokenCount = result.PromptTokens - result.ReadTokens,
        OutputTokenCount = result.Ids.Count,
        TotalTokenCount = result.PromptTokens + result.Ids.Count,
    };

    // How a request ended, for the log.
    sealed class RequestLog(ILogger logger) : IDisposable
    {
        readonly long _started = Stopwatch.GetTimestamp();
        bool _told;

        double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

        public async Task<T> Watch<T>(Task<T> step)
        {
            try
            {
                return await step.ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _told = true;
                Log.Failed(logger, e.GetType().Name, Seconds);
                throw;
            }
        }

        public void Answered(ReportResult result)
        {
            _told = true;
            Log.Answered(logger, result.Adapter, result.PromptTokens, result.ReadTokens, result.Ids.Count, Seconds);
        }

        // A caller that stops reading has cancelled it.
        public void Dispose()
        {
            if (!_told)
                Log.Cancelled(logger, Seconds);
        }
    }
}
