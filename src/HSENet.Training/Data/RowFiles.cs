// Looks at the first bytes of what a row names, so that a file of another kind or size is refused before training starts.
using System.IO.Compression;
using HSENet.Runtime;

namespace HSENet.Training;

static class RowFiles
{
    /// <summary>Checks format and sizes as far as headers tell them; DICOM is left for its turn.</summary>
    /// <exception cref="HseNetFileException">A file cannot serve this training.</exception>
    public static void Check(ManifestRow row, StudyRecipe recipe)
    {
        if (row.SliceFeatures is { } features && recipe.FeatureLength > 0 && Look(features) is var array
            && (array is null || Count(array.Value.Header) != recipe.FeatureLength || !array.Value.Whole))
            throw new HseNetFileException(features, "does not hold the slice features of a study",
                $"a complete .npy file of {recipe.Target.Slices} × {recipe.SliceChannels}");
        if (Directory.Exists(row.Image) || Look(row.Image) is not { } volume)
            return;
        long[] wanted = recipe.VolumeShape;
        if (!volume.Header.Shape.AsSpan().SequenceEqual(wanted) && !volume.Header.Shape.AsSpan().SequenceEqual(wanted.AsSpan(1)))
            throw new HseNetFileException(row.Image, $"is an array of ({string.Join(", ", volume.Header.Shape.Take(9))})",
                $"the model's ({string.Join(", ", wanted)})");
        if (!volume.Whole)
            throw new HseNetFileException(row.Image, "ends before its last value", "a complete file");
        if (recipe.FeatureLength > 0 && row.SliceFeatures is null && !recipe.Target.SlicesOfVolume)
            throw new HseNetFileException(row.Image, "is a finished volume without slices, which this training looks at",
                "its slice features as \"biomedclip_features\", or the scan itself");
        if (row.Metadata is not null)
            throw new HseNetFileException(row.Image, "is a finished volume without units and spacing",
                "scaling and spacing only with scans");
    }

    static long Count(NumpyHeader header) => DataTypes.ElementCount(header.Shape, header.Type) ?? -1;

    // The header of a .npy file and whether all its values are there; none for scans, of which only the format is looked at.
    static (NumpyHeader Header, bool Whole)? Look(string path)
    {
        if (ScanContents.Split(path) is not null)
            return null;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 4096);
            Span<byte> start = stackalloc byte[DicomFile.PreambleLength];
            start = start[..GrowingRead.AsFarAsPossible(file, start, path)];
            if (DicomFile.IsClaimed(start) || ScanFile.IsZip(start) || NiftiPair.IsImage(path))
                return null;
            file.Position = 0;
            if (start is [0x1f, 0x8b, ..])
            {
                using var inflated = new GZipStream(file, CompressionMode.Decompress);
                using var content = new PeekedStream(inflated, path);
                return Header(content, path) is { } compressed ? (compressed, true) : null;
            }
            using var peeked = new PeekedStream(file, path);
            return Header(peeked, path) is { } header
                ? (header, Count(header) * header.Type.Size() <= peeked.Length - peeked.Position) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    static NumpyHeader? Header(PeekedStream peeked, string path)
    {
        if (NumpyFile.IsClaimed(peeked.Head))
            return NumpyFile.ReadHeader(peeked, path);
        if (!NiftiHeader.IsClaimed(peeked.Head))
            throw ForeignContent.Refusal(path, peeked.Head, VolumeFile.Formats);
        NiftiHeader.Read(peeked, path, out _);
        return null;
    }
}
