// The CT images among many files, and an account of all the others.
namespace HSENet.Runtime;

/// <summary>
/// Looks at every file once. A file that cannot be opened, is of another modality or no image is counted and left out; damage to a CT image
/// counts when its series is chosen (<see cref="ThrowDamaged"/>).
/// </summary>
internal sealed class DicomFiles
{
    readonly Dictionary<DicomImage, DicomSource> _sourceOf = new(ReferenceEqualityComparer.Instance);
    readonly List<DicomImage> _images = [];
    readonly List<(string Series, HseNetFileException Error)> _damaged = [];
    readonly List<(int Count, string One, string Many, string Names)> _leftOut = [];
    readonly List<HseNetFileException> _unknown = [], _unreadable = [];

    public DicomFiles(IEnumerable<DicomSource> sources, VolumeReadOptions options)
    {
        int others = 0, noImages = 0, colours = 0;
        byte[] buffer = [];
        foreach (DicomSource source in sources)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            DicomFile? file;
            try
            {
                file = source.Parse(ref buffer, options.Cancellation);
            }
            catch (HseNetFileException e)
            {
                _unreadable.Add(e);
                continue;
            }
            if (file is null)
                continue;
            if (options.StudyKey is not null && file.IsCt && file.StudyKey != options.StudyKey)
                continue;
            if (file.IsUnknown)
                _unknown.Add(file.Damage);
            else if (!file.IsCt)
                _ = file.IsImage ? others++ : noImages++;
            else if (file.IsColour)
                colours++;
            else
                Take(file, source);
        }
        LeaveOut(others, "image of another modality than CT", "images of other modalities than CT");
        LeaveOut(noImages, "DICOM file that is no image", "DICOM files that are no images");
        LeaveOut(colours, "image in colour", "images in colour");
        LeaveOut(_unknown, "damaged DICOM file", "damaged DICOM files");
        LeaveOut(_unreadable.FindAll(IsPointer), "Git LFS pointer instead of a file", "Git LFS pointers instead of files");
        LeaveOut(_unreadable.FindAll(e => !IsPointer(e)), "file that cannot be read", "files that cannot be read");

        static bool IsPointer(HseNetFileException e) => e.Problem.EndsWith(ForeignContent.Pointer, StringComparison.Ordinal);
    }

    void Take(DicomFile file, DicomSource source)
    {
        try
        {
            foreach (DicomImage image in file.Images)
            {
                _images.Add(image);
                _sourceOf.Add(image, source);
            }
        }
        catch (HseNetFileException e)
        {
            _damaged.Add((file.SeriesUid, e));
        }
    }

    /// <summary>All CT images, frame by frame.</summary>
    public IReadOnlyList<DicomImage> Images => _images;

    /// <summary>What was left out, in a line; empty if nothing was.</summary>
    public string LeftOut => string.Join(", ",
        _leftOut.Select(kind => $"{kind.Count} {(kind.Count == 1 ? kind.One : kind.Many)}{kind.Names}"));

    /// <summary>Counts what is left out.</summary>
    public void LeaveOut(int count, string one, string many, string names = "")
    {
        if (count > 0)
            _leftOut.Add((count, one, many, names));
    }

    void LeaveOut(List<HseNetFileException> errors, string one, string many) => LeaveOut(errors.Count, one, many,
        $" ({string.Join(", ", errors.Take(3).Select(e => HseNetException.OneLine(e.File, 100)))}{(errors.Count > 3 ? ", …" : "")})");

    /// <summary>
    /// Throws for a damaged CT image of a series, or of one that it does not name; the others are left out. Without a series, for whatever
    /// there is.
    /// </summary>
    public void ThrowDamaged(string? series)
    {
        if (_damaged.Find(damage => series is null || damage.Series == series || damage.Series.Length == 0).Error is { } error)
            throw error;
        if (series is null && _leftOut.Count == 1 && _unknown.Concat(_unreadable).FirstOrDefault() is { } only)
            throw only;
        LeaveOut(_damaged.Count, "damaged image of another series", "damaged images of other series");
    }

    public DicomSource SourceOf(DicomImage image) => _sourceOf[image];

    /// <summary>Whether the files of two images hold the same pixels.</summary>
    public bool SameContent(DicomImage a, DicomImage b) =>
        (a.TransferSyntax, a.PixelBytes, a.Frame, a.RescaleSlope, a.RescaleIntercept) == (b.TransferSyntax, b.PixelBytes, b.Frame,
            b.RescaleSlope,
            b.RescaleIntercept)
        && Pixels(a).Span.SequenceEqual(Pixels(b).Span);

    ReadOnlyMemory<byte> Pixels(DicomImage image)
    {
        byte[] buffer = [];
        return DicomFile.Parse(SourceOf(image).Read(ref buffer), image.File).Pixels;
    }
}
