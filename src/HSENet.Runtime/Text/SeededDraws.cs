// Random numbers of texts and samples: a function of the run's seed and of the place where they are drawn, so that a resumed run draws the
// same.
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

/// <summary>The draws of one place: what is drawn (order, question, sentences), in which epoch, for which row.</summary>
sealed class SeededDraws
{
    readonly ulong _key;
    ulong _drawn;

    public SeededDraws(long seed, string what, long epoch = 0, long row = 0) =>
        _key = XxHash3.HashToUInt64(MemoryMarshal.AsBytes<long>(
            [seed, (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(what.AsSpan())), epoch, row]));

    /// <summary>A whole number from 0 to <paramref name="limit"/> − 1.</summary>
    public int Below(int limit)
    {
        ulong bits = XxHash3.HashToUInt64(MemoryMarshal.AsBytes<ulong>([_key, _drawn++]));
        return (int)(bits % (ulong)limit); // the bias of 2^-33 shows nowhere
    }

    /// <summary>The numbers from 0 to <paramref name="count"/> − 1 in random order.</summary>
    public int[] Order(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int left = count; left > 1; left--)
        {
            int drawn = Below(left);
            (order[drawn], order[left - 1]) = (order[left - 1], order[drawn]);
        }
        return order;
    }
}
