// One request on an encoded study: what is kept goes into the working memory, the rest of the prompt is read, ids become text.
using System.Diagnostics;
using System.Text;

namespace HSENet.Runtime;

/// <summary>A request whose prompt is built and whose limits are checked; <see cref="Run"/> is called by whoever has the model.</summary>
sealed class Answering
{
    readonly LanguageTokenizer _tokenizer;
    readonly AdaptedModel _adapted;
    readonly ReportOptions _options;
    readonly Conversation? _conversation;
    readonly int[] _prompt;
    readonly int _newTokens;

    /// <exception cref="HseNetException">The prompt is too long.</exception>
    public Answering(LanguageTokenizer tokenizer, AdaptedModel adapted, ReportOptions options, Conversation? conversation)
    {
        (_tokenizer, _adapted, _options, _conversation) = (tokenizer, adapted, options, conversation);
        int visual = adapted.Config.VisualTokens, limit = adapted.Config.LanguageModel.MaxPositionEmbeddings;
        _prompt = conversation is { Ids.Count: > 0 } ? [.. conversation.Ids, .. tokenizer.Encode(options.Question)]
            : Prompt.Build(tokenizer, visual, options.Question);
        if (conversation is not null && _prompt.Length >= Math.Min(limit, conversation.MaxTokens))
            throw new HseNetException($"with this question the conversation has {_prompt.Length} tokens: expected fewer than "
                + $"{Math.Min(limit, conversation.MaxTokens)}");
        if (_prompt.Length >= limit)
            throw new HseNetException($"the question has {_prompt.Length - 1 - visual} tokens: expected a prompt below {limit} tokens");
        _newTokens = Math.Min(options.MaxTokens, Math.Min(limit, conversation?.MaxTokens ?? limit) - _prompt.Length);
    }

    /// <summary>Tokens that are read at a time at most.</summary>
    public int Rows => InferencePlan.RowsOf(_adapted.Config, _prompt.Length);

    /// <summary>Positions of prompt and answer.</summary>
    public int Positions => _prompt.Length + _newTokens;

    /// <summary>Writes the answer.</summary>
    /// <param name="study">What is asked about.</param>
    /// <param name="pass">On working memory for <see cref="Rows"/> and <see cref="Positions"/>.</param>
    /// <param name="plan">Of this memory.</param>
    /// <param name="progress">Told where it stands.</param>
    /// <param name="write">Gets the text piece by piece.</param>
    /// <param name="cancellation">Ends it.</param>
    public ReportResult Run(EncodedStudy study, Pass pass, InferencePlan plan, StageProgress progress, Action<string> write,
        CancellationToken cancellation)
    {
        using var use = study.Use();
        using var talking = _conversation?.Use() ?? default;
        progress.Trace?.AnsweredBy(_adapted.Name);
        var config = _adapted.Config.LanguageModel;
        var clock = Stopwatch.StartNew();
        bool projects = study.Missing(_adapted, out var own);
        if (projects)
            Project(study, own, pass, plan, progress);
        double encoding = projects ? Lap(clock) : 0;

        var generator = new Generator(_adapted.Language, config, plan);
        bool hasLongFactors = config.HasLongFactors(_prompt.Length);
        int first = Recall(own, generator, pass, plan, progress, hasLongFactors, out int read);
        int readTokens = read + _prompt.Length - first;
        cancellation.ThrowIfCancellationRequested();
        double prefill = 0;
        var ids = new List<int>(_newTokens);
        var text = new StringBuilder();
        var decoder = new StreamingDecoder(_tokenizer);
        var stop = new StopText(_options.StopSequences);
        var choice = new TokenChoice(_options.Sampling, _options.LogProbabilities, _options.Logits);
        foreach (int id in generator.Generate(progress.Watch(pass), _prompt[first..], default, first, choice, _newTokens, cancellation))
        {
            if (ids.Count == 0)
            {
                prefill = Lap(clock);
                progress.Trace?.Prompt(readTokens, _prompt.Length - readTokens);
                progress.Begin(ReportStage.Generating, _newTokens);
            }
            ids.Add(id);
            progress.Step();
            progress.Trace?.Token();
            if (!config.EosTokenId.Contains(id))
                Write(stop.Append(decoder.Append(id)));
            if (stop.Stopped)
                break;
        }
        Write(stop.Append(decoder.Finish()));
        Write(stop.Finish());
        progress.End();
        _conversation?.Add(_adapted, _options.Question, text.ToString().Trim(), [.. _prompt, .. ids],
            KeptCache.Take(pass, plan.Language, config, _prompt.Length + ids.Count - 1, hasLongFactors));
        bool ended = stop.Stopped || config.EosTokenId.Contains(ids[^1]);
        progress.Trace?.Answered(ended, _adapted.Hash);
        return new ReportResult
        {
            Text = text.ToString(),
            Ids = ids,
            PromptTokens = _prompt.Length,
            ReadTokens = readTokens,
            LogProbabilities = choice.LogProbabilities,
            Logits = choice.Logits,
            Adapter = _adapted.Name,
            Seconds = new ReportSeconds(0, encoding, prefill, Lap(clock)),
            Weights = _adapted.Hash,
            Preprocessing = study.Preprocessing,
            Activations = plan.Memory.Activations,
            Notes = study.Notes,
            Ended = ended,
        };

        void Write(string piece)
        {
            if (piece.Length == 0)
                return;
            text.Append(piece);
            write(piece);
        }
    }

    void Project(EncodedStudy study, AdaptedStudy own, Pass pass, InferencePlan plan, StageProgress progress)
    {
        try
        {
            progress.Continue(ReportStage.Encoding);
            _adapted.Vision.Project(pass, plan.Vision, study.Features, own.VisualTokens);
            pass.Device.Synchronize();
            study.Keep(own);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    // Fills the working cache with as much of the prompt as is kept, and gives the position behind it.
    int Recall(AdaptedStudy own, Generator generator, Pass pass, InferencePlan plan, StageProgress progress, bool hasLongFactors,
        out int read)
    {
        var config = _adapted.Config;
        var kept = _conversation?.Cache is { } said && said.HasLongFactors == hasLongFactors ? said : own.Prefix(hasLongFactors);
        int layers = config.LanguageModel.NumHiddenLayers;
        progress.Begin(ReportStage.Reading, kept is null ? 2 * layers : layers);
        generator.Begin(pass, _prompt.Length);
        read = 0;
        if (kept is not null)
            kept.Put(pass, plan.Language);
        else
        {
            // By itself even where nothing is kept of it later: with other rows beside it, kernels may round it differently.
            read = config.PrefixTokens;
            generator.Read(progress.Watch(pass), _prompt.AsSpan(0, read), own.VisualTokens, 0);
            own.Keep(KeptCache.Take(pass, plan.Language, config.LanguageModel, read, hasLongFactors));
        }
        return kept?.Positions ?? read;
    }

    static double Lap(Stopwatch clock)
    {
        double seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        return seconds;
    }
}
