// Makes a volume of DICOM files: chooses the series, orders its slices, decodes them into one block of voxels.
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

internal static class DicomVolume
{
    static readonly BuiltInDicomReader BuiltIn = new();

    /// <summary>Reads every source twice: its attributes, and its pixels if it belongs to the chosen series.</summary>
    public static VoxelVolume Read(string place, IEnumerable<DicomSource> sources, VolumeReadOptions options)
    {
        var notes = new List<string>();
        var images = new List<DicomImage>();
        var sourceOf = new Dictionary<DicomImage, DicomSource>(ReferenceEqualityComparer.Instance);
        foreach (DicomSource source in sources)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            if (source.Read() is not { } content || DicomFile.Parse(content, source.Name) is not { } file)
                continue;
            CheckSize(file);
            images.Add(file.Image);
            sourceOf.Add(file.Image, source);
        }
        List<DicomImage> series = DicomSeries.Choose(place, images, options.SeriesUid, notes);
        DicomGeometry geometry = DicomGeometry.Arrange(place, series, options.AllowGaps);
        notes.AddRange(geometry.Notes);
        return Load(place, geometry, sourceOf, options, notes);
    }

    // The claimed rows and columns must be backed by the file before memory is taken for them.
    static void CheckSize(DicomFile file)
    {
        DicomImage image = file.Image;
        // Two bytes of run-length code make at most 128.
        int factor = !BuiltIn.CanDecode(image.TransferSyntax) ? ushort.MaxValue
            : image.TransferSyntax == DicomTransferSyntax.RunLength ? 64 : 1;
        if (image.FrameBytes > (long)file.Pixels.Length * factor)
            throw new HseNetFileException(image.File, $"has {file.Pixels.Length} bytes of pixel data",
                $"enough for {image.Rows} rows of {image.Columns} columns with {image.BitsAllocated} bits");
    }

    static unsafe VoxelVolume Load(string place, DicomGeometry geometry, Dictionary<DicomImage, DicomSource> sourceOf,
        VolumeReadOptions options, List<string> notes)
    {
        DicomImage first = geometry.Slices[0];
        foreach (DicomImage slice in geometry.Slices)
            ReaderFor(slice, options);
        bool isUniform = geometry.Slices.All(s =>
            (s.Type, s.RescaleSlope, s.RescaleIntercept) == (first.Type, first.RescaleSlope, first.RescaleIntercept));
        DataType type = isUniform ? first.Type : DataType.F32;
        long bytes = VoxelTypes.ByteLength(place, type, [first.Columns, first.Rows, geometry.Slices.Count], options.MaximumBytes);
        if (first.FrameBytes > Array.MaxLength)
            throw new HseNetFileException(first.File, $"has {first.FrameBytes} bytes of pixels", $"at most {Array.MaxLength}");
        NativeBuffer voxels = NativeBuffer.OfLength(bytes);
        try
        {
            int sliceBytes = (int)(bytes / geometry.Slices.Count);
            for (int i = 0; i < geometry.Slices.Count; i++)
            {
                options.Cancellation.ThrowIfCancellationRequested();
                DicomImage slice = geometry.Slices[i];
                var destination = new Span<byte>(voxels.Pointer + (long)i * sliceBytes, sliceBytes);
                if (i > 0 && ReferenceEquals(slice, geometry.Slices[i - 1]))
                    new ReadOnlySpan<byte>(voxels.Pointer + (long)(i - 1) * sliceBytes, sliceBytes).CopyTo(destination);
                else
                    Decode(slice, sourceOf[slice], ReaderFor(slice, options), isUniform, destination);
            }
            return new VoxelVolume(place, type, (first.Columns, first.Rows, geometry.Slices.Count),
                (first.PixelSpacing.Column, first.PixelSpacing.Row, geometry.Spacing), voxels)
            {
                Slope = isUniform ? first.RescaleSlope : 1,
                Intercept = isUniform ? first.RescaleIntercept : 0,
                Orientation = geometry.Orientation,
                Notes = notes,
                DicomImages = geometry.Slices,
            };
        }
        catch
        {
            voxels.Dispose();
            throw;
        }
    }

    static IDicomReader ReaderFor(DicomImage image, VolumeReadOptions options)
    {
        if (BuiltIn.CanDecode(image.TransferSyntax))
            return BuiltIn;
        if (options.DicomReader?.CanDecode(image.TransferSyntax) == true)
            return options.DicomReader;
        string syntax = DicomTransferSyntax.Describe(image.TransferSyntax);
        throw new HseNetFileException(image.File, $"is compressed as {syntax}, which this program cannot decode",
            options.DicomReader is null ? "an uncompressed or RLE file, or a program built with -p:UseFoDicom=true"
                : "a transfer syntax that fo-dicom and its codecs read");
    }

    static unsafe void Decode(DicomImage image, DicomSource source, IDicomReader reader, bool raw, Span<byte> destination)
    {
        byte[] content = source.Read() ?? throw new HseNetFileException(image.File, "is no DICOM file any more", "the file as it was");
        if (raw)
        {
            reader.DecodeFrame(content, image, destination);
            ExtractStoredBits(image, destination);
            return;
        }
        byte[] frame = new byte[image.FrameBytes];
        reader.DecodeFrame(content, image, frame);
        ExtractStoredBits(image, frame);
        double[] scaled = new double[image.Rows * image.Columns];
        fixed (byte* pixels = frame)
            VoxelTypes.ToDoubles(image.Type, pixels, scaled, image.RescaleSlope, image.RescaleIntercept);
        Span<float> values = MemoryMarshal.Cast<byte, float>(destination);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)scaled[i];
    }

    // Bits above and below the stored ones may hold anything; the sign is the highest stored bit.
    static void ExtractStoredBits(DicomImage image, Span<byte> frame)
    {
        if (image.BitsStored == image.BitsAllocated)
            return;
        int size = image.BitsAllocated / 8, up = 31 - image.HighBit, down = 32 - image.BitsStored;
        for (int i = 0; i < frame.Length; i += size)
        {
            uint raw = 0;
            for (int b = 0; b < size; b++)
                raw |= (uint)frame[i + b] << (8 * b);
            uint value = image.IsSigned ? (uint)((int)(raw << up) >> down) : raw << up >> down;
            for (int b = 0; b < size; b++)
                frame[i + b] = (byte)(value >> (8 * b));
        }
    }
}
