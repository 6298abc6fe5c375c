// What a report says of a chest: a finding, where it is and how large.
namespace HSENet.Evaluation;

/// <summary>The kinds of finding that are told apart.</summary>
enum FindingKind
{
    Nodule,
    Effusion,
    Consolidation,
    Emphysema,
    Calcification,
    Cardiomegaly,
    Pneumothorax,
}

/// <summary>The patient's side.</summary>
enum Side
{
    None,
    Right,
    Left,
    Both,
}

/// <summary>A lobe of a lung.</summary>
enum Lobe
{
    None,
    Upper,
    Middle,
    Lower,
}

/// <summary>A finding as a report states it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Side">Where; none for the heart, or if it is not said.</param>
/// <param name="Lobe">In which lobe; none for what has none, or if it is not said.</param>
/// <param name="Millimetres">The largest one's diameter, the depth of fluid or air, the width of the heart, or the largest bulla's
/// diameter; null if it is not said.</param>
/// <param name="Number">How many.</param>
record Finding(FindingKind Kind, Side Side = Side.None, Lobe Lobe = Lobe.None, double? Millimetres = null, int Number = 1)
{
    /// <summary>Whether a finding of this kind has places of its own in a lobe.</summary>
    public static bool IsLocal(FindingKind kind) => kind is FindingKind.Nodule or FindingKind.Calcification or FindingKind.Consolidation;
}
