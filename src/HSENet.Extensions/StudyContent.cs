// A study in a message.
using HSENet.Runtime;
using Microsoft.Extensions.AI;

namespace HSENet.Extensions;

/// <summary>
/// A study as the content of a message to <see cref="HseNetChatClient"/>, for programs that hold it already; what is only bytes goes into a
/// <see cref="DataContent"/>. The study stays its owner's and must be open while it is asked.
/// </summary>
public sealed class StudyContent : AIContent
{
    /// <summary>A study that is encoded when it is first asked, and kept as its <see cref="StudyStore"/> does.</summary>
    /// <param name="study">The study.</param>
    public StudyContent(CtStudy study)
    {
        ArgumentNullException.ThrowIfNull(study);
        Study = study;
    }

    /// <summary>A study that the program has encoded itself.</summary>
    /// <param name="encoded">The study.</param>
    public StudyContent(EncodedStudy encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        Encoded = encoded;
    }

    /// <summary>The study, unless it was given encoded.</summary>
    public CtStudy? Study { get; }

    /// <summary>The encoded study, if it was given so.</summary>
    public EncodedStudy? Encoded { get; }
}
