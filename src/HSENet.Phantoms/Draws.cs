// Random numbers that depend on the seed, the phantom's number and what is drawn, on nothing else: not on threads, not on how many others.
namespace HSENet.Phantoms;

/// <summary>A stream of draws (SplitMix64). Streams of other names are independent: the anatomy stays when findings change.</summary>
sealed class Draws
{
    ulong _state;

    public Draws(long seed, long index, string stream)
    {
        ulong hash = 14695981039346656037; // FNV-1a: string.GetHashCode differs in every process
        foreach (char letter in stream)
            hash = (hash ^ letter) * 1099511628211;
        _state = Mixed(Mixed(hash + (ulong)seed * 0x9E3779B97F4A7C15) ^ Mixed((ulong)index + 0xD1B54A32D192ED03));
    }

    /// <summary>64 random bits.</summary>
    public ulong Bits() => Mixed(_state += 0x9E3779B97F4A7C15);

    /// <summary>From 0 up to, but not including, 1.</summary>
    public float Share() => (Bits() >> 40) * (1f / (1 << 24));

    /// <summary>Between two limits, all equally likely.</summary>
    public float Between(float low, float high) => low + (high - low) * Share();

    /// <summary>A whole number from 0 to <paramref name="limit"/> − 1.</summary>
    public int Below(int limit) => (int)((Bits() >> 32) * (ulong)limit >> 32);

    /// <summary>True with this probability.</summary>
    public bool Chance(float probability) => Share() < probability;

    /// <summary>One of several.</summary>
    public T OneOf<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>The place of one of several whose probabilities add up to 1.</summary>
    public int Weighted(params ReadOnlySpan<float> probabilities)
    {
        float left = Share();
        for (int i = 0; i < probabilities.Length - 1; i++)
            if ((left -= probabilities[i]) < 0)
                return i;
        return probabilities.Length - 1;
    }

    /// <summary>Brings a list into random order.</summary>
    public void Shuffle<T>(Span<T> list)
    {
        for (int left = list.Length; left > 1; left--)
        {
            int drawn = Below(left);
            (list[drawn], list[left - 1]) = (list[left - 1], list[drawn]);
        }
    }

    /// <summary>Nearly normal, mean 0, variance 1: four uniform numbers from one draw.</summary>
    public float Normal() => NormalOf(Bits());

    /// <summary>See <see cref="Normal"/>.</summary>
    public static float NormalOf(ulong bits) =>
        ((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48) - 131070f) * (1 / 37837f);

    static ulong Mixed(ulong value)
    {
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
        value = (value ^ value >> 27) * 0x94D049BB133111EB;
        return value ^ value >> 31;
    }
}
