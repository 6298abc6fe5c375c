// Volumes and reports in one space: what retrieval compares. The contrastive stage 2 trained it.
using System.IO.Hashing;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Makes embeddings of CTs and of texts that are close to each other where they say the same: encoder 2, guided by slices, and its
/// text encoder, projected and of length 1. Serves many threads: requests queue.</summary>
public sealed class StudyEmbedder : IDisposable
{
    // The reference shortens reports to this, by random sentences; here the same ones for the same text.
    const int MaximumTokens = 512;
    const long SentenceSeed = 42;

    static readonly string[] Parts = ["slice_encoder.", "encoder2.", "text_encoder2.", "clip2."];

    readonly SemaphoreSlim _oneRequest = new(1, 1);
    readonly CancellationTokenSource _closing = new();
    readonly ModelConfig _config;
    readonly WeightStore _weights;
    readonly Lifetime _life;
    readonly SliceEncoder _slices;
    readonly VisionEncoder _vision;
    readonly TextEncoder _text;
    readonly ContrastiveHead _head;
    readonly TextEncoderTokenizer _tokenizer;
    readonly Buffers _buffers;
    readonly Arena _arena;
    readonly int _tokens;

    sealed record Buffers(PlannedBuffer Embedding, PlannedBuffer SliceFeatures, PlannedBuffer Features, SliceEncoder.Buffers Slices,
        VisionEncoder.Buffers Vision, PlannedBuffer Hidden, TextEncoder.Buffers Text);

    StudyEmbedder(string folder, ModelConfig config, WeightStore weights, string hash)
    {
        (_config, _weights, WeightsHash) = (config, weights, hash);
        var (slices, text) = (config.SliceEncoder!, config.TextEncoder!);
        _tokenizer = TextEncoderTokenizer.Open(folder);
        if (_tokenizer.Count != text.VocabSize)
            throw new HseNetFileException(folder, $"the text encoder's vocabulary has {_tokenizer.Count} tokens",
                $"{text.VocabSize}, the rows of its embedding table");
        _tokens = Math.Min(MaximumTokens, text.MaxPositionEmbeddings);
        _slices = new SliceEncoder(weights, slices);
        _vision = new VisionEncoder(weights, "encoder2", config.Vision, sliceGuided: true);
        _text = new TextEncoder(weights, "text_encoder2", text);
        _head = new ContrastiveHead(weights, 2, config.Vision.HiddenSize);
        var plan = new MemoryPlan();
        var embedding = plan.Reserve("embedding", config.Vision.HiddenSize);
        var sliceFeatures = plan.Reserve("slice_features", (long)slices.Slices * slices.HiddenSize);
        _buffers = new Buffers(embedding, sliceFeatures, plan.Reserve("features", (config.Vision.Patches + 1L) * config.Vision.HiddenSize),
            SliceEncoder.Reserve(plan, slices, slices.Slices), VisionEncoder.Reserve(plan, "encoder2", config.Vision, slices.Slices),
            plan.Reserve("hidden", (long)_tokens * text.HiddenSize), TextEncoder.Reserve(plan, text, _tokens));
        _arena = new Arena(weights.Device, plan);
        _life = new Lifetime(this, () =>
        {
            _arena.Dispose();
            _weights.Dispose();
        });
    }

    /// <summary>Opens the part of a model folder that makes embeddings.</summary>
    /// <param name="folder">A folder that <c>hsenet convert --text-encoder</c> wrote, or a training of both stages.</param>
    /// <param name="device">Where it runs; disposed by the caller.</param>
    /// <exception cref="HseNetFileException">A file is missing or does not fit the others, or the model has no such part.</exception>
    public static StudyEmbedder Open(string folder, Device device)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        var config = ModelConfig.Read(folder);
        if (config.TextEncoder is not { } text || !text.Stages.Contains(2) || config.SliceEncoder is null
            || config.Encoders == VisionEncoders.Volume)
            throw new HseNetFileException(folder, "has no text encoder of stage 2 beside encoder 2", "a folder converted with both");
        var source = TensorSource.Open(folder);
        var weights = new WeightStore(device, source);
        try
        {
            return new StudyEmbedder(folder, config, weights, Hash(source));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Hash of the weights that decide embeddings, 16 hexadecimal digits: those of different hashes cannot be compared.</summary>
    public string WeightsHash { get; }

    /// <summary>Numbers in an embedding.</summary>
    public int Channels => _config.Vision.HiddenSize;

    internal OwnPreset? Preset => _config.Preprocessing;

    internal Device Device => _weights.Device;

    /// <summary>The embedding of a volume: of length 1.</summary>
    /// <param name="study">The CT.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetException">The study cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The embedder or the study was disposed.</exception>
    public float[] Embed(CtStudy study, CancellationToken cancellation = default) => Embed(study, out _, cancellation);

    internal float[] Embed(CtStudy study, out string preprocessing, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(study);
        (float[] embedding, preprocessing) = Alone(cancellation, stop =>
        {
            using var prepared = study.Prepare(Device, _config, stop);
            var pass = new Pass(Device, _arena);
            var (slices, features, embedding) = (prepared.SliceFeatures, pass[_buffers.Features], pass[_buffers.Embedding]);
            if (slices.IsEmpty)
            {
                slices = pass[_buffers.SliceFeatures];
                _slices.Forward(pass, _buffers.Slices, prepared.SlicePixels, slices);
            }
            _vision.Forward(pass, _buffers.Vision, prepared.Volume, slices, features);
            _head.Image(Device, features, embedding);
            return (Downloaded(embedding), prepared.Preprocessing);
        });
        return embedding;
    }

    /// <summary>The embedding of a report or of a description: of length 1. Of more than 512 tokens the first sentence and some others
    /// count.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ArgumentException">It is empty.</exception>
    /// <exception cref="ObjectDisposedException">The embedder was disposed.</exception>
    public float[] Embed(string text, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        return Alone(cancellation, _ =>
        {
            int[] ids = ReportText.Shortened(_tokenizer, ReportText.Clean(text), _tokens, new SeededDraws(SentenceSeed, "sentences"));
            var pass = new Pass(Device, _arena);
            var (hidden, embedding) = (pass.Rows(_buffers.Hidden, ids.Length, _config.TextEncoder!.HiddenSize), pass[_buffers.Embedding]);
            _text.Forward(pass, _buffers.Text, ids, ids.Length, hidden);
            _head.Text(Device, hidden, embedding);
            return Downloaded(embedding);
        });
    }

    // Who waits for another request hears that he is cancelled, too.
    T Alone<T>(CancellationToken cancellation, Func<CancellationToken, T> work)
    {
        using var use = _life.Use();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closing.Token);
        try
        {
            _oneRequest.Wait(either.Token);
            try
            {
                using var launches = Device.CancelLaunchesBy(either.Token);
                return work(either.Token);
            }
            finally
            {
                _oneRequest.Release();
            }
        }
        catch (OperationCanceledException e) when (either.IsCancellationRequested)
        {
            throw cancellation.IsCancellationRequested ? EitherToken.Named(e, cancellation)
                : new ObjectDisposedException(typeof(StudyEmbedder).FullName, "the embedder was disposed while it was used");
        }
    }

    float[] Downloaded(View<float> embedding)
    {
        var values = new float[embedding.Length];
        Device.Download<float>(embedding, values);
        return values;
    }

    static string Hash(TensorSource source)
    {
        var hash = new XxHash3();
        foreach (string part in Parts)
            hash.Append(Encoding.UTF8.GetBytes(ModelAdapters.Hash(source, part)));
        return hash.Hex();
    }

    /// <summary>Cancels what runs and what waits, and gives all memory back as soon as that has ended.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        _life.Dispose();
    }
}
