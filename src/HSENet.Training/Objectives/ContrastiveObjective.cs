// The contrastive stages: a volume and its report close to each other in a shared space, and far from the others of the batch.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Stage 1 trains encoder 1 and a text encoder, stage 2 encoder 2 and another, held to the logits of the frozen stage 1 at first (paper,
/// section 3.2). All embeddings of a batch come first, then the loss, then the backward pair by pair, which computes the encoders again: a
/// batch costs the memory of one pair.
/// </summary>
sealed class ContrastiveObjective : ITrainingObjective
{
    readonly ContrastivePlan _plan;
    readonly ModelConfig _model;
    readonly TrainingConfig _training;
    readonly WeightStore _weights;
    readonly Tower _trained;
    readonly Tower? _frozen;
    readonly View<float> _gradLogitScale;
    readonly LabelSpace? _labels;
    readonly LabelHead? _labelHead;
    readonly LabelScores? _scores;
    readonly Arena _arena;

    /// <summary>Opens the weights of a model for training; the source is owned by the objective from here on.</summary>
    /// <param name="device">Where it runs; the caller disposes it afterwards.</param>
    /// <param name="model">The model's configuration.</param>
    /// <param name="source">Its weights; stage 1 from scratch reads none of them.</param>
    /// <param name="training">What is trained and how.</param>
    /// <param name="labels">The outputs that labels are learned on, if they are.</param>
    /// <exception cref="HseNetException">Model and training do not fit each other, or a tensor is missing.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    public ContrastiveObjective(Device device, ModelConfig model, TensorSource source, TrainingConfig training, LabelSpace? labels = null)
    {
        (_model, _training, _labels) = (model, training, labels);
        _plan = ContrastivePlan.For(model, training, labels);
        Parameters = new ParameterSet(device, _plan.Parameters);
        _weights = new WeightStore(device, source, Parameters);
        try
        {
            WeightInitialization.Set(Parameters, source, training.Init, training.Seed, (checkpoint, name) =>
                ContrastiveTensors.Find(checkpoint, name, _plan.Stage),
                name => labels is not null && LabelHead.Owns(name) ? LabelHead.Start(name, labels) : null);
            _trained = new Tower(_weights, model, _plan.Stage);
            _frozen = _plan.Frozen is null ? null : new Tower(_weights, model, 1);
            _labelHead = labels is null ? null : new LabelHead(_weights, _plan.Stage, model.Vision, labels);
            _scores = labels is null ? null : new LabelScores(labels);
            _gradLogitScale = _weights.Gradient(ContrastiveTensors.LogitScale(_plan.Stage));
            _arena = new Arena(device, _plan.Memory);
        }
        catch
        {
            _weights.Dispose();
            Parameters.Dispose();
            throw;
        }
    }

    /// <summary>Both encoders of a stage and what joins them.</summary>
    sealed class Tower(WeightStore weights, ModelConfig model, int stage)
    {
        public VisionEncoder Vision { get; } = new(weights, $"encoder{stage}", model.Vision, sliceGuided: stage == 2);

        public TextEncoder Text { get; } = new(weights, $"text_encoder{stage}", model.TextEncoder!);

        public ContrastiveHead Head { get; } = new(weights, stage, model.Vision.HiddenSize);

        public View<float> LogitScale { get; } = weights.Vector(ContrastiveTensors.LogitScale(stage), 1);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public MemoryPlan Plan => _plan.Memory;

    /// <inheritdoc/>
    public long FrozenBytes => _weights.Bytes;

    /// <summary>Weight of the relation loss after some steps.</summary>
    public static double RelationWeight(TrainingConfig training, long step) =>
        step < training.RelationSteps ? training.RelationWeight * (1 - (double)step / training.RelationSteps) : 0;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, LabelScore>? TakeScores() => _scores?.Take();

    /// <inheritdoc/>
    public BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share)
    {
        var pass = new Pass(Parameters.Device, _arena);
        double loss = Loss(pass, batch, step, share), labels = 0;
        // What the last pair left in memory is still there.
        for (int i = batch.Count - 1; i >= 0 && double.IsFinite(loss + labels); i--)
            labels += Backward(pass, batch[i], step, i, again: !Contrasts || i < batch.Count - 1, share / batch.Count);
        return Result(batch, loss + _training.LabelWeight * labels / batch.Count);
    }

    /// <inheritdoc/>
    public BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step) =>
        Result(batch, Loss(new Pass(Parameters.Device, _arena), batch, step, share: null));

    // A pair alone, at the end of a list, has none to be compared with: without labels its loss is 0 and does not count.
    BatchLoss Result(IReadOnlyList<TrainingExample> batch, double loss) =>
        new(loss, batch.Sum(example => (Contrasts ? example.Ids.Length : 0) + _model.Vision.Patches + 1L),
            batch.Count > 1 || _labels is not null ? batch.Count : 0);

    bool Contrasts => _training.ContrastiveWeight > 0;

    /// <summary>The loss of a batch and, with a share, the gradients of its embeddings; labels then come on the way back.</summary>
    double Loss(in Pass pass, IReadOnlyList<TrainingExample> batch, StepContext step, double? share)
    {
        if (batch.Count < 1 || batch.Count > _training.Batch)
            throw new ArgumentException($"a batch of {batch.Count} pairs; expected 1 to {_training.Batch}");
        foreach (var example in batch)
            Check(example);
        double labels = 0;
        if (share is null)
            foreach (var example in batch)
            {
                LoadImage(pass, example, null);
                labels += _training.LabelWeight * LabelLoss(pass, example, EncodeImage(pass, default), default, scale: null) / batch.Count;
            }
        return labels + (Contrasts ? _training.ContrastiveWeight * ContrastiveLoss(pass, batch, step, share) : 0);
    }

    double ContrastiveLoss(in Pass pass, IReadOnlyList<TrainingExample> batch, StepContext step, double? share)
    {
        double relationWeight = RelationWeight(_training, step.Step);
        FrozenStageBuffers? frozen = relationWeight > 0 ? _plan.Frozen : null;
        for (int i = 0; i < batch.Count; i++)
        {
            var dropout = share is null ? default : Dropout(step, batch[i]);
            LoadImage(pass, batch[i], share is null ? null : step);
            if (frozen is { } buffers)
            {
                _frozen!.Vision.Forward(pass, buffers.Vision, pass[_plan.Volume.Seen], default, pass[_plan.Features]);
                _frozen.Head.Image(pass.Device, pass[_plan.Features], Row(pass, buffers.Images.Embeddings, i));
                _frozen.Head.Text(pass.Device, EncodeText(pass, _frozen, batch[i], _training.FrozenDropout ? dropout : default),
                    Row(pass, buffers.Texts.Embeddings, i));
            }
            _trained.Head.Image(pass.Device, EncodeImage(pass, dropout), Row(pass, _plan.Images.Embeddings, i),
                Row(pass, _plan.Images.Projected, i));
            _trained.Head.Text(pass.Device, EncodeText(pass, _trained, batch[i], dropout), Row(pass, _plan.Texts.Embeddings, i),
                Row(pass, _plan.Texts.Projected, i));
        }
        var frozenLogits = frozen is { } stage
            ? Compare(pass, _frozen!, batch.Count, stage.Images, stage.Texts, default, stage.Logits, null, 0) : default;
        Compare(pass, _trained, batch.Count, _plan.Images, _plan.Texts, frozenLogits, _plan.Logits, share, relationWeight);
        Span<float> losses = stackalloc float[2];
        pass.Device.Download(pass[_plan.Loss], losses);
        return losses[0] + relationWeight * losses[1] + (_training.EqualPositives ? EqualPairsLoss(pass, batch, share) : 0);
    }

    /// <summary>What equal pairs change of the loss and of the gradients, which are there already.</summary>
    double EqualPairsLoss(in Pass pass, IReadOnlyList<TrainingExample> batch, double? share)
    {
        int[] groups = EqualPairs.Groups(batch);
        if (groups.Distinct().Count() == groups.Length)
            return 0;
        var device = pass.Device;
        int rows = batch.Count, channels = _model.Vision.HiddenSize;
        View<float> gradImages = pass.Rows(_plan.Images.GradEmbeddings, rows, channels),
            gradTexts = pass.Rows(_plan.Texts.GradEmbeddings, rows, channels);
        float[] images = Downloaded(device, pass.Rows(_plan.Images.Embeddings, rows, channels)),
            texts = Downloaded(device, pass.Rows(_plan.Texts.Embeddings, rows, channels)), scale = Downloaded(device, _trained.LogitScale);
        if (share is not { } given)
            return EqualPairs.Add(groups, images, texts, scale[0], 0, default, default).Loss;
        float[] imageGradients = Downloaded(device, gradImages), textGradients = Downloaded(device, gradTexts),
            scaleGradient = Downloaded(device, _gradLogitScale);
        var (loss, gradScale) = EqualPairs.Add(groups, images, texts, scale[0], given * _training.ContrastiveWeight, imageGradients,
            textGradients);
        scaleGradient[0] += (float)gradScale;
        device.Upload<float>(imageGradients, gradImages);
        device.Upload<float>(textGradients, gradTexts);
        device.Upload<float>(scaleGradient, _gradLogitScale);
        return loss;
    }

    static float[] Downloaded(Device device, View<float> view)
    {
        var values = new float[view.Length];
        device.Download(view, values);
        return values;
    }

    /// <summary>Logits of a batch and its losses. Returns the logits.</summary>
    View<float> Compare(
        in Pass pass, Tower tower, int rows, EmbeddingBuffers images, EmbeddingBuffers texts, View<float> frozenLogits,
            PlannedBuffer logits, double? share, double relationWeight)
    {
        int channels = _model.Vision.HiddenSize;
        var result = pass.Rows(logits, rows, rows);
        Kernels.ContrastiveLoss.Forward(pass.Device, new ContrastiveLossArguments
        {
            Images = pass.Rows(images.Embeddings, rows, channels),
            Texts = pass.Rows(texts.Embeddings, rows, channels),
            LogitScale = tower.LogitScale,
            FrozenLogits = frozenLogits,
            Logits = result,
            Loss = pass[_plan.Loss],
            GradImages = share is null ? default : pass.Rows(images.GradEmbeddings, rows, channels),
            GradTexts = share is null ? default : pass.Rows(texts.GradEmbeddings, rows, channels),
            GradLogitScale = share is null ? default : _gradLogitScale,
            Scratch = pass[_plan.LossScratch].Slice(0, Kernels.ContrastiveLoss.ScratchLength(rows)),
            Rows = rows,
            Channels = channels,
            RelationWeight = (float)relationWeight,
            Scale = (float)((share ?? 0) * _training.ContrastiveWeight),
        });
        return result;
    }

    /// <summary>The gradients of one pair's encoders; their forwards first, unless what they keep is still there. Returns the loss of its
    /// labels.</summary>
    double Backward(in Pass pass, TrainingExample example, StepContext step, int row, bool again, double share)
    {
        var dropout = Dropout(step, example);
        var augmentation = again ? LoadImage(pass, example, step) : _plan.Volume.Draw(example, step);
        if (again)
        {
            EncodeImage(pass, dropout);
            if (Contrasts)
                EncodeText(pass, _trained, example, dropout);
        }
        var gradFeatures = pass[_plan.GradFeatures];
        if (Contrasts)
            _trained.Head.ImageBackward(pass.Device, pass[_plan.Features], Row(pass, _plan.Images.Projected, row),
                Row(pass, _plan.Images.GradEmbeddings, row), gradFeatures);
        else
            pass.Device.Clear(gradFeatures.As<byte>());
        double labels = LabelLoss(pass, example, pass[_plan.Features], augmentation, _training.LabelWeight * share);
        _trained.Vision.Backward(pass, _plan.Vision, pass[_plan.Volume.Seen], pass[_plan.SliceFeatures], gradFeatures, dropout);
        if (!Contrasts)
            return labels;
        var text = Sequence(example, dropout);
        _trained.Head.TextBackward(pass.Device, _trained.Text.Hidden(pass, text), Row(pass, _plan.Texts.Projected, row),
            Row(pass, _plan.Texts.GradEmbeddings, row), _trained.Text.Grad(pass, text));
        _trained.Text.Backward(pass, text);
        return labels;
    }

    /// <summary>The loss of a volume's labels, 0 without a head; with a scale their gradients, too. Without one the outputs are kept
    /// for the scores.</summary>
    double LabelLoss(in Pass pass, TrainingExample example, View<float> features, Augmentation augmentation, double? scale)
    {
        if (_labelHead is not { } head || _labels is not { } labels)
            return 0;
        var targets = example.Targets ?? LabelTargets.Of(labels, example.Study, _model.Vision, augmentation.Shift);
        double loss = head.Loss(pass, _plan.Labels, features, targets, LabelWeights.Of(_training), scale, pass[_plan.GradFeatures]);
        if (scale is null)
            _scores!.Add(targets, head.VolumeOutputs, head.PatchOutputs);
        return loss;
    }

    Augmentation LoadImage(in Pass pass, TrainingExample example, StepContext? augmented)
    {
        if (_plan.Stage == 2)
            pass.Device.Upload(example.SliceFeatures.Span, pass[_plan.SliceFeatures]);
        return _plan.Volume.Load(pass, example, augmented);
    }

    View<float> EncodeImage(in Pass pass, AttentionDropout dropout)
    {
        var features = pass[_plan.Features];
        _trained.Vision.ForwardKeeping(pass, _plan.Vision, pass[_plan.Volume.Seen], pass[_plan.SliceFeatures], features, dropout);
        return features;
    }

    View<float> EncodeText(in Pass pass, Tower tower, TrainingExample example, AttentionDropout dropout) =>
        tower.Text.ForwardKeeping(pass, Sequence(example, dropout), example.Ids);

    TextEncoder.Sequence Sequence(TrainingExample example, AttentionDropout dropout) => new(_plan.Text, example.Ids.Length, dropout);

    AttentionDropout Dropout(StepContext step, TrainingExample example) =>
        new(step.Seeds(example.Row), (float)_training.Dropout);

    View<float> Row(in Pass pass, PlannedBuffer rows, int row) =>
        pass[rows].Slice((long)row * _model.Vision.HiddenSize, _model.Vision.HiddenSize);

    void Check(TrainingExample example)
    {
        long volume = _model.Vision.Image.Count, features = _plan.SliceFeatures.Bytes / sizeof(float);
        string? problem = example.Volume.Length != volume ? $"a volume of {example.Volume.Length} voxels, not {volume}"
            : features > 0 && example.SliceFeatures.Length != features ? $"{example.SliceFeatures.Length} slice features, not {features}"
            : example.Ids.Length < 1 || example.Ids.Length > _plan.TextTokens
                ? $"{example.Ids.Length} word pieces, not 1 to {_plan.TextTokens}"
            : example.Ids.Any(id => id < 0 || id >= _model.TextEncoder!.VocabSize)
                ? $"a word piece beyond the vocabulary of {_model.TextEncoder!.VocabSize}"
            : null;
        if (problem is not null)
            throw new HseNetException($"row {example.Row} of the manifest has {problem}");
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        _arena.Dispose();
        _weights.Dispose();
        Parameters.Dispose();
    }
}
