// Makes the arrays that a sample needs of its study: read when they are finished, computed on the host otherwise, kept in the cache.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What is made of a study, and how.</summary>
/// <param name="Weights">Model folder, whose slice encoder computes features.</param>
/// <param name="Target">Sizes of the volume.</param>
/// <param name="SliceChannels">Channels of slice features; 0 for a training that reads none.</param>
/// <param name="Study">How scans are read and preprocessed.</param>
sealed record StudyRecipe(string Weights, PreprocessingTarget Target, int SliceChannels, CtStudyOptions Study)
{
    /// <summary>Shape of the volume.</summary>
    public long[] VolumeShape => [1, Target.Depth, Target.Height, Target.Width];

    /// <summary>Floats of the volume.</summary>
    public long VolumeLength => (long)Target.Depth * Target.Height * Target.Width;

    /// <summary>Floats of the slice features.</summary>
    public long FeatureLength => (long)Target.Slices * SliceChannels;

    /// <summary>The recipe of a training.</summary>
    public static StudyRecipe For(TrainingConfig config, ModelConfig model, CtStudyOptions study)
    {
        bool slices = config.Task switch
        {
            TrainingTask.Stage1 => false,
            TrainingTask.Stage2 => true,
            _ => model.Encoders != VisionEncoders.Volume,
        };
        if (slices && model.SliceEncoder is null)
            throw new HseNetFileException(config.Weights, "has no slice encoder, so the size of slice features is not known", "a folder converted with --slice-encoder");
        var target = PreprocessingTarget.Of(model) with { Slices = slices ? model.SliceEncoder!.Slices : 0 };
        return new StudyRecipe(config.Weights, target, slices ? model.SliceEncoder!.HiddenSize : 0, study with
        {
            Preprocessing = study.Preprocessing with
            {
                Preset = config.Preset == "bimcv-r" ? PreprocessingPreset.BimcvR : PreprocessingPreset.Standard,
                SliceJpeg = config.SliceJpeg,
                Force = config.Force,
            },
        });
    }
}

/// <summary>One of the workers that prepare studies; one thread at a time.</summary>
sealed class StudyPreparer(StudyRecipe recipe, VolumeCache? cache, Lazy<string> sliceWeights, HostDevice device) : IDisposable
{
    SliceFeatureEncoder? _encoder;

    /// <summary>Hash of the slice encoder's weights, computed when the first study needs it.</summary>
    public static Lazy<string> SliceWeights(string folder) => new(() =>
    {
        using var source = TensorSource.Open(folder);
        return HseNetModel.Hash(source, "slice_encoder.");
    });

    /// <summary>[1, D, H, W] volume and [slices, channels] features of a study; none for a training that reads none.</summary>
    /// <exception cref="HseNetException">The study cannot be used.</exception>
    /// <exception cref="DeviceMemoryException">The host has no room.</exception>
    public (float[] Volume, float[] SliceFeatures) Prepare(ManifestRow row, CancellationToken cancellation)
    {
        float[]? features = recipe.FeatureLength == 0 ? [] : row.SliceFeatures is { } file ? FloatArrays.Read(file, recipe.FeatureLength) : null;
        if (row.Image.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            return (Finished(row), features ?? throw new HseNetFileException(row.Image, "is a finished volume without slices, which this training looks at",
                "its slice features as \"biomedclip_features\", or the scan itself"));
        string volumeKey = Key("volume"), featureKey = features is null ? Key($"slices of {sliceWeights.Value} at {recipe.Target.SliceSide}") : "";
        float[]? volume = cache?.TryRead(volumeKey, recipe.VolumeLength);
        features ??= cache?.TryRead(featureKey, recipe.FeatureLength);
        if (volume is not null && features is not null)
            return (volume, features);

        using var scan = CtStudy.Open(row.Image, recipe.Study with { Metadata = row.Metadata });
        using var study = scan.PrepareScan(device, features is null ? recipe.Target : recipe.Target with { Slices = 0 }, cancellation);
        volume = new float[study.Volume.Length];
        device.Download<float>(study.Volume, volume);
        cache?.Write(volumeKey, volume, recipe.VolumeShape);
        if (features is not null)
            return (volume, features);
        _encoder ??= SliceFeatureEncoder.Open(recipe.Weights, device)!;
        features = _encoder.Encode(study.SlicePixels);
        cache?.Write(featureKey, features, recipe.Target.Slices, recipe.SliceChannels);
        return (volume, features);

        string Key(string what) => VolumeCache.Key(row.Image, what, $"{Preprocessing.Version}", $"{recipe.Target with { Slices = 0, SliceSide = 0 }}", $"{recipe.Study.Preprocessing}", $"{row.Metadata}");
    }

    float[] Finished(ManifestRow row)
    {
        using VoxelVolume volume = VolumeFile.Read(row.Image, recipe.Study.Reading);
        var target = recipe.Target;
        if (volume.Size != (target.Width, target.Height, target.Depth))
            throw new HseNetFileException(row.Image, $"is a volume of {volume.Size.Z} × {volume.Size.Y} × {volume.Size.X}", $"the model's {target.Depth} × {target.Height} × {target.Width}");
        return FloatArrays.Finite(volume);
    }

    public void Dispose()
    {
        _encoder?.Dispose();
        device.Dispose();
    }
}
