// Questions about one study that build on each other.
namespace HSENet.Runtime;

/// <summary>
/// A conversation about a study: the prompt of a turn is all that was said before, token by token as the model wrote it (end tokens
/// included), and the new question. A turn reads its own tokens only. Once the prompt passes the length up to which the model's short
/// rotary factors hold, all of it is read again with the long ones, as a prompt of that length alone would be. One turn runs at a time.
/// </summary>
public sealed class Conversation : IDisposable
{
    /// <summary>Tokens of a conversation at most, unless told otherwise.</summary>
    public const int DefaultMaxTokens = 4096;

    readonly HseNetModel _model;
    readonly EncodedStudy _study;
    readonly Lifetime _life;
    readonly List<(string Question, string Answer)> _turns = [];
    KeptCache? _cache;
    AdaptedModel? _adapted;

    internal Conversation(HseNetModel model, EncodedStudy study, int maxTokens, IReadOnlyList<(string Question, string Answer)> turns)
    {
        (_model, _study, MaxTokens) = (model, study, maxTokens);
        Ids = Prompt.Build(model.Tokenizer, model.VisualTokens, turns);
        _turns.AddRange(turns);
        _life = new Lifetime(this, () => _cache?.Dispose());
    }

    /// <summary>Questions and answers so far.</summary>
    public IReadOnlyList<(string Question, string Answer)> Turns
    {
        get
        {
            lock (_turns)
                return [.. _turns];
        }
    }

    /// <summary>Tokens of all turns, visual ones included.</summary>
    public int Tokens => Ids.Count;

    /// <summary>Tokens of all turns at most.</summary>
    public int MaxTokens { get; }

    /// <summary>Everything that was said, the begin token first; empty before the first turn.</summary>
    internal IReadOnlyList<int> Ids { get; private set; }

    /// <summary>Keys and values of all tokens but the last.</summary>
    internal KeptCache? Cache => _cache;

    /// <summary>Asks the next question. A turn that is stopped or fails before its end leaves the conversation as it was.</summary>
    /// <param name="question">The question.</param>
    /// <param name="options">As in <see cref="EncodedStudy.Ask"/>; all turns have one adapter, that of the first.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <returns>The text piece by piece; nothing runs before it is read.</returns>
    /// <exception cref="HseNetException">The options cannot be used, or name another adapter than the first turn's.</exception>
    /// <exception cref="ObjectDisposedException">Model, study or conversation was disposed.</exception>
    public ReportStream Ask(string question, ReportOptions? options = null, CancellationToken cancellation = default)
    {
        _life.ThrowIfDisposed();
        return _model.Answer(_study, EncodedStudy.AnswerOptions(question, options), this, cancellation);
    }

    internal Lifetime.Using Use() => _life.Use();

    /// <summary>The adapter of all turns: the first turn's, which later ones must not change.</summary>
    internal AdaptedModel Adapter(AdaptedModel chosen, bool named) => _adapted is null || chosen == _adapted ? chosen
        : !named ? _adapted
        : throw new HseNetException($"the conversation began with the adapter {_adapted.Name}: expected it, not {chosen.Name}");

    /// <summary>Takes over a turn that is complete.</summary>
    internal void Add(AdaptedModel adapted, string question, string answer, IReadOnlyList<int> ids, KeptCache cache)
    {
        _cache?.Dispose();
        (_adapted, Ids, _cache) = (adapted, ids, cache);
        lock (_turns)
            _turns.Add((question, answer));
    }

    /// <summary>Frees keys and values, as soon as no turn runs any more.</summary>
    public void Dispose() => _life.Dispose();
}
