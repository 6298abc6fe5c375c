// Reads and writes NumPy's .npy files: the finished volumes and slice features that the reference stores.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace HSENet.Runtime;

/// <summary>Writes arrays as NumPy's .npy files, and reads volumes from them.</summary>
static class NumpyFile
{
    // A header of three fields is shorter by far; NumPy itself refuses beyond 10,000 characters.
    const int MaximumHeader = 10_000, PreambleLength = 8;

    static ReadOnlySpan<byte> Magic => "NUMPY"u8;

    /// <summary>Whether a file that begins with these bytes claims to be .npy.</summary>
    internal static bool IsClaimed(ReadOnlySpan<byte> start) => start.Length >= 6 && start[0] == 0x93 && start[1..6].SequenceEqual(Magic);

    /// <summary>Writes float32 values in row-major order, under a temporary name until the file is complete.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="values">As many values as the shape has.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <exception cref="ArgumentException">The number of values does not fit the shape.</exception>
    /// <exception cref="HseNetFileException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) => Write(path, values, null, shape);

    /// <summary>The same for a finished volume, which says how it was prepared.</summary>
    public static void Write(string path, ReadOnlySpan<float> values, string? preparedAs, params ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (DataTypes.ElementCount(shape, DataType.F32) != values.Length)
            throw new ArgumentException($"{values.Length} values for the shape [{string.Join(", ", shape.ToArray())}]", nameof(shape));
        using var file = new AtomicFile(path);
        byte[] header = Header(shape, preparedAs);
        file.Write(header, 0);
        file.Write(MemoryMarshal.AsBytes(values), header.Length);
        file.Commit();
    }

    /// <summary>Reads a volume of shape [1,D,H,W] or [D,H,W]; x is the last axis.</summary>
    internal static unsafe VoxelVolume ReadVolume(Stream stream, string name, VolumeReadOptions options)
    {
        NumpyHeader header = ReadHeader(stream, name);
        long[] shape = header.Shape;
        if (shape is not ([_, _, _] or [1, _, _, _]) && !(options.TakesMatrices && shape is [_, _]))
            throw new HseNetFileException(name, $"holds an array of shape ({string.Join(", ", shape.Take(9))})",
                "(1, depth, height, width) or (depth, height, width)");
        (long depth, long height, long width) = (shape.Length == 2 ? 1 : shape[^3], shape[^2], shape[^1]);
        long bytes = VoxelTypes.ByteLength(name, header.Type, [width, height, depth], options.MaximumBytes);
        NativeBuffer voxels = NativeBuffer.Read(stream, bytes, name, options.Cancellation);
        if (header.IsBigEndian)
            VoxelTypes.ReverseEndianness(voxels.Pointer, voxels.Length, header.Type.Size());
        if (header.IsFortranOrder)
            voxels = Transposed(voxels, header.Type.Size(), depth, height, width);
        return new VoxelVolume(name, header.Type, ((int)width, (int)height, (int)depth), (1, 1, 1), voxels)
        {
            IsPreprocessed = true,
            PreparedAs = header.PreparedAs
        };
    }

    internal static NumpyHeader ReadHeader(Stream stream, string name)
    {
        Span<byte> preamble = stackalloc byte[PreambleLength + 4];
        int got = GrowingRead.AsFarAsPossible(stream, preamble[..(PreambleLength + 2)], name);
        if (got < PreambleLength + 2 || !IsClaimed(preamble))
            throw new HseNetFileException(name, "is not a .npy file", "the letters NUMPY at its beginning");
        byte version = preamble[6];
        if (version is < 1 or > 3)
            throw new HseNetFileException(name, $"is of .npy version {version}", "1 to 3");
        long length = BinaryPrimitives.ReadUInt16LittleEndian(preamble[PreambleLength..]);
        if (version > 1)
        {
            GrowingRead.AsFarAsPossible(stream, preamble[(PreambleLength + 2)..], name);
            length = BinaryPrimitives.ReadUInt32LittleEndian(preamble[PreambleLength..]);
        }
        if (length > MaximumHeader)
            throw new HseNetFileException(name, $"states a header of {length} bytes", $"at most {MaximumHeader}");
        byte[] header = new byte[(int)length];
        got = GrowingRead.AsFarAsPossible(stream, header, name);
        if (got < length)
            throw new HseNetFileException(name, "ends within its header", $"{length} bytes");
        return NumpyHeader.Parse(Encoding.Latin1.GetString(header), name);
    }

    // First axis fastest becomes last axis fastest.
    static unsafe NativeBuffer Transposed(NativeBuffer source, int size, long depth, long height, long width)
    {
        NativeBuffer target = NativeBuffer.OfLength(source.Length);
        byte* to = target.Pointer;
        for (long d = 0; d < depth; d++)
            for (long h = 0; h < height; h++)
                for (long w = 0; w < width; w++, to += size)
                    new ReadOnlySpan<byte>(source.Pointer + (d + depth * (h + height * w)) * size, size).CopyTo(new Span<byte>(to, size));
        source.Dispose();
        return target;
    }

    static byte[] Header(ReadOnlySpan<long> shape, string? preparedAs)
    {
        string sizes = string.Join(", ", shape.ToArray()) + (shape.Length == 1 ? "," : "");
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}"
            + (preparedAs is null ? "" : $" {NumpyHeader.PreparedAsComment}{preparedAs}");
        // The data begins at a multiple of 64, as NumPy aligns it.
        int length = (PreambleLength + 2 + text.Length + 1 + 63) / 64 * 64 - PreambleLength - 2;
        byte[] header = new byte[PreambleLength + 2 + length];
        header[0] = 0x93;
        Magic.CopyTo(header.AsSpan(1));
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(PreambleLength), (ushort)length);
        Encoding.Latin1.GetBytes(text.PadRight(length - 1) + "\n", header.AsSpan(PreambleLength + 2));
        return header;
    }
}
