// The head that labels are learned through: a linear readout of every place, and scores of every patch. It is no part of a model.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Memory of the head for one volume; empty without labels.</summary>
/// <param name="Reduced">[patches, <see cref="LabelHead.Numbers"/>], and its gradient.</param>
/// <param name="Volume">[volume outputs], and its gradient.</param>
/// <param name="Patches">[patches, patch outputs], and its gradient.</param>
readonly record struct LabelBuffers((PlannedBuffer Values, PlannedBuffer Grad) Reduced, (PlannedBuffer Values, PlannedBuffer Grad) Volume,
    (PlannedBuffer Values, PlannedBuffer Grad) Patches)
{
    /// <summary>Reserves the memory.</summary>
    public static LabelBuffers Reserve(MemoryPlan plan, VisionConfig vision, LabelSpace? space)
    {
        return space is null ? default : new LabelBuffers(Pair("reduced", (long)vision.Patches * LabelHead.Numbers),
            Pair("volume", space.VolumeOutputs), Pair("patches", (long)vision.Patches * space.PatchOutputs));

        (PlannedBuffer, PlannedBuffer) Pair(string name, long length) =>
            (plan.Reserve($"labels.{name}", length), plan.Reserve($"labels.grad_{name}", length));
    }
}

/// <summary>
/// <see cref="Numbers"/> numbers of each patch, all of them flattened into one linear layer, give the outputs of the volume; another linear
/// layer gives the outputs of each patch.
/// </summary>
sealed class LabelHead
{
    /// <summary>Numbers that a patch gives to the readout of the volume.</summary>
    public const int Numbers = 16;

    const float RarePatch = -4; // log odds at which patches start: few of them hold anything

    readonly LabelSpace _space;
    readonly LinearLayer _reduce, _volume;
    readonly LinearLayer? _patches;
    readonly int _count, _channels;
    readonly float[] _volumeValues, _patchValues, _gradVolume, _gradPatches;

    /// <summary>Binds the head's tensors.</summary>
    public LabelHead(WeightStore weights, int stage, VisionConfig vision, LabelSpace space)
    {
        (_space, _count, _channels) = (space, vision.Patches, vision.HiddenSize);
        _reduce = LinearLayer.Bind(weights, Name(stage, "reduce"), _channels, Numbers);
        _volume = LinearLayer.Bind(weights, Name(stage, "volume"), _count * Numbers, space.VolumeOutputs);
        _patches = space.PatchOutputs == 0 ? null : LinearLayer.Bind(weights, Name(stage, "patches"), _channels, space.PatchOutputs);
        (_volumeValues, _gradVolume) = (new float[space.VolumeOutputs], new float[space.VolumeOutputs]);
        (_patchValues, _gradPatches) = (new float[_count * space.PatchOutputs], new float[_count * space.PatchOutputs]);
    }

    /// <summary>Outputs of the volume that was looked at last.</summary>
    public ReadOnlySpan<float> VolumeOutputs => _volumeValues;

    /// <summary>Outputs of its patches, [patches, outputs].</summary>
    public ReadOnlySpan<float> PatchOutputs => _patchValues;

    /// <summary>The head's tensors in a fixed order.</summary>
    public static IEnumerable<TrainableTensor> Tensors(int stage, VisionConfig vision, LabelSpace space)
    {
        IEnumerable<(string Part, long Inputs, long Outputs)> layers =
            [("reduce", vision.HiddenSize, Numbers), ("volume", (long)vision.Patches * Numbers, space.VolumeOutputs)];
        if (space.PatchOutputs > 0)
            layers = layers.Append(("patches", vision.HiddenSize, space.PatchOutputs));
        return layers.SelectMany(layer => new[]
        {
            TrainableTensor.Of(Name(stage, layer.Part) + ".weight", layer.Outputs, layer.Inputs),
            TrainableTensor.Of(Name(stage, layer.Part) + ".bias", layer.Outputs),
        });
    }

    /// <summary>Whether a tensor is of a head, so that no model gets it.</summary>
    public static bool Owns(string tensor) => tensor.StartsWith("labels", StringComparison.Ordinal);

    /// <summary>Where a tensor of a head starts, if not as others do: at how often its outputs hold.</summary>
    public static float[]? Start(string tensor, LabelSpace space)
    {
        if (tensor.EndsWith(".volume.bias", StringComparison.Ordinal))
            return [.. space.KindLogOdds, .. new float[space.VolumeOutputs - space.Kinds.Length]];
        return tensor.EndsWith(".patches.bias", StringComparison.Ordinal)
            ? [.. space.LocalKinds.Select(_ => RarePatch), .. new float[space.PatchOutputs - space.LocalKinds.Length]] : null;
    }

    /// <summary>The loss of a volume and, with a scale, its gradients: those of the head are added to, and so is that of the
    /// features. Waits for the device.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Memory.</param>
    /// <param name="features">[1 + patches, channels], CLS first.</param>
    /// <param name="targets">What the outputs should be.</param>
    /// <param name="weights">Of the loss's parts.</param>
    /// <param name="scale">Multiplies the gradients; null: none is wanted.</param>
    /// <param name="gradFeatures">[1 + patches, channels].</param>
    public double Loss(in Pass pass, LabelBuffers buffers, View<float> features, LabelTargets targets, LabelWeights weights, double? scale,
        View<float> gradFeatures)
    {
        var device = pass.Device;
        var patches = features.Slice(_channels, (long)_count * _channels);
        View<float> reduced = pass[buffers.Reduced.Values], volume = pass[buffers.Volume.Values], scores = pass[buffers.Patches.Values];
        _reduce.Forward(device, patches, reduced, _count);
        _volume.Forward(device, reduced, volume, 1);
        _patches?.Forward(device, patches, scores, _count);
        device.Download(volume, _volumeValues);
        if (_patches is not null)
            device.Download(scores, _patchValues);
        double loss = LabelLoss.Compute(_space, targets, weights, _volumeValues, _patchValues, scale ?? 0, _gradVolume, _gradPatches);
        if (scale is null)
            return loss;

        View<float> grad = gradFeatures.Slice(_channels, patches.Length), gradReduced = pass[buffers.Reduced.Grad],
            gradVolume = pass[buffers.Volume.Grad];
        device.Upload<float>(_gradVolume, gradVolume);
        _volume.Backward(device, gradVolume, reduced, gradReduced, 1);
        _reduce.Backward(device, gradReduced, patches, grad, _count, residual: grad);
        if (_patches is not { } perPatch)
            return loss;
        var gradScores = pass[buffers.Patches.Grad];
        device.Upload<float>(_gradPatches, gradScores);
        perPatch.Backward(device, gradScores, patches, grad, _count, residual: grad);
        return loss;
    }

    static string Name(int stage, string part) => $"labels{stage}.{part}";
}
