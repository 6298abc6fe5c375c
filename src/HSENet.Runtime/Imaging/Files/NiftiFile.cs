// Reads NIfTI volumes: single files, gzip-compressed or not, and pairs of header and image.
namespace HSENet.Runtime;

internal static class NiftiFile
{
    /// <summary>Reads a NIfTI file from a stream that is not compressed, or was decompressed. A pair needs
    /// <paramref name="openImage"/>.</summary>
    public static VoxelVolume Read(Stream stream, string name, VolumeReadOptions options, Func<Stream>? openImage = null)
    {
        NiftiHeader header = NiftiHeader.Read(stream, name, out int consumed);
        long bytes = VoxelTypes.ByteLength(name, header.Type, header.Size, options.MaximumBytes);
        if (!header.IsPair)
        {
            Skip(stream, header.VoxelOffset - consumed, name);
            return ReadVoxels(stream, name, header, bytes, options.Cancellation);
        }
        if (openImage is null)
            throw new HseNetFileException(name, "is the header of a pair, and its image is not given",
                "the name of the .hdr file, beside its .img file");
        using Stream image = openImage();
        Skip(image, header.VoxelOffset, name);
        VoxelVolume volume = ReadVoxels(image, name, header, bytes, options.Cancellation);
        // As of the header's file: what follows holds the checksum.
        GrowingRead.AsFarAsPossible(image, stackalloc byte[1], name);
        return volume;
    }

    static unsafe VoxelVolume ReadVoxels(Stream stream, string name, NiftiHeader header, long bytes, CancellationToken cancellation)
    {
        NiftiGeometry geometry = NiftiGeometry.Of(header, name);
        NativeBuffer voxels = NativeBuffer.Read(stream, bytes, name, cancellation);
        if (header.IsBigEndian)
            VoxelTypes.ReverseEndianness(voxels.Pointer, voxels.Length, header.Type.Size());
        return new VoxelVolume(name, header.Type, ((int)header.Size[0], (int)header.Size[1], (int)header.Size[2]),
            Three(geometry.Spacing), voxels)
        {
            Slope = header.Slope,
            Intercept = header.Intercept,
            Orientation = geometry.Orientation,
            SlicePositions = geometry is { SliceStep: { } step, Orientation: { } orientation }
                ? [.. Enumerable.Range(0, (int)header.Size[geometry.SliceAxis]).Select(slice => orientation.Origin.Moved(slice, step))]
                    : null,
            SliceAxis = geometry.SliceAxis,
            HeaderSpacing = Three(header.PixelSpacing),
            MatrixSpacing = geometry.MatrixSpacing is { } columns ? Three(columns) : null,
            Notes = geometry.Notes,
        };

        static (double, double, double) Three(double[] values) => (values[0], values[1], values[2]);
    }

    static void Skip(Stream stream, long count, string name)
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (count > 0)
        {
            int got = GrowingRead.AsFarAsPossible(stream, buffer[..(int)Math.Min(count, buffer.Length)], name);
            if (got == 0)
                throw new HseNetFileException(name, "ends before its voxels", $"{count} bytes more");
            count -= got;
        }
    }
}
