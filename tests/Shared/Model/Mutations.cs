// Damages valid files at random and holds a reader to its promise: a result or one line, soon, in bounded memory.
using System.Buffers.Binary;
using CsCheck;

namespace HSENet.Tests;

internal static class Mutations
{
    /// <summary>Numbers that overflow, wrap or turn negative when a size is made of them.</summary>
    static readonly ulong[] Extremes =
    [
        0, 1, 2, 3, 4, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0x3FFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x00FFFFFF, 0x3FFFFFFF, 0x7FFFFFFF,
            0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
        0x100000000, 0x3FFFFFFFFFFFFFFF, 0x4000000000000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x7F800000,
            0x7FC00000, 0x7E967699,
    ];

    /// <summary>One change: what kind, at which two places (of the length), how long, with which number.</summary>
    internal readonly record struct Edit(int Kind, double At, double Other, int Length, int Number);

    static readonly Gen<Edit> AnyEdit =
        Gen.Select(Gen.Int[0, 11], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Int[1, 64], Gen.Int[0, 255], (kind, at, other, length, number) =>
        new Edit(kind, at, other, length, number));

    /// <summary>How many damaged files a test tries: <c>HSENET_MUTATIONS</c>, or a million with <c>HSENET_LONG=1</c>, or a few
    /// thousand.</summary>
    public static long Count => long.TryParse(Environment.GetEnvironmentVariable("HSENET_MUTATIONS"), out long count) ? count
        : GoldenFolder.LongChecks ? 1_000_000 : 3000;

    /// <summary>
    /// Reads damaged copies of the seeds, each of at most 4 KB. An error must be the project's own, in one line; it may compute for 2 s and
    /// allocate 4 × file + 256 MB. Damage that is never or always noticed would mean that the test tests nothing.
    /// </summary>
    public static void Check(byte[][] seeds, Action<byte[]> read, bool isSometimesRefused = true)
    {
        Assert.All(seeds, s => Assert.InRange(s.Length, 1, 4096));
        Array.ForEach(seeds, read);
        long refused = 0, accepted = 0;
        Gen.Select(Gen.Int[0, seeds.Length - 1], AnyEdit.Array[1, 4]).Sample((seed, edits) =>
        {
            byte[] damaged = edits.Aggregate(seeds[seed], Apply);
            if (Accepts(damaged, read))
                Interlocked.Increment(ref accepted);
            else
                Interlocked.Increment(ref refused);
        }, iter: Count, print: damage => Convert.ToBase64String(damage.Item2.Aggregate(seeds[damage.Item1], Apply)));
        Assert.True((refused > 0 || !isSometimesRefused) && accepted > 0, $"{refused} refused, {accepted} accepted");
    }

    /// <summary>The same for a reader of folders, to write the damaged file into: one for each thread, as making them takes longer than
    /// reading.</summary>
    public static void CheckInFolder(byte[][] seeds, Action<TemporaryFolder, byte[]> read, Action<TemporaryFolder>? prepare = null)
    {
        using ThreadLocal<TemporaryFolder> folders = new(() =>
        {
            TemporaryFolder folder = new();
            prepare?.Invoke(folder);
            return folder;
        }, trackAllValues: true);
        try
        {
            Check(seeds, damaged => read(folders.Value!, damaged));
        }
        finally
        {
            foreach (TemporaryFolder folder in folders.Values)
                folder.Dispose();
        }
    }

    /// <summary>Reads one damaged file under the same promise and returns the line with which it is refused.</summary>
    public static string Refused(byte[] damaged, Action<byte[]> read)
    {
        Assert.False(Accepts(damaged, read, out string message), "the file was accepted");
        return message;
    }

    static bool Accepts(byte[] damaged, Action<byte[]> read) => Accepts(damaged, read, out _);

    static bool Accepts(byte[] damaged, Action<byte[]> read, out string message)
    {
        bool accepted = false;
        string line = "";
        TimeSpan time = ProcessorTime.Of(Read);
        // A slow run may be the compiler's; a slow file is slow again.
        if (time > TimeSpan.FromSeconds(2))
            time = ProcessorTime.Of(Read);
        Assert.True(time < TimeSpan.FromSeconds(2), $"took {time}");
        message = line;
        return accepted;

        void Read()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(damaged);
                accepted = true;
            }
            catch (HseNetException e)
            {
                line = e.Message;
                Assert.DoesNotContain(e.Message, char.IsControl);
                Assert.Contains("; expected ", e.Message);
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= 4L * damaged.Length + (256 << 20), $"allocated {allocated} bytes");
        }
    }

    static byte[] Apply(byte[] file, Edit edit)
    {
        int at = (int)(edit.At * file.Length), other = (int)(edit.Other * file.Length);
        int end = Math.Min(at + edit.Length, file.Length);
        ulong extreme = Extremes[edit.Number % Extremes.Length];
        switch (edit.Kind)
        {
            case 0: return file[..at];
            case 1: return [.. file[..at], .. file[end..]];
            case 2: return [.. file[..end], .. file[at..end], .. file[end..]];
            case 3: return [.. file[..other], .. file[at..end], .. file[other..]];
            case 4: return Changed(b => b.AsSpan(at, end - at).Clear());
            case 5: return Changed(b => file.AsSpan(at, end - at).CopyTo(b.AsSpan(Math.Min(other, b.Length - (end - at)))));
            case 6: return Changed(b => BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(at), (ushort)extreme), 2);
            case 7: return Changed(b => BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(at), (uint)extreme), 4);
            case 8: return Changed(b => BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(at), extreme), 8);
            case 9: return Changed(b => BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(at), (uint)extreme), 4);
            case 10: return Changed(b => b[at] = (byte)edit.Number, 1);
            default: return Changed(b => b[at] ^= (byte)(1 << edit.Number % 8), 1);
        }

        byte[] Changed(Action<byte[]> change, int room = 0)
        {
            if (at > file.Length - room)
                return file;
            byte[] copy = [.. file];
            change(copy);
            return copy;
        }
    }
}
