// Makes a volume of DICOM files: chooses the series, orders its slices, decodes them into one block of voxels.
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

internal static class DicomVolume
{
    static readonly BuiltInDicomReader BuiltIn = new();

    /// <summary>Reads every source as far as its pixels, and then whole if it belongs to the chosen series.</summary>
    public static VoxelVolume Read(string place, IEnumerable<DicomSource> sources, VolumeReadOptions options)
    {
        var notes = new List<string>();
        var files = new DicomFiles(sources, options);
        DicomChoice choice = DicomSeries.Choose(place, files, options, notes);
        foreach (DicomImage slice in choice.Stack.Images)
        {
            CheckSize(slice);
            ReaderFor(slice, options);
        }
        DicomGeometry geometry = DicomGeometry.Of(place, choice.Stack, options.AllowGaps, files.LeftOut);
        notes.AddRange(geometry.Notes);
        if (files.LeftOut.Length > 0)
            notes.Add($"{files.LeftOut} left out");
        return Load(place, choice, geometry, files, options, notes);
    }

    // The claimed rows, columns and frames must be backed by the file before memory is taken for them.
    static void CheckSize(DicomImage image)
    {
        // Two bytes of run-length code make at most 128.
        int factor = !BuiltIn.CanDecode(image.TransferSyntax) ? ushort.MaxValue
            : image.TransferSyntax == DicomTransferSyntax.RunLength ? 64 : 1;
        if (image.FrameBytes * image.Frames > (long)image.PixelBytes * factor)
            throw new HseNetFileException(image.File, $"has {image.PixelBytes} bytes of pixel data",
                $"enough for {(image.Frames > 1 ? $"{image.Frames} frames of " : "")}{image.Rows} rows of {image.Columns} columns with "
                + $"{image.BitsAllocated} bits");
    }

    static unsafe VoxelVolume Load(string place, DicomChoice choice, DicomGeometry geometry, DicomFiles files, VolumeReadOptions options,
        List<string> notes)
    {
        IReadOnlyList<DicomImage> slices = choice.Stack.Images;
        DicomImage first = slices[0];
        bool isUniform = slices.All(s => (s.Type, s.RescaleSlope, s.RescaleIntercept)
            == (first.Type, first.RescaleSlope, first.RescaleIntercept) && new DicomPixels(s).KeepsType);
        DataType type = isUniform ? first.Type : DataType.F32;
        long bytes = VoxelTypes.ByteLength(place, type, [first.Columns, first.Rows, slices.Count], options.MaximumBytes);
        if (first.FrameBytes > Array.MaxLength)
            throw new HseNetFileException(first.File, $"has {first.FrameBytes} bytes of pixels", $"at most {Array.MaxLength}");
        NativeBuffer voxels = NativeBuffer.OfLength(bytes);
        try
        {
            using var decoder = new SliceDecoder(files, options);
            int sliceBytes = (int)(bytes / slices.Count);
            for (int i = 0; i < slices.Count; i++)
            {
                options.Cancellation.ThrowIfCancellationRequested();
                decoder.Decode(slices[i], isUniform, new Span<byte>(voxels.Pointer + (long)i * sliceBytes, sliceBytes));
            }
            if (slices.FirstOrDefault(s => new DicomPixels(s).IsMoved) is { } moved)
                notes.Add($"pixels of {moved.BitsStored} bits are said to end at bit {moved.HighBit} and end at {moved.BitsStored - 1}: "
                    + $"read so");
            if (decoder.Padding > 0)
                notes.Add($"{DicomGeometry.Counted(decoder.Padding, "padding value")} taken as air");
            return new VoxelVolume(place, type, (first.Columns, first.Rows, slices.Count),
                (first.PixelSpacing.Column, first.PixelSpacing.Row, geometry.Spacing), voxels)
            {
                Slope = isUniform ? first.RescaleSlope : 1,
                Intercept = isUniform ? first.RescaleIntercept : 0,
                Orientation = geometry.Orientation,
                SlicePositions = geometry.Positions,
                Notes = notes,
                DicomImages = slices,
                DicomSeries = choice.Series,
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

    // Slices of one file come one after the other: it is opened once for them, and read frame by frame if it can be.
    sealed class SliceDecoder(DicomFiles files, VolumeReadOptions options) : IDisposable
    {
        DicomSource? _source;
        Stream? _stream;
        byte[] _buffer = [], _frame = [];
        ReadOnlyMemory<byte> _content;
        DicomFile? _file;

        /// <summary>How many values were padding.</summary>
        public long Padding { get; private set; }

        public void Decode(DicomImage image, bool keepsType, Span<byte> destination)
        {
            Open(image);
            IDicomReader reader = ReaderFor(image, options);
            if (!keepsType && _frame.Length != image.FrameBytes)
                _frame = new byte[image.FrameBytes];
            Span<byte> frame = keepsType ? destination : _frame;
            if (reader == BuiltIn)
                BuiltInDicomReader.DecodeFrame(_file!, image, frame, _stream);
            else
                reader.DecodeFrame(_content, image, frame);
            var pixels = new DicomPixels(image);
            Padding += keepsType ? pixels.Clean(frame)
                : pixels.ToHounsfield(frame, MemoryMarshal.Cast<byte, float>(destination));
        }

        void Open(DicomImage image)
        {
            DicomSource source = files.SourceOf(image);
            if (_source == source)
                return;
            Dispose();
            _source = source;
            if (BuiltIn.CanDecode(image.TransferSyntax) && source.OpenAnywhere() is { } stream)
            {
                _stream = stream;
                _file = source.Parse(ref _buffer, options.Cancellation);
                if (_file?.PixelOffset is not null)
                    return;
                Dispose();
            }
            _content = source.Read(ref _buffer, options.Cancellation);
            _file = DicomFile.Parse(_content, image.File, cancellation: options.Cancellation);
        }

        public void Dispose()
        {
            _stream?.Dispose();
            _stream = null;
        }
    }
}
