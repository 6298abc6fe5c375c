// Weights made of nothing but a name and a seed: every element is a hash, so any part of any tensor can be had without the rest.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace HSENet.Runtime;

/// <summary>
/// Synthetic parameters of the reference model: FNV-1a of the reference's own name, splitmix64 of the element's index, a uniform number
/// scaled by what the name says the parameter is, rounded to bf16. The same on every machine.
/// </summary>
static class SyntheticWeights
{
    const float Ulp = 1f / (1 << 23);
    const ulong GoldenGamma = 0x9E3779B97F4A7C15, Mix1 = 0xBF58476D1CE4E5B9, Mix2 = 0x94D049BB133111EB;

    /// <summary>Elements of a parameter from <paramref name="first"/> on; all are exact in bf16.</summary>
    /// <param name="name">The reference's name of the parameter.</param>
    /// <param name="shape">The reference's shape of it.</param>
    /// <param name="seed">Seed of the whole model.</param>
    /// <param name="first">Index of the first element, row-major.</param>
    /// <param name="destination">What is filled.</param>
    public static void Fill(string name, ReadOnlySpan<long> shape, ulong seed, long first, Span<float> destination)
    {
        var (offset, amplitude) = Distribution(name, shape);
        Uniform(name, seed, first, destination);
        int i = 0;
        for (; i <= destination.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var value = Vector512.Create(amplitude) * Vector512.Create<float>(destination[i..]) + Vector512.Create(offset);
            var bits = value.AsUInt32();
            bits = (bits + Vector512.Create(0x7FFFu) + (bits >> 16 & Vector512<uint>.One)) & Vector512.Create(0xFFFF0000u);
            bits.AsSingle().CopyTo(destination[i..]);
        }
        for (; i < destination.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(amplitude * destination[i] + offset);
            destination[i] = BitConverter.UInt32BitsToSingle((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
        }
    }

    /// <summary>Uniform numbers in [−1, 1), multiples of 2^-23: the inputs of the golden data, and what parameters are scaled
    /// from.</summary>
    public static void Uniform(string name, ulong seed, long first, Span<float> destination)
    {
        ulong state = Hash(name) ^ unchecked(seed * GoldenGamma);
        ref float start = ref MemoryMarshal.GetReference(destination);
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var z = Vector512.Create(unchecked(state + (ulong)(first + 1) * GoldenGamma)) + Vector512<ulong>.Indices * GoldenGamma;
            var step = Vector512.Create(unchecked(GoldenGamma * 8));
            for (; i <= destination.Length - 16; i += 16)
            {
                var low = Finish(z) >> 40;
                var high = Finish(z + step) >> 40;
                z += step + step;
                var u = Vector512.ConvertToSingle(Vector512.Narrow(low, high).AsInt32()) * Ulp - Vector512<float>.One;
                u.StoreUnsafe(ref start, (nuint)i);
            }
        }
        for (; i < destination.Length; i++)
            destination[i] = (Finish(unchecked(state + (ulong)(first + i + 1) * GoldenGamma)) >> 40) * Ulp - 1;
    }

    /// <summary>The parameter's mean and the largest distance from it; the first rule that fits counts.</summary>
    internal static (float Offset, float Amplitude) Distribution(string name, ReadOnlySpan<long> shape)
    {
        bool Contains(params ReadOnlySpan<string> parts)
        {
            foreach (string part in parts)
                if (name.Contains(part, StringComparison.Ordinal))
                    return true;
            return false;
        }
        bool vector = shape.Length <= 1;
        if (Contains("cls_token", "position_embeddings", "pos_embed"))
            return (0, 0.04f);
        if (Contains("embed_tokens", "word_embeddings", "token_type_embeddings", "lm_head"))
            return (0, 0.05f);
        if (vector && name.EndsWith(".weight", StringComparison.Ordinal) && name.Contains("norm", StringComparison.OrdinalIgnoreCase))
            return (1, 0.1f);
        if (vector || name.EndsWith(".bias", StringComparison.Ordinal) || Contains("lora_B"))
            return (0, 0.02f);
        double inputs = 1;
        foreach (long size in shape[1..])
            inputs *= size;
        return (0, (float)Math.Sqrt(3 / inputs));
    }

    // FNV-1a, 64 bits.
    static ulong Hash(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = unchecked((hash ^ b) * 0x100000001B3);
        return hash;
    }

    // The finaliser of splitmix64.
    static ulong Finish(ulong z)
    {
        z = unchecked((z ^ z >> 30) * Mix1);
        z = unchecked((z ^ z >> 27) * Mix2);
        return z ^ z >> 31;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<ulong> Finish(Vector512<ulong> z)
    {
        z = (z ^ z >> 30) * Mix1;
        z = (z ^ z >> 27) * Mix2;
        return z ^ z >> 31;
    }
}
