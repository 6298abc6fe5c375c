// One volume that the images of a series make: slices of one size and orientation from one acquisition.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>
/// Images that can be one volume, in the order of their positions along the normal of their planes.
/// </summary>
/// <param name="Images">At least one.</param>
/// <param name="Acquisition">What messages call it among the acquisitions of its series.</param>
internal sealed record DicomStack(IReadOnlyList<DicomImage> Images, string Acquisition)
{
    // Two slices nearer than this, in mm, lie at the same place.
    public const double SamePlace = 0.01;

    // ImageType says how an image was computed.
    static readonly string[] Reformats = ["REFORMAT", "MPR", "MIP", "MINIP", "PROJECTION", "3D", "VRT", "SSD", "VOLUME_RENDER", "CURVED"],
        Screens = ["SCREEN", "CAPTURE", "DOSE"];

    /// <summary>Unit vector along which the slices ascend.</summary>
    public PatientVector Normal { get; } = NormalOf(Images[0]);

    /// <summary>Number of places at which there are slices.</summary>
    public int Places { get; } = CountPlaces(Images);

    /// <summary>Whether the slices are across the body.</summary>
    public bool IsAxial => Math.Abs(Normal.Z) >= 0.8;

    /// <summary>Whether they are a screenshot, or were computed from other slices.</summary>
    bool IsDerived => IsScreen || IsReformat;

    /// <summary>Compares: the lower, the better. A single place is no volume; computed slices come after acquired ones, others after axial
    /// ones; then more slices count, then thinner ones.</summary>
    public (bool IsFlat, bool IsDerived, bool IsAcross, int Places, double Spacing) Rank =>
        (Places < 2, IsDerived, !IsAxial, -Places, Spacing);

    bool IsScreen => DicomFile.IsCapture(Images[0].ClassUid) || Says(Screens);

    bool IsReformat => Says(Reformats);

    /// <summary>Millimetres from slice to slice, on average.</summary>
    double Spacing => Places < 2 ? 0 : (Along(Images[^1], Normal) - Along(Images[0], Normal)) / (Places - 1);

    bool Says(string[] words) => Images[0].ImageType.Split('\\').Any(value => words.Any(word =>
        word.Length <= 3 ? value.Split(' ', '_').Contains(word) : value.Contains(word, StringComparison.Ordinal)));

    /// <summary>The images of a stack, sorted.</summary>
    public static DicomStack Of(IEnumerable<DicomImage> images, string acquisition)
    {
        List<DicomImage> list = [.. images];
        PatientVector normal = NormalOf(list[0]);
        return new([.. list.OrderBy(i => Along(i, normal)).ThenBy(i => i.InstanceNumber).ThenBy(i => i.File, StringComparer.Ordinal)],
            acquisition);
    }

    public static PatientVector NormalOf(DicomImage image) => image.RowDirection.Cross(image.ColumnDirection);

    public static double Along(DicomImage image, PatientVector normal) => image.Position.Dot(normal);

    /// <summary>Whether another image lies at the place of the one before, in images that are sorted.</summary>
    public bool Collides => Places < Images.Count;

    static int CountPlaces(IReadOnlyList<DicomImage> images)
    {
        PatientVector normal = NormalOf(images[0]);
        double last = double.NegativeInfinity;
        int places = 0;
        foreach (DicomImage image in images)
            if (Along(image, normal) - last >= SamePlace)
                (last, places) = (Along(image, normal), places + 1);
        return places;
    }

    /// <summary>Slices, direction and spacing in a few words.</summary>
    public override string ToString()
    {
        PatientVector n = Normal;
        string direction = IsAxial ? "axial" : Math.Abs(n.Y) >= 0.8 ? "coronal" : Math.Abs(n.X) >= 0.8 ? "sagittal" : "oblique";
        string kind = IsScreen ? ", a screenshot" : IsReformat ? ", reformatted" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{DicomGeometry.Counted(Places, $"{direction} slice")}{(Places > 1 ? $" of {Distances()} mm" : "")}{kind}");
    }

    // One number where they are even, as they mostly are.
    string Distances()
    {
        double[] gaps = [.. Images.Skip(1).Zip(Images, (next, image) => Along(next, Normal) - Along(image, Normal))
            .Where(gap => gap >= SamePlace)];
        return gaps.Length == 0 || gaps.Max() - gaps.Min() < 0.02 * Spacing + SamePlace
            ? string.Create(CultureInfo.InvariantCulture, $"{Spacing:0.###}")
            : string.Create(CultureInfo.InvariantCulture, $"{gaps.Min():0.###} to {gaps.Max():0.###}");
    }
}
