// The errors this package throws for bad input: one line that names what is wrong and what was expected.
using System.Text;

namespace HSENet.Runtime;

/// <summary>Bad input or a failed request: the message is one line that a user can act on.</summary>
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
                line.Append($"\\u{(int)c:x4}");
            else
                line.Append(c);
        }
        return line.ToString();
    }
}

/// <summary>A file or folder that cannot be used. The message reads <c>file: problem; expected …</c>.</summary>
public class HseNetFileException : HseNetException
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">Path of the file or folder, or the name of a stream.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="expected">What was expected instead.</param>
    /// <param name="inner">The failure that caused this one, if any.</param>
    public HseNetFileException(string file, string problem, string expected, Exception? inner = null)
        : base($"{file}: {problem}; expected {expected}", inner)
    {
        File = file;
        Problem = problem;
        Expected = expected;
    }

    /// <summary>Path of the file or folder, or the name of a stream.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; }

    /// <summary>What was expected instead.</summary>
    public string Expected { get; }

    /// <summary>A name found inside a file, quoted for a message: a hostile name stays short and on one line.</summary>
    internal static string Quote(string name) => $"'{OneLine(name, 120)}'";
}
