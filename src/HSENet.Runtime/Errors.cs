// The errors this package throws for bad input: one line that names what is wrong and what was expected.
namespace HSENet.Runtime;

/// <summary>Bad input or a failed request: the message is one line that a user can act on.</summary>
public class HseNetException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and what was expected, on one line.</param>
    /// <param name="inner">The failure that caused this one, if any.</param>
    public HseNetException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A file or folder that cannot be used. The message reads <c>file: problem; expected …</c>.</summary>
public class HseNetFileException : HseNetException
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">Path of the file or folder.</param>
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

    /// <summary>Path of the file or folder.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; }

    /// <summary>What was expected instead.</summary>
    public string Expected { get; }
}
