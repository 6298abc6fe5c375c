// The head that labels of slices are learned through: a linear layer over all tokens and a readout of all places. It is no part of a model.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// The class token of a slice gives the outputs of <see cref="SliceSpace"/>, which is what guides encoder 2; every other token those of a
/// patch. Beside them some numbers of each token, all of them flattened into one linear layer, give the outputs of the study, as in
/// <see cref="LabelHead"/>: a class token alone learns little at first.
/// </summary>
sealed class SliceHead
{
    const string Name = "labels_slices";

    const float RareSlice = -3, RarePatch = -4; // log odds at which what has a place starts

    readonly SliceSpace _space;
    readonly LinearLayer _tokens, _reduce, _volume;
    readonly int _slices, _patches, _width;
    readonly Outputs _tokenOutputs, _reduced, _volumeOutputs;
    readonly float[] _sliceValues, _gradSlices, _patchValues, _gradPatches;

    // On the device, and those that the host looks at.
    readonly record struct Outputs(PlannedBuffer Buffer, PlannedBuffer GradBuffer, float[] Values, float[] Grad)
    {
        public static Outputs Reserve(MemoryPlan plan, string name, int length, bool onHost = true) =>
            new(plan.Reserve($"labels.{name}", length), plan.Reserve($"labels.grad_{name}", length), new float[onHost ? length : 0],
                new float[onHost ? length : 0]);
    }

    /// <summary>Binds the head's tensors and reserves its memory.</summary>
    public SliceHead(WeightStore weights, MemoryPlan plan, SliceEncoderConfig config, SliceSpace space, int slices)
    {
        (_space, _slices, _patches, _width) = (space, slices, config.Patches, space.Outputs + space.Volume.PatchOutputs);
        int rows = slices * (1 + _patches), patches = slices * _patches * space.Volume.PatchOutputs;
        _tokens = LinearLayer.Bind(weights, $"{Name}.tokens", config.HiddenSize, _width);
        _reduce = LinearLayer.Bind(weights, $"{Name}.reduce", config.HiddenSize, LabelHead.Numbers);
        _volume = LinearLayer.Bind(weights, $"{Name}.volume", rows * LabelHead.Numbers, space.Volume.VolumeOutputs);
        _tokenOutputs = Outputs.Reserve(plan, "tokens", rows * _width);
        _reduced = Outputs.Reserve(plan, "reduced", rows * LabelHead.Numbers, onHost: false);
        _volumeOutputs = Outputs.Reserve(plan, "volume", space.Volume.VolumeOutputs);
        (_sliceValues, _gradSlices) = (new float[slices * space.Outputs], new float[slices * space.Outputs]);
        (_patchValues, _gradPatches) = (new float[patches], new float[patches]);
    }

    /// <summary>[slices, outputs] of the slices that were looked at last.</summary>
    public ReadOnlySpan<float> SliceOutputs => _sliceValues;

    /// <summary>[slices, patches, outputs] of their patches.</summary>
    public ReadOnlySpan<float> PatchOutputs => _patchValues;

    /// <summary>The head's tensors in a fixed order.</summary>
    /// <param name="config">Of the encoder.</param>
    /// <param name="space">The outputs.</param>
    /// <param name="slices">Slices that are looked at together.</param>
    public static IEnumerable<TrainableTensor> Tensors(SliceEncoderConfig config, SliceSpace space, int slices)
    {
        (string Part, long Inputs, long Outputs)[] layers =
        [
            ("tokens", config.HiddenSize, space.Outputs + space.Volume.PatchOutputs), ("reduce", config.HiddenSize, LabelHead.Numbers),
            ("volume", (long)slices * (1 + config.Patches) * LabelHead.Numbers, space.Volume.VolumeOutputs),
        ];
        return layers.SelectMany(layer => new[]
        {
            TrainableTensor.Of($"{Name}.{layer.Part}.weight", layer.Outputs, layer.Inputs),
            TrainableTensor.Of($"{Name}.{layer.Part}.bias", layer.Outputs),
        });
    }

    /// <summary>Where its biases start: at how often their outputs hold.</summary>
    public static float[]? Start(string tensor, SliceSpace space) => tensor switch
    {
        Name + ".tokens.bias" =>
        [
            .. Enumerable.Range(0, space.Kinds).Select(kind => space.LocalKind(kind) < 0 ? space.Volume.KindLogOdds[kind] : RareSlice),
            .. new float[space.Sides.Length], .. space.Volume.LocalKinds.Select(_ => RarePatch),
            .. new float[space.Volume.PatchOutputs - space.Volume.LocalKinds.Length],
        ],
        Name + ".volume.bias" => [.. space.Volume.KindLogOdds, .. new float[space.Volume.VolumeOutputs - space.Kinds]],
        _ => null,
    };

    /// <summary>The loss of some slices and, with a scale, its gradients: those of the head are added to, that of the tokens is
    /// overwritten. Waits for the device.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="tokens">[slices, 1 + patches, channels].</param>
    /// <param name="targets">What the outputs should be.</param>
    /// <param name="weights">Of the loss's parts.</param>
    /// <param name="scale">Multiplies the gradients; null: none is wanted.</param>
    /// <param name="gradTokens">[slices, 1 + patches, channels].</param>
    public double Loss(in Pass pass, View<float> tokens, SliceTargets targets, LabelWeights weights, double? scale, View<float> gradTokens)
    {
        var device = pass.Device;
        View<float> outputs = pass[_tokenOutputs.Buffer], reduced = pass[_reduced.Buffer], volume = pass[_volumeOutputs.Buffer];
        int rows = _slices * (1 + _patches);
        _tokens.Forward(device, tokens, outputs, rows);
        _reduce.Forward(device, tokens, reduced, rows);
        _volume.Forward(device, reduced, volume, 1);
        device.Download(outputs, _tokenOutputs.Values);
        device.Download(volume, _volumeOutputs.Values);
        Share(_tokenOutputs.Values, _sliceValues, _patchValues, (row, part) => row.CopyTo(part));
        double loss = SliceLoss.Compute(_space, targets, weights, _sliceValues, scale ?? 0, _gradSlices)
            + LabelLoss.OfPatches(_space.Volume, targets.Patches, weights, _patchValues, scale ?? 0, _gradPatches)
            + LabelLoss.OfVolume(_space.Volume, targets.Volume, weights, _volumeOutputs.Values, scale ?? 0, _volumeOutputs.Grad);
        if (scale is null)
            return loss;

        View<float> gradOutputs = pass[_tokenOutputs.GradBuffer], gradReduced = pass[_reduced.GradBuffer],
            gradVolume = pass[_volumeOutputs.GradBuffer];
        Share(_tokenOutputs.Grad, _gradSlices, _gradPatches, (row, part) => part.CopyTo(row));
        device.Upload<float>(_tokenOutputs.Grad, gradOutputs);
        device.Upload<float>(_volumeOutputs.Grad, gradVolume);
        _tokens.Backward(device, gradOutputs, tokens, gradTokens, rows);
        _volume.Backward(device, gradVolume, reduced, gradReduced, 1);
        _reduce.Backward(device, gradReduced, tokens, gradTokens, rows, residual: gradTokens);
        return loss;
    }

    delegate void Sharing(Span<float> row, Span<float> part);

    // A row of the class token goes with the outputs of its slice, another one with those of its patch; what is left is always 0.
    void Share(float[] rows, float[] slices, float[] patches, Sharing share)
    {
        int outputs = _space.Outputs, perPatch = _space.Volume.PatchOutputs;
        for (int slice = 0, row = 0, patch = 0; slice < _slices; slice++)
        {
            share(rows.AsSpan(row++ * _width, outputs), slices.AsSpan(slice * outputs, outputs));
            for (int i = 0; i < _patches; i++)
                share(rows.AsSpan(row++ * _width + outputs, perPatch), patches.AsSpan(patch++ * perPatch, perPatch));
        }
    }
}
