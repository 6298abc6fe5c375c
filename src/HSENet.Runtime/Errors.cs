// A file or folder that cannot be used: which one, what is wrong, what was expected; and which errors are of one item only.
using HSENet.Kernels;

namespace HSENet.Runtime;

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

/// <summary>What an error means for the items that come after the one that threw it.</summary>
static class ErrorScope
{
    /// <summary>Whether the next file or sample may well succeed: not after a fault of a kernel or of the driver.</summary>
    public static bool IsOfOneItem(this Exception error) => error is HseNetException and not (KernelFaultException or CudaDriverException);
}
