// Chooses among the images of a folder those that make one volume.
namespace HSENet.Runtime;

internal static class DicomSeries
{
    /// <summary>
    /// The images of one CT series that share size and orientation. Localizers, copies and images that fit no volume are left out; what was
    /// left out
    /// and what was chosen is noted.
    /// </summary>
    /// <param name="place">The folder or file in messages.</param>
    /// <param name="images">All images.</param>
    /// <param name="seriesUid">The wanted series, or null for the largest.</param>
    /// <param name="notes">Gets what a user should know.</param>
    public static List<DicomImage> Choose(string place, List<DicomImage> images, string? seriesUid, List<string> notes)
    {
        if (images.Count == 0)
            throw new HseNetFileException(place, "holds no DICOM image", "the files of a CT series");
        List<DicomImage> usable = images;
        KeepOnly(i => i.Modality == "CT", "image of another modality than CT", "images of other modalities than CT");
        KeepOnly(i => !i.IsLocalizer, "localizer", "localizers");
        KeepOnly(i => i.Frames == 1, "multi-frame image", "multi-frame images");
        KeepOnly(i => DicomGeometry.IsPlaced(i) && VoxelVolume.IsLength(i.PixelSpacing.Row) && VoxelVolume.IsLength(i.PixelSpacing.Column),
            "image without position, orientation or pixel spacing", "images without position, orientation or pixel spacing");

        List<DicomImage>[] series = [.. usable.GroupBy(i => i.SeriesUid).Select(s => WithoutCopies([.. s], notes))
            .OrderByDescending(s => s.Count).ThenBy(s => s[0].SeriesUid, StringComparer.Ordinal)];
        List<DicomImage> chosen = series[0];
        if (seriesUid is not null)
            chosen = Array.Find(series, s => s[0].SeriesUid == seriesUid)
                ?? throw new HseNetFileException(place, $"holds no CT series {HseNetFileException.Quote(seriesUid)}",
                    $"one of its {series.Length}: {string.Join(", ", series.Take(5).Select(Described))}");
        else if (series.Length > 1)
            notes.Add($"largest of {series.Length} CT series chosen: {Described(chosen)}; the others: "
                + $"{string.Join(", ", series.Skip(1).Take(5).Select(Described))}{(series.Length > 6 ? ", …" : "")}");
        return LargestGroup(chosen, notes);

        void KeepOnly(Predicate<DicomImage> condition, string one, string many)
        {
            List<DicomImage> kept = usable.FindAll(condition);
            int dropped = usable.Count - kept.Count;
            if (kept.Count == 0)
                throw new HseNetFileException(place,
                    $"holds no slice of a CT: {dropped} "
                    + $"{(dropped == 1 ? one : many)}{(notes.Count > 0 ? $", {string.Join(", ", notes)}" : "")}",
                    "the files of a CT series");
            if (dropped > 0)
                notes.Add($"{dropped} {(dropped == 1 ? one : many)} left out");
            usable = kept;
        }
    }

    static string Described(List<DicomImage> series) =>
        $"{HseNetException.OneLine(series[0].SeriesUid, 64)} ({DicomGeometry.Counted(series.Count, "image")})";

    static List<DicomImage> WithoutCopies(List<DicomImage> series, List<string> notes)
    {
        var seen = new HashSet<string>();
        List<DicomImage> kept = series.FindAll(i => i.InstanceUid.Length == 0 || seen.Add(i.InstanceUid));
        if (kept.Count < series.Count)
            notes.Add(series.Count - kept.Count == 1 ? "1 copy of an image dropped"
                : $"{series.Count - kept.Count} copies of images dropped");
        return kept;
    }

    static List<DicomImage> LargestGroup(List<DicomImage> series, List<string> notes)
    {
        var groups = new List<List<DicomImage>>();
        foreach (DicomImage image in series)
        {
            if (groups.Find(g => DicomGeometry.Fit(g[0], image)) is { } group)
                group.Add(image);
            else
                groups.Add([image]);
        }
        List<DicomImage> largest = groups.MaxBy(g => g.Count)!;
        if (groups.Count > 1)
            notes.Add($"{DicomGeometry.Counted(series.Count - largest.Count, "image")} of another size or orientation left out");
        return largest;
    }
}
