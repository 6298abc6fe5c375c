// Keys and values of the first positions of a sequence, kept outside the working memory until the sequence goes on.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// A cache of as many positions as it was made for. Requests copy it into the working cache and go on behind it: the working memory stays
/// one, however many sequences are kept.
/// </summary>
sealed class KeptCache : IDisposable
{
    readonly LanguageModelConfig _config;
    readonly Arena _arena;

    KeptCache(Device device, LanguageModelConfig config, int positions, bool hasLongFactors, ActivationType type)
    {
        (_config, Positions, HasLongFactors) = (config, positions, hasLongFactors);
        var plan = new MemoryPlan(type);
        var (keys, values) = EncodedMemory.Cache(plan, config, positions);
        _arena = new Arena(device, plan);
        (Keys, Values) = (_arena.Activations(keys), _arena.Activations(values));
    }

    /// <summary>Positions that it holds, from 0 on.</summary>
    public int Positions { get; }

    /// <summary>With which rotary factors its keys were turned.</summary>
    public bool HasLongFactors { get; }

    /// <summary>Bytes on the device.</summary>
    public long Bytes => _arena.Plan.TotalBytes;

    /// <summary>[layers, positions, key heads × head size].</summary>
    public Activations Keys { get; }

    /// <inheritdoc cref="Keys"/>
    public Activations Values { get; }

    /// <summary>Copies the first positions out of the working cache.</summary>
    public static KeptCache Take(in Pass pass, LanguageModel.Buffers working, LanguageModelConfig config, int positions,
        bool hasLongFactors)
    {
        var kept = new KeptCache(pass.Device, config, positions, hasLongFactors, working.Keys.Type);
        try
        {
            kept.Each(pass, working, pass.Device.Copy);
            return kept;
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>A cache with values of the host, rounded to its type.</summary>
    /// <exception cref="ArgumentException">The lengths are not those of the positions.</exception>
    public static KeptCache FromHost(Device device, LanguageModelConfig config, int positions, bool hasLongFactors, ActivationType type,
        ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        var kept = new KeptCache(device, config, positions, hasLongFactors, type);
        try
        {
            device.Upload(keys, kept.Keys);
            device.Upload(values, kept.Values);
            return kept;
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>Copies everything into the working cache.</summary>
    public void Put(in Pass pass, LanguageModel.Buffers working)
    {
        var device = pass.Device;
        Each(pass, working, (from, to) => device.Copy(to, from));
    }

    // Layers lie further apart in the working cache, which has more positions.
    void Each(in Pass pass, LanguageModel.Buffers working, Action<View<byte>, View<byte>> copy)
    {
        Activations keys = pass.Activations(working.Keys), values = pass.Activations(working.Values);
        long size = (long)Positions * _config.CacheChannels, stride = (long)working.Positions * _config.CacheChannels;
        for (int i = 0; i < _config.NumHiddenLayers; i++)
        {
            copy(keys.Slice(i * stride, size).Values, Keys.Slice(i * size, size).Values);
            copy(values.Slice(i * stride, size).Values, Values.Slice(i * size, size).Values);
        }
    }

    public void Dispose() => _arena.Dispose();
}
