// What one adapter has made of a study: its visual tokens, and the cache of what all its prompts begin with.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Made when the first question reaches the adapter, kept for the others.</summary>
sealed class AdaptedStudy : IDisposable
{
    readonly Arena _arena;
    readonly KeptCache?[] _prefixes = new KeptCache?[2]; // of the short factors, of the long ones

    public AdaptedStudy(Device device, AdaptedModel model)
    {
        Model = model;
        var plan = new MemoryPlan();
        var tokens = EncodedMemory.VisualTokens(plan, model.Config);
        _arena = new Arena(device, plan);
        VisualTokens = _arena.Floats(tokens);
    }

    public AdaptedModel Model { get; }

    /// <summary>[visual tokens, width].</summary>
    public View<float> VisualTokens { get; }

    public long Bytes => _arena.Plan.TotalBytes + Prefixes.Sum(prefix => prefix.Bytes);

    /// <summary>The caches that exist.</summary>
    public IEnumerable<KeptCache> Prefixes => _prefixes.OfType<KeptCache>();

    /// <summary>The cache of the prefix with one of the sets of rotary factors, if it was made.</summary>
    public KeptCache? Prefix(bool hasLongFactors) => _prefixes[hasLongFactors ? 1 : 0];

    /// <summary>Keeps a cache.</summary>
    public void Keep(KeptCache prefix) => _prefixes[prefix.HasLongFactors ? 1 : 0] = prefix;

    public void Dispose()
    {
        foreach (var prefix in Prefixes)
            prefix.Dispose();
        _arena.Dispose();
    }
}
