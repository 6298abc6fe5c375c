// The slice encoder on its own, without the rest of the model: features of a scan's slices, to be kept in files.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Computes slice features with the slice encoder of a model folder; one thread at a time.</summary>
sealed class SliceFeatureEncoder : IDisposable
{
    readonly WeightStore _weights;
    readonly SliceEncoder _encoder;
    readonly SliceEncoder.Buffers _buffers;
    readonly PlannedBuffer _features, _volume, _pixels;
    readonly Arena _arena;
    readonly int _side;

    SliceFeatureEncoder(WeightStore weights, SliceEncoderConfig config)
    {
        (_weights, Slices, Channels) = (weights, config.Slices, config.HiddenSize);
        _encoder = new SliceEncoder(weights, config);
        var plan = new MemoryPlan();
        _features = plan.Reserve("slice_features", (long)Slices * Channels);
        _side = config.ImageSize;
        if (config.Source == SliceSource.Volume)
        {
            _volume = plan.Reserve("volume", (long)Slices * _side * _side);
            _pixels = plan.Reserve("slice_pixels", 3L * Slices * _side * _side);
        }
        _buffers = SliceEncoder.Reserve(plan, config, Slices);
        _arena = new Arena(weights.Device, plan);
    }

    public int Slices { get; }

    public int Channels { get; }

    /// <summary>Opens the slice encoder of a folder; null when its model looks at no slices.</summary>
    /// <exception cref="HseNetFileException">The folder or a tensor of the slice encoder cannot be used.</exception>
    public static SliceFeatureEncoder? Open(string folder, Device device)
    {
        if (ModelConfig.Read(folder).SliceEncoder is not { } config)
            return null;
        var weights = new WeightStore(device, TensorSource.Open(folder));
        try
        {
            return new SliceFeatureEncoder(weights, config);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>[slices, channels] features from pixels [slices, 3, size, size] on the device.</summary>
    public float[] Encode(View<float> pixels)
    {
        var features = _arena.Floats(_features);
        _encoder.Forward(new Pass(_weights.Device, _arena), _buffers, pixels, features);
        float[] values = new float[Slices * Channels];
        _weights.Device.Download<float>(features, values);
        return values;
    }

    /// <summary>[slices, channels] features of the slices of a finished volume [slices, size, size], for a model that looks at
    /// these.</summary>
    public float[] Encode(ReadOnlySpan<float> volume)
    {
        View<float> read = _arena.Floats(_volume), pixels = _arena.Floats(_pixels);
        _weights.Device.Upload(volume, read);
        VolumeSlices.Compute(_weights.Device, read, Slices, _side, pixels);
        return Encode(pixels);
    }

    public void Dispose()
    {
        _arena.Dispose();
        _weights.Dispose();
    }
}
