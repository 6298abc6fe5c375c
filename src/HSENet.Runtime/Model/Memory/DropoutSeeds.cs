// The seeds of all dropouts of one example in one step: a function of (run seed, step, row, site), so that a resumed run draws the same.
using System.Text;

namespace HSENet.Runtime;

/// <summary>Seeds of the dropouts of one example; the default value turns dropout off.</summary>
/// <param name="On">Whether anything is dropped.</param>
/// <param name="Example">Hash of run seed, step and row.</param>
readonly record struct DropoutSeeds(bool On, long Example)
{
    const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>Seeds of the example in <paramref name="row"/> of the manifest, in a step of the run with this seed.</summary>
    public static DropoutSeeds For(long seed, long step, int row) => new(true, Mix(Mix(Mix(seed, step), row), 0));

    /// <summary>What a place in the model is known by: FNV-1a of its name, computed once when the layer is made.</summary>
    public static long Site(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = unchecked((hash ^ b) * 0x100000001B3);
        return (long)hash;
    }

    /// <summary>The seed of a site.</summary>
    public long At(long site) => Mix(Example, site);

    /// <summary>The rate where dropout is on, 0 otherwise.</summary>
    public float Rate(float rate) => On ? rate : 0;

    // A splitmix64 step over both words.
    static long Mix(long a, long b)
    {
        ulong z = unchecked(((ulong)a ^ (ulong)b * GoldenGamma) + GoldenGamma);
        z = unchecked((z ^ z >> 30) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ z >> 27) * 0x94D049BB133111EB);
        return (long)(z ^ z >> 31);
    }
}
