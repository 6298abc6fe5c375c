// Chooses among the images of a folder those that make one volume.
namespace HSENet.Runtime;

/// <summary>A series that was found: what it holds, and whether the volume was made of it.</summary>
/// <param name="Uid">SeriesInstanceUID.</param>
/// <param name="Study">Number of its study among those that were found, from 1.</param>
/// <param name="Images">Number of its images that could be slices.</param>
/// <param name="Description">Slices, direction and spacing of its largest volume.</param>
/// <param name="IsTaken">Whether the volume was made of it.</param>
internal sealed record DicomSeriesSummary(string Uid, int Study, int Images, string Description, bool IsTaken)
{
    /// <summary>UID and content, for messages.</summary>
    public override string ToString() => $"{HseNetException.OneLine(Uid.Length == 0 ? "without UID" : Uid, 64)} ({Description})";
}

/// <summary>What was chosen, and all that was found.</summary>
internal sealed record DicomChoice(DicomStack Stack, IReadOnlyList<DicomSeriesSummary> Series);

internal sealed class DicomSeries
{
    readonly string _place;
    readonly DicomFiles _files;
    readonly List<string> _notes;
    readonly List<(string Uid, string Study, int Images, int Copies, List<DicomStack> Stacks)> _series = [];

    DicomSeries(string place, DicomFiles files, List<string> notes) => (_place, _files, _notes) = (place, files, notes);

    /// <summary>
    /// Chooses a volume: of the wanted series, or of the best one, in which reformatted images and screenshots come last, then what is not
    /// axial; then the one with more slices, then the thinner ones. In a series: the images that share size and orientation and one
    /// acquisition, the wanted or the best one. Localizers, copies and images that fit no volume are left out. What was left out and
    /// what was chosen is noted.
    /// </summary>
    /// <exception cref="HseNetFileException">There is none, or the wanted one is not there, or one of its files is damaged.</exception>
    public static DicomChoice Choose(string place, DicomFiles files, VolumeReadOptions options, List<string> notes) =>
        new DicomSeries(place, files, notes).Choose(options);

    DicomChoice Choose(VolumeReadOptions options)
    {
        List<DicomImage> usable = Usable();
        foreach (var series in usable.GroupBy(image => (image.SeriesUid, image.StudyKey)))
        {
            List<DicomImage> unique = [.. series.DistinctBy(image => image.InstanceUid.Length == 0 ? (object)image : (image.InstanceUid,
                image.Frame, image.Position, image.InstanceNumber, image.AcquisitionNumber, image.AcquisitionTime, image.Phase,
                    image.Reconstruction))];
            List<DicomStack> stacks = Stacks(unique, out int copies);
            _series.Add((series.Key.SeriesUid, series.Key.StudyKey, unique.Count, copies, stacks));
            _files.LeaveOut(series.Count() - unique.Count + copies, "copy of an image", "copies of images");
        }
        string[] studies = [.. _series.Select(series => series.Study).Distinct()];
        var ranked = _series.OrderBy(s => Best(s.Stacks).Rank).ThenBy(s => s.Uid, StringComparer.Ordinal).ToArray();
        int taken = options.SeriesUid is null ? 0 : Array.FindIndex(ranked, s => s.Uid == options.SeriesUid);
        DicomSeriesSummary[] found = [.. ranked.Select((s, i) => new DicomSeriesSummary(s.Uid, 1 + Array.IndexOf(studies, s.Study),
            s.Images, Best(s.Stacks).ToString(), i == taken))];
        if (taken < 0)
        {
            _files.ThrowDamaged(options.SeriesUid!);
            throw new HseNetFileException(_place, $"holds no CT series {HseNetFileException.Quote(options.SeriesUid!)}",
                $"one of its {found.Length}: {string.Join(", ", found.Take(5))}");
        }
        if (options is { RefusesSeveralStudies: true, SeriesUid: null } && studies.Length > 1)
            throw new HseNetFileException(_place, $"holds {studies.Length} studies: {string.Join(", ", found.Take(5))}", "one study");
        _files.ThrowDamaged(ranked[taken].Uid);
        if (options.SeriesUid is null && found.Length > 1)
            NoteChoice(found, studies.Length);
        DicomStack stack = Acquisition(ranked[taken].Stacks, options.Acquisition);
        _files.LeaveOut(ranked[taken].Images - ranked[taken].Copies - ranked[taken].Stacks.Sum(s => s.Images.Count),
            "image of another size or orientation",
            "images of another size or orientation");
        return new DicomChoice(stack, found);
    }

    // Images that can be slices at all.
    List<DicomImage> Usable()
    {
        List<DicomImage> usable = [.. _files.Images];
        KeepOnly(i => !i.ImageType.Split('\\').Contains("LOCALIZER"), "localizer", "localizers");
        KeepOnly(i => i.Unit is "" or "HU" or "HU_MOD" or "US", "image in other units than Hounsfield's",
            "images in other units than Hounsfield's");
        KeepOnly(i => i.FramesArePlaced, "multi-frame image without the places of its frames",
            "multi-frame images without the places of their frames");
        KeepOnly(i => DicomGeometry.IsPlaced(i) && VoxelVolume.IsLength(i.PixelSpacing.Row) && VoxelVolume.IsLength(i.PixelSpacing.Column),
            "image without position, orientation or pixel spacing", "images without position, orientation or pixel spacing");
        if (usable.Count > 0)
            return usable;
        _files.ThrowDamaged(null);
        string leftOut = _files.LeftOut;
        throw new HseNetFileException(_place, leftOut.Length > 0 ? $"holds no slice of a CT: {leftOut}" : "holds no DICOM image",
            "the files of a CT series");

        void KeepOnly(Predicate<DicomImage> condition, string one, string many)
        {
            List<DicomImage> kept = usable.FindAll(condition);
            _files.LeaveOut(usable.Count - kept.Count, one, many);
            usable = kept;
        }
    }

    // The volumes of a series, of its best group of one size and orientation; unsplit where they cannot be told apart and are not
    // wanted.
    List<DicomStack> Stacks(List<DicomImage> series, out int copies)
    {
        var groups = new List<List<DicomImage>>();
        foreach (DicomImage image in series)
        {
            if (groups.Find(g => DicomGeometry.Fit(g[0], image)) is { } group)
                group.Add(image);
            else
                groups.Add([image]);
        }
        DicomStack best = Best([.. groups.Select(group => DicomStack.Of(group, ""))]);
        return DicomAcquisitions.Split(best, _files.SameContent, out copies);
    }

    static DicomStack Best(List<DicomStack> stacks) => stacks.MinBy(stack => stack.Rank)!;

    DicomStack Acquisition(List<DicomStack> stacks, int? wanted)
    {
        string all = string.Join(", ",
            stacks.Select((stack, i) => $"{(stack.Acquisition.Length == 0 ? "one" : stack.Acquisition)} ({stack})"));
        DicomStack chosen = Best(stacks);
        if (wanted is { } number)
        {
            List<DicomStack> numbered = stacks.FindAll(stack => stack.Images.All(image => image.AcquisitionNumber == number));
            bool haveNumbers = stacks.DistinctBy(stack => stack.Images[0].AcquisitionNumber).Count() > 1;
            chosen = numbered.Count > 0 ? Best(numbered) : !haveNumbers && number >= 1 && number <= stacks.Count ? stacks[number - 1]
                : throw new HseNetFileException(_place, $"holds no acquisition {number}",
                    $"one of the {stacks.Count} of the series: {all}");
        }
        if (stacks.Count > 1)
            _notes.Add($"{stacks.Count} acquisitions in the series: {all}; {chosen.Acquisition} taken");
        if (chosen.Collides)
            throw DicomAcquisitions.Mixed(_place, chosen);
        return chosen;
    }

    void NoteChoice(DicomSeriesSummary[] found, int studies)
    {
        string place = studies > 1 ? $"{found.Length} CT series of {studies} studies" : $"{found.Length} CT series";
        string Said(DicomSeriesSummary series) => studies > 1 ? $"study {series.Study}: {series}" : $"{series}";
        _notes.Add($"one of {place} taken: {Said(found[0])}; the others: "
            + $"{string.Join(", ", found.Skip(1).Take(5).Select(Said))}{(found.Length > 6 ? ", …" : "")}");
    }
}
