// Makes the arrays that a sample needs of its study: read when they are finished, computed on the host otherwise, kept in the cache.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

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
            TrainingTask.Stage1 or TrainingTask.Language or TrainingTask.Slices => false,
            TrainingTask.Stage2 => true,
            _ => model.Encoders != VisionEncoders.Volume,
        };
        if (slices && model.SliceEncoder is null)
            throw new HseNetFileException(config.Weights, "has no slice encoder, so the size of slice features is not known",
                "a folder converted with ConversionOptions.SliceEncoder");
        var target = PreprocessingTarget.Of(model) with { Slices = slices ? model.SliceEncoder!.Slices : 0 };
        return new StudyRecipe(config.Weights, target, slices ? model.SliceEncoder!.HiddenSize : 0, study with
        {
            Preprocessing = (study.Preprocessing with
            {
                Preset = config.Preset == "bimcv-r" ? PreprocessingPreset.BimcvR : PreprocessingPreset.Standard,
                SliceJpeg = config.SliceJpeg,
                Force = config.Force,
            }).With(config.Orientation),
        });
    }
}

/// <summary>Arrays of a study.</summary>
/// <param name="Volume">[1, D, H, W].</param>
/// <param name="SliceFeatures">[slices, channels]; empty for a training that reads none.</param>
/// <param name="Key">Changes whenever they would be others.</param>
readonly record struct PreparedArrays(float[] Volume, float[] SliceFeatures, string Key);

/// <summary>One of the workers that prepare studies; one thread at a time.</summary>
sealed class StudyPreparer(StudyRecipe recipe, VolumeCache? cache, Lazy<string> sliceWeights, HostDevice device) : IDisposable
{
    SliceFeatureEncoder? _encoder;

    /// <summary>Volume and slice features of a study.</summary>
    /// <exception cref="HseNetException">The study cannot be used.</exception>
    /// <exception cref="DeviceMemoryException">The host has no room.</exception>
    public PreparedArrays Prepare(ManifestRow row, CancellationToken cancellation)
    {
        float[]? features = recipe.FeatureLength == 0 ? [] : row.SliceFeatures is { } file ? FloatArrays.Read(file, recipe.FeatureLength)
            : null;
        var options = recipe.Study with { Metadata = row.Metadata };
        if (row.Image.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            return Finished(row, features, options);
        string volumeKey = StudyKey.Volume(row.Image, recipe.Target, options),
            featureKey = features is null ? StudyKey.Slices(row.Image, recipe.Target, options, sliceWeights.Value) : "";
        string key = VolumeCache.KeyOf(volumeKey, featureKey, Given(row));
        float[]? volume = cache?.TryRead(volumeKey, recipe.VolumeLength);
        features ??= cache?.TryRead(featureKey, recipe.FeatureLength);
        if (volume is not null && features is not null)
            return new(volume, features, key);

        using var scan = CtStudy.Open(row.Image, options);
        using var study = scan.PrepareScan(device, features is null ? recipe.Target : recipe.Target with { Slices = 0 }, cancellation);
        volume = new float[study.Volume.Length];
        device.Download<float>(study.Volume, volume);
        cache?.Write(volumeKey, volume, recipe.VolumeShape);
        if (features is not null)
            return new(volume, features, key);
        features = Encoder.Encode(study.SlicePixels);
        cache?.Write(featureKey, features, recipe.Target.Slices, recipe.SliceChannels);
        return new(volume, features, key);
    }

    PreparedArrays Finished(ManifestRow row, float[]? features, CtStudyOptions options)
    {
        var target = recipe.Target;
        string volumeKey = StudyKey.Volume(row.Image, target, options), featureKey = features is not null || !target.SlicesOfVolume ? ""
            : StudyKey.Slices(row.Image, target, options, sliceWeights.Value);
        string key = featureKey.Length == 0 ? VolumeCache.KeyOf(volumeKey, Given(row)) : VolumeCache.KeyOf(volumeKey, featureKey);
        float[] volume = FinishedVolume(row);
        features ??= !target.SlicesOfVolume ? throw new HseNetFileException(row.Image,
            "is a finished volume without slices, which this training looks at",
            "its slice features as \"biomedclip_features\", or the scan itself") : cache?.TryRead(featureKey, recipe.FeatureLength);
        if (features is null)
        {
            features = Encoder.Encode(volume);
            cache?.Write(featureKey, features, target.Slices, recipe.SliceChannels);
        }
        return new(volume, features, key);
    }

    static string Given(ManifestRow row) => row.SliceFeatures is { } given ? VolumeCache.Key(given) : "";

    SliceFeatureEncoder Encoder => _encoder ??= SliceFeatureEncoder.Open(recipe.Weights, device)!;

    float[] FinishedVolume(ManifestRow row)
    {
        using VoxelVolume volume = VolumeFile.Read(row.Image, recipe.Study.Reading);
        var target = recipe.Target;
        OwnPreset.Check(volume, target.Own);
        if (volume.Size != (target.Width, target.Height, target.Depth))
            throw new HseNetFileException(row.Image, $"is a volume of {volume.Size.Z} × {volume.Size.Y} × {volume.Size.X}",
                $"the model's {target.Depth} × {target.Height} × {target.Width}");
        return FloatArrays.Finite(volume);
    }

    public void Dispose()
    {
        _encoder?.Dispose();
        device.Dispose();
    }
}
