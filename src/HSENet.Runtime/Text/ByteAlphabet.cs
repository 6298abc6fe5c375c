// The printable characters that stand for the 256 bytes in a byte-level vocabulary, as GPT-2 chose them.
namespace HSENet.Runtime;

/// <summary>Bytes that print stand for themselves; the other 68 are U+0100, U+0101, … in byte order.</summary>
internal static class ByteAlphabet
{
    static readonly Dictionary<char, byte> ByteOfSymbol = Build();

    /// <summary>Whether the character stands for a byte.</summary>
    public static bool Contains(char symbol) => ByteOfSymbol.ContainsKey(symbol);

    /// <summary>The bytes that a token written in this alphabet stands for; null if a character is not of the alphabet.</summary>
    public static byte[]? Bytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
            if (!ByteOfSymbol.TryGetValue(token[i], out bytes[i]))
                return null;
        return bytes;
    }

    static Dictionary<char, byte> Build()
    {
        var table = new Dictionary<char, byte>(256);
        char next = (char)256;
        for (int b = 0; b < 256; b++)
        {
            bool prints = b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
            table.Add(prints ? (char)b : next++, (byte)b);
        }
        return table;
    }
}
