// The printable characters that stand for the 256 bytes in a byte-level vocabulary, as GPT-2 chose them.
namespace HSENet.Runtime;

/// <summary>Bytes that print stand for themselves; the other 68 are U+0100, U+0101, … in byte order.</summary>
internal static class ByteAlphabet
{
    // Indexed by character: the byte, or −1.
    static readonly short[] ByteOf = Build();

    /// <summary>Whether every character of the token stands for a byte.</summary>
    public static bool Writes(string token)
    {
        foreach (char symbol in token)
            if (symbol >= ByteOf.Length || ByteOf[symbol] < 0)
                return false;
        return true;
    }

    /// <summary>The bytes that a token of this alphabet stands for.</summary>
    public static byte[] Bytes(string token) => [.. token.Select(symbol => (byte)ByteOf[symbol])];

    /// <summary>The character that stands for a byte.</summary>
    public static char Symbol(byte value) => (char)Array.IndexOf(ByteOf, (short)value);

    static short[] Build()
    {
        var table = new short[256 + 68];
        Array.Fill(table, (short)-1);
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool prints = b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
            table[prints ? b : next++] = (short)b;
        }
        return table;
    }
}
