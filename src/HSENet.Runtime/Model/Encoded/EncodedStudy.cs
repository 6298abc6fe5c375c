// A study that the encoders have seen: every question about it starts where they ended.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// A study as a model's encoders see it, kept on the device for many questions: the encoders' features, which all adapters share, and for
/// each adapter that was asked its visual tokens and the keys and values of what all its prompts begin with. A further question reads
/// its own tokens only, and gets the ids that it gets alone. Safe to use from several threads; requests queue at the model.
/// </summary>
public sealed class EncodedStudy : IDisposable
{
    readonly HseNetModel _model;
    readonly Arena _arena;
    readonly Lifetime _life;
    readonly Dictionary<string, AdaptedStudy> _adapted = [];

    internal EncodedStudy(HseNetModel model, string preprocessing, IReadOnlyList<string> notes)
    {
        (_model, Preprocessing, Notes) = (model, preprocessing, notes);
        var plan = new MemoryPlan(model.Activations);
        var features = EncodedMemory.Features(plan, model.Config);
        _arena = new Arena(model.Device, plan);
        Features = _arena.Activations(features);
        _life = new Lifetime(this, () =>
        {
            foreach (var adapted in _adapted.Values)
                adapted.Dispose();
            _arena.Dispose();
        });
    }

    /// <summary>What a user should know about how the study was read and prepared, and whether it is unlike those that the model was
    /// trained on; no patient data.</summary>
    public IReadOnlyList<string> Notes { get; internal set; }

    /// <summary>Version of the preprocessing.</summary>
    public string Preprocessing { get; }

    /// <summary>Bytes that it holds on the device now; <see cref="HseNetModel.PlanEncoded"/> says how many they can become.</summary>
    public long Bytes
    {
        get
        {
            using var use = _life.Use();
            lock (_adapted)
                return _arena.Plan.TotalBytes + _adapted.Values.Sum(adapted => adapted.Bytes);
        }
    }

    /// <summary>[encoders, patches, channels].</summary>
    internal Activations Features { get; }

    /// <summary>What was made for adapters, in a fixed order.</summary>
    internal IReadOnlyList<AdaptedStudy> Adapted
    {
        get
        {
            lock (_adapted)
                return [.. _adapted.Values.OrderBy(adapted => adapted.Model.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Seconds of preprocessing and encoders.</summary>
    internal (double Preprocessing, double Encoding) Seconds { get; set; }

    /// <summary>The result of a request that waited for the encoders.</summary>
    internal ReportResult WithEncoding(ReportResult result) => result with
    {
        Seconds = result.Seconds with { Preprocessing = Seconds.Preprocessing, Encoding = Seconds.Encoding + result.Seconds.Encoding },
    };

    /// <summary>Writes a report, or answers the question in the options.</summary>
    /// <param name="options">Question and sampling.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <returns>The text piece by piece; nothing runs before it is read.</returns>
    /// <exception cref="HseNetException">The options cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public ReportStream Report(ReportOptions? options = null, CancellationToken cancellation = default) =>
        _model.Answer(this, options ?? new(), null, cancellation);

    /// <summary>Answers a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="options">Sampling; what it says of a question does not count. By default an answer has
    /// <see cref="ReportOptions.DefaultAnswerTokens"/> at most.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <returns>The text piece by piece; nothing runs before it is read.</returns>
    /// <exception cref="HseNetException">The options cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public ReportStream Ask(string question, ReportOptions? options = null, CancellationToken cancellation = default) =>
        Report(AnswerOptions(question, options), cancellation);

    /// <summary>A conversation, in which every question follows all earlier questions and answers.</summary>
    /// <param name="maxTokens">Tokens of all turns at most, visual ones included: a turn that would pass them is refused. The conversation
    /// keeps keys and values of as many as there are.</param>
    /// <param name="turns">What was said before: for programs that keep the text of a conversation instead of the object. Answers count as
    /// complete, and their text is cut into tokens anew.</param>
    /// <exception cref="HseNetException">A question has no words.</exception>
    /// <exception cref="ObjectDisposedException">The study was disposed.</exception>
    public Conversation Chat(int maxTokens = Conversation.DefaultMaxTokens,
        IReadOnlyList<(string Question, string Answer)>? turns = null)
    {
        _life.ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        return new Conversation(_model, this, maxTokens, turns ?? []);
    }

    /// <summary>Writes everything that is kept into a file for <see cref="HseNetModel.LoadEncoded"/>: safetensors with a checksum per
    /// tensor and the hashes of weights, adapters and preprocessing. No name and no patient data.</summary>
    /// <param name="file">Where; gets its name when it is complete.</param>
    /// <exception cref="HseNetFileException">The file cannot be written.</exception>
    /// <exception cref="ModelBusyException">Too many requests wait.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public void Save(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        _model.Exclusive(OperationName.Save, () =>
        {
            using var use = Use();
            EncodedFile.Write(file, _model, this);
            return true;
        });
    }

    internal static ReportOptions AnswerOptions(string question, ReportOptions? options) =>
        (options ?? new ReportOptions { MaxTokens = ReportOptions.DefaultAnswerTokens }) with
        {
            Question = question,
            Task = NamedAdapter.QuestionTask,
        };

    internal void ThrowIfDisposed() => _life.ThrowIfDisposed();

    /// <summary>Keeps the memory while it is used.</summary>
    internal Lifetime.Using Use() => _life.Use();

    /// <summary>What was made for an adapter, or memory for it: true if its visual tokens are still missing.</summary>
    internal bool Missing(AdaptedModel model, out AdaptedStudy adapted)
    {
        lock (_adapted)
        {
            if (_adapted.TryGetValue(model.Name, out adapted!))
                return false;
            adapted = new AdaptedStudy(_model.Device, model);
            return true;
        }
    }

    /// <summary>Keeps what is complete.</summary>
    internal void Keep(AdaptedStudy adapted)
    {
        lock (_adapted)
            _adapted.Add(adapted.Model.Name, adapted);
    }

    /// <summary>Frees the memory, as soon as no request uses it any more.</summary>
    public void Dispose() => _life.Dispose();
}
