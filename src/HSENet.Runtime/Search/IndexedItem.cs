// What an index holds of a study, and what a search finds.

namespace HSENet.Runtime;

/// <summary>A volume or a report in a <see cref="VolumeIndex"/>.</summary>
/// <param name="Study">The study's name: by it a volume and its report belong together.</param>
/// <param name="Text">The report; null for a volume.</param>
public sealed record IndexedItem(string Study, string? Text = null)
{
    /// <summary>Whether it is a report, not a volume.</summary>
    public bool IsText => Text is not null;

    /// <summary>Key of what it was made from.</summary>
    internal string Key { get; init; } = "";
}

/// <summary>An item that a search found.</summary>
/// <param name="Item">The item.</param>
/// <param name="Similarity">Cosine of the angle between it and what was looked for, from −1 to 1.</param>
public readonly record struct SearchHit(IndexedItem Item, float Similarity);
