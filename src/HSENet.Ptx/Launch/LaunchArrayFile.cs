// Values of a buffer from a NumPy array file (.npy): elements of the buffer's own type, in row-major order.
using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

static partial class LaunchArrayFile
{
    /// <summary>The elements' bytes. bf16, which NumPy does not know, is stored as its bits in u2.</summary>
    public static byte[] Read(string path, PtxType type, string place)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PtxLaunchException($"{place}: {failure.Message}");
        }
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];
        if (file.Length < 12 || !file.AsSpan().StartsWith(magic) || file[6] is < 1 or > 3)
            throw new PtxLaunchException($"{place}: {path} is no NumPy array file");
        int start = file[6] == 1 ? 10 : 12;
        long length = file[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8))
            : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(8));
        if (start + length > file.Length)
            throw new PtxLaunchException($"{place}: {path} ends in its header");
        string header = Encoding.UTF8.GetString(file, start, (int)length);
        Match element = ElementType().Match(header), order = Order().Match(header), shape = Shape().Match(header);
        if (!element.Success || !order.Success || !shape.Success)
            throw new PtxLaunchException($"{place}: {path} has a header without descr, fortran_order and shape");
        string[] expected = type switch
        {
            PtxType.F16 or PtxType.F32 or PtxType.F64 => ["<f" + type.Bytes()],
            PtxType.U8 or PtxType.B8 => ["|u1", "|b1"],
            PtxType.S8 => ["|i1"],
            PtxType.S16 or PtxType.S32 or PtxType.S64 => ["<i" + type.Bytes()],
            _ => ["<u" + type.Bytes()],
        };
        if (!expected.Contains(element.Groups[1].Value))
            throw new PtxLaunchException($"{place}: {path} holds '{element.Groups[1].Value}', a {type.Word()} buffer takes "
                + $"'{expected[0]}'");
        string[] sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (order.Groups[1].Value == "True" && sizes.Length > 1)
            throw new PtxLaunchException($"{place}: {path} is in column-major order, expected row-major");
        UInt128 bytes = (UInt128)type.Bytes();
        foreach (string size in sizes)
            bytes = ulong.TryParse(size, out ulong count) && bytes < 1UL << 60 ? bytes * count : UInt128.MaxValue;
        long data = file.Length - start - length;
        if (bytes != (UInt128)data)
            throw new PtxLaunchException($"{place}: {path} has {data} bytes of data, its shape ({shape.Groups[1].Value}) asks for others");
        return file[(int)(start + length)..];
    }

    [GeneratedRegex("'descr': *'([^']*)'")]
    private static partial Regex ElementType();

    [GeneratedRegex("'fortran_order': *(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape': *\(([\d, ]*)\)")]
    private static partial Regex Shape();
}
