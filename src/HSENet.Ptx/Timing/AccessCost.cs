// What an access costs the load-store unit and the caches: passes through the banks, lines, sectors.
using System.Numerics;

namespace HSENet.Ptx;

static unsafe class AccessCost
{
    const int Lanes = 32, Banks = 32, SectorBytes = 32, LineBytes = 128;

    /// <summary>Clocks of the load-store unit for an access to shared memory. 8 bytes go in halves of the warp, 16 in quarters, unless the
    /// words of more lanes lie in distinct banks; each pass takes a slot at least.</summary>
    public static int Shared(ReadOnlySpan<ulong> addresses, uint mask, int bytes, int slot)
    {
        if (mask == 0 || bytes <= 4)
            return Math.Max(slot, mask == 0 ? 0 : Conflicts(addresses, mask, 1));
        int words = bytes / 4;
        if (Conflicts(addresses, mask, words) == 1)
            return slot + (bytes == 16 ? 1 : 0);
        int clocks = 0;
        for (int half = 0; half < 2; half++)
        {
            uint lanes = mask & 0xffffu << 16 * half;
            int conflicts = Conflicts(addresses, lanes, words);
            if (bytes == 8 || conflicts <= 1)
                clocks += lanes == 0 ? 0 : Math.Max(slot, conflicts);
            else
                for (int quarter = 2 * half; quarter < 2 * half + 2; quarter++)
                    if ((mask & 0xffu << 8 * quarter) is > 0 and uint part)
                        clocks += Math.Max(slot, Conflicts(addresses, part, words));
        }
        return Math.Max(slot, clocks);
    }

    /// <summary>Clocks for a matrix load: a pass for the eight rows of each matrix.</summary>
    public static int Matrix(ReadOnlySpan<ulong> addresses, int matrices, int slot)
    {
        int clocks = 0;
        for (int matrix = 0; matrix < matrices; matrix++)
            clocks += Math.Max(slot, Conflicts(addresses, 0xffu << 8 * matrix, 4));
        return Math.Max(slot, clocks);
    }

    /// <summary>The most different words that fall on one bank; 0 without lanes.</summary>
    public static int Conflicts(ReadOnlySpan<ulong> addresses, uint mask, int words)
    {
        ulong* seen = stackalloc ulong[Banks * 8];
        byte* count = stackalloc byte[Banks];
        new Span<byte>(count, Banks).Clear();
        int most = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ulong word = addresses[BitOperations.TrailingZeroCount(m)] / 4;
            for (int n = 0; n < words; n++, word++)
            {
                int bank = (int)(word % Banks), used = count[bank];
                ulong* entries = seen + bank * 8;
                bool known = false;
                for (int e = 0; e < Math.Min(used, 8); e++)
                    known |= entries[e] == word;
                if (known)
                    continue;
                // Beyond eight, different words are taken for distinct: repeated ones are rare there.
                if (used < 8)
                    entries[used] = word;
                count[bank] = (byte)++used;
                most = Math.Max(most, used);
            }
        }
        return most;
    }

    /// <summary>Fills in the different sectors of an access and gives their number and that of the lines of 128 bytes.</summary>
    public static (int Sectors, int Lines) Global(ReadOnlySpan<ulong> addresses, uint mask, int bytes, Span<ulong> sectors)
    {
        int count = 0, lines = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(m)];
            for (ulong sector = address / SectorBytes; sector <= (address + (ulong)bytes - 1) / SectorBytes; sector++)
            {
                if (count > 0 && sectors[count - 1] == sector || sectors[..count].Contains(sector))
                    continue;
                ulong line = sector / (LineBytes / SectorBytes);
                bool sameLine = false;
                for (int n = count - 1; n >= 0 && !sameLine; n--)
                    sameLine = sectors[n] / (LineBytes / SectorBytes) == line;
                lines += sameLine ? 0 : 1;
                sectors[count++] = sector;
            }
        }
        return (count, lines);
    }
}
