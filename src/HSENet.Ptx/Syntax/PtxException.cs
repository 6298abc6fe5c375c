// The one exception of the parser, the passes and the analyses: a line of PTX and what is wrong with it.
namespace HSENet.Ptx;

/// <summary>PTX text that cannot be read, or a program that a pass or analysis refuses. The message names line and text.</summary>
public sealed class PtxException : HseNetException
{
    /// <summary>Makes an error of a source line; <paramref name="line"/> is 0 when the error is of the whole text.</summary>
    public PtxException(int line, string what) : base(line > 0 ? $"line {line}: {what}" : what)
    {
        Line = line;
    }

    /// <summary>Line of the text, from 1; 0 when the error is of the whole text.</summary>
    public int Line { get; }
}
