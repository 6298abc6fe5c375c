// The header of a NIfTI-1 or NIfTI-2 file in either byte order: what the voxels are and where they lie.
using System.Buffers.Binary;

namespace HSENet.Runtime;

/// <summary>What is needed of a NIfTI header.</summary>
/// <param name="IsBigEndian">Order of bytes.</param>
/// <param name="IsPair">Whether the voxels are in another file.</param>
/// <param name="Type">Type of a voxel.</param>
/// <param name="Size">Voxels along x, y and z.</param>
/// <param name="VoxelOffset">Where the voxels begin.</param>
/// <param name="PixelSpacing">pixdim in mm, without its signs; as the file has it, which may be no distance.</param>
/// <param name="Slope">Factor of the scaling.</param>
/// <param name="Intercept">Summand of the scaling.</param>
/// <param name="Sform">The matrix that the sform is, if its code is above 0.</param>
/// <param name="Qform">The matrix that follows from the quaternion, if the qform's code is above 0.</param>
internal sealed record NiftiHeader(bool IsBigEndian, bool IsPair, DataType Type, long[] Size, long VoxelOffset, double[] PixelSpacing,
    double Slope, double Intercept, NiftiMatrix? Sform, NiftiMatrix? Qform)
{
    const int Length1 = 348, Length2 = 540;

    // Header extensions are small; a larger offset is damage, and skipping to it would read for hours.
    const long MaximumOffset = 1 << 26;

    /// <summary>Whether a file that begins with these bytes claims to be NIfTI; it takes 4.</summary>
    public static bool IsClaimed(ReadOnlySpan<byte> start) => start.Length >= 4 && LengthOf(start) != 0;

    /// <summary>Reads a header from the front of a stream and leaves the stream behind it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">The file's name in messages.</param>
    /// <param name="consumed">How many bytes were read.</param>
    public static NiftiHeader Read(Stream stream, string name, out int consumed)
    {
        byte[] bytes = new byte[Length2];
        consumed = GrowingRead.AsFarAsPossible(stream, bytes.AsSpan(0, Length1), name);
        if (consumed < Length1)
            throw new HseNetFileException(name, $"has {consumed} bytes", $"a NIfTI header of at least {Length1}");
        int length = LengthOf(bytes);
        if (length == 0)
            throw new HseNetFileException(name, "is not a NIfTI file", $"the number {Length1} or {Length2} at its beginning");
        consumed += GrowingRead.AsFarAsPossible(stream, bytes.AsSpan(Length1, length - Length1), name);
        if (consumed < length)
            throw new HseNetFileException(name, $"has {consumed} bytes", $"a NIfTI-2 header of {Length2}");
        bool bigEndian = BinaryPrimitives.ReadInt32LittleEndian(bytes) != length;
        return new Parser(bytes, name, bigEndian, length == Length2).Parse();
    }

    // The first number is the header's length, which also tells the byte order.
    static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        int little = BinaryPrimitives.ReadInt32LittleEndian(bytes), big = BinaryPrimitives.ReadInt32BigEndian(bytes);
        return little is Length1 or Length2 ? little : big is Length1 or Length2 ? big : 0;
    }

    sealed class Parser(byte[] bytes, string name, bool bigEndian, bool second)
    {
        public NiftiHeader Parse()
        {
            bool isPair = CheckMagic();
            long[] size = ReadSize();
            double unit = Unit();
            // A sign here is a leftover of older formats.
            double[] spacing = [.. Enumerable.Range(1, 3).Select(axis => unit * Math.Abs(Pixdim(axis)))];

            double slope = second ? Double(176) : Single(112), intercept = second ? Double(184) : Single(116);
            bool scaled = double.IsFinite(slope) && slope != 0;
            if (scaled && !double.IsFinite(intercept))
                throw Error($"its scaling is {slope} × voxel + {intercept}", "a finite scl_inter");
            return new NiftiHeader(bigEndian, isPair, ReadType(), size, ReadOffset(isPair), spacing, scaled ? slope : 1,
                scaled ? intercept : 0, ReadSform(unit), ReadQform(unit, spacing));
        }

        bool CheckMagic()
        {
            ReadOnlySpan<byte> magic = second ? bytes.AsSpan(4, 8) : bytes.AsSpan(344, 4);
            if (magic.SequenceEqual(second ? "n+2\0\r\n\x1a\n"u8 : "n+1\0"u8))
                return false;
            if (magic.SequenceEqual(second ? "ni2\0\r\n\x1a\n"u8 : "ni1\0"u8))
                return true;
            // Its last bytes were there before NIfTI gave them a meaning.
            if (!second && magic.IndexOfAnyExcept((byte)0) < 0)
                throw Error("is an Analyze 7.5 header, which does not say where left and right are", "the same volume as NIfTI");
            throw Error("is not a NIfTI file", second ? "the letters n+2 or ni2 at byte 4" : "the letters n+1 or ni1 at byte 344");
        }

        long[] ReadSize()
        {
            long[] dimensions = new long[8];
            for (int i = 0; i < 8; i++)
                dimensions[i] = second ? Int64(16 + 8 * i) : Int16(40 + 2 * i);
            long count = dimensions[0];
            if (count is < 3 or > 7)
                throw Error($"has {count} dimensions", "3, or 4 with one frame");
            for (int i = 4; i <= count; i++)
                if (dimensions[i] != 1)
                    throw Error($"has {dimensions[i]} frames", "one: give one volume at a time");
            return dimensions[1..4];
        }

        DataType ReadType()
        {
            int code = Int16(second ? 12 : 70);
            return code switch
            {
                2 => DataType.U8,
                4 => DataType.I16,
                8 => DataType.I32,
                16 => DataType.F32,
                64 => DataType.F64,
                256 => DataType.I8,
                512 => DataType.U16,
                768 => DataType.U32,
                1024 => DataType.I64,
                1280 => DataType.U64,
                _ => throw Error($"has voxels of NIfTI type {code}",
                    "an integer or float type (2, 4, 8, 16, 64, 256, 512, 768, 1024 or 1280)"),
            };
        }

        long ReadOffset(bool isPair)
        {
            double stated = second ? Int64(168) : Single(108);
            long lowest = isPair ? 0 : (second ? Length2 : Length1) + 4;
            if (stated == 0 && !isPair)
                return lowest;
            if (!(stated >= lowest && stated <= MaximumOffset) || stated != Math.Floor(stated))
                throw Error($"says that its voxels begin at byte {stated}", $"{lowest} to {MaximumOffset}");
            return (long)stated;
        }

        double Pixdim(int axis) => second ? Double(104 + 8 * axis) : Single(76 + 4 * axis);

        // Metres, millimetres (also where nothing is said), micrometres.
        double Unit() => ((second ? Int32(500) : bytes[123]) & 7) switch { 1 => 1000, 3 => 1e-3, _ => 1 };

        NiftiMatrix? ReadSform(double unit)
        {
            if ((second ? Int32(348) : Int16(254)) <= 0)
                return null;
            double[] rows = [.. Enumerable.Range(0, 12).Select(i => unit * (second ? Double(400 + 8 * i) : Single(280 + 4 * i)))];
            return new(Patient(rows[3], rows[7], rows[11]), Patient(rows[0], rows[4], rows[8]), Patient(rows[1], rows[5], rows[9]),
                Patient(rows[2], rows[6], rows[10]));
        }

        NiftiMatrix? ReadQform(double unit, double[] spacing)
        {
            if ((second ? Int32(344) : Int16(252)) <= 0)
                return null;
            double[] q = [.. Enumerable.Range(0, 6).Select(i => second ? Double(352 + 8 * i) : Single(256 + 4 * i))];
            (double b, double c, double d) = (q[0], q[1], q[2]);
            double a = Math.Sqrt(Math.Max(0, 1 - b * b - c * c - d * d));
            double z = Pixdim(0) < 0 ? -spacing[2] : spacing[2];
            return new(Patient(unit * q[3], unit * q[4], unit * q[5]),
                Patient(a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)).Times(spacing[0]),
                Patient(2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)).Times(spacing[1]),
                Patient(2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c).Times(z));
        }

        // NIfTI's x goes to the right and y to the front, DICOM's the other way round.
        static PatientVector Patient(double x, double y, double z) => new(-x, -y, z);

        HseNetFileException Error(string problem, string expected) => new(name, problem, expected);

        short Int16(int offset) => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(offset))
            : BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(offset));

        int Int32(int offset) => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(offset))
            : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));

        long Int64(int offset) => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(offset))
            : BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset));

        float Single(int offset) => BitConverter.Int32BitsToSingle(Int32(offset));

        double Double(int offset) => BitConverter.Int64BitsToDouble(Int64(offset));
    }
}
