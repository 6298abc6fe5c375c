// The base of the errors of all packages: one line that names what is wrong and what was expected.
using System.Globalization;
using System.Text;

namespace HSENet;

/// <summary>
/// Base of every error that the packages define: bad input, a kernel's fault, a device without room. The message is one line that a user
/// can act on. Misused members throw .NET's own <see cref="ArgumentException"/> and <see cref="ObjectDisposedException"/>; a cancelled call
/// throws <see cref="OperationCanceledException"/>.
/// </summary>
public class HseNetException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and what was expected. Control characters are escaped and an overlong text is cut, so it stays
    /// one line.</param>
    /// <param name="inner">The failure that caused this one, if any.</param>
    public HseNetException(string message, Exception? inner = null)
        : base(OneLine(message, 1000), inner)
    {
    }

    /// <summary>Text as it may appear in a message: control characters escaped, at most <paramref name="limit"/> characters and an
    /// ellipsis.</summary>
    internal static string OneLine(string text, int limit)
    {
        var line = new StringBuilder(Math.Min(text.Length, limit));
        foreach (char c in text)
        {
            if (line.Length >= limit)
                return line.Append('…').ToString();
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
                line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                line.Append(c);
        }
        return line.ToString();
    }
}
