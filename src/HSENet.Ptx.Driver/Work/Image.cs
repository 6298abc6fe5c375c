// PTX text out of what programs load: text, files, and the fat binaries of CUDA's compiler.
using System.Text;

namespace HSENet.Ptx.Driver;

static unsafe class Image
{
    const uint Wrapper = 0x466243b1, FatBinary = 0xba55ed50, Elf = 0x464c457f;

    // Kinds and flags of a fat binary's entries.
    const ushort PtxKind = 1;
    const ulong Lz4 = 0x2000, Zstandard = 0x8000;

    public static string Text(byte* image, ulong size = ulong.MaxValue)
    {
        uint magic = image == null ? throw new DriverException(Result.InvalidValue) : *(uint*)image;
        return magic switch
        {
            // A wrapper names the binary: magic, version, address.
            Wrapper => OfFatBinary(*(byte**)(image + 8)),
            FatBinary => OfFatBinary(image),
            Elf => throw new DriverException(Result.NoBinaryForGpu, "the image is machine code; the emulator takes PTX text"),
            _ => OfText(image, size),
        };
    }

    public static string Read(string path)
    {
        byte[] bytes = [.. File.ReadAllBytes(path), 0, 0, 0, 0];
        fixed (byte* image = bytes)
            return Text(image, (ulong)bytes.Length);
    }

    /// <summary>A program out of a text; a kernel with something that is not known is refused when it is launched.</summary>
    public static EmulatorModule Load(string text)
    {
        try
        {
            return EmulatorModule.Load(text);
        }
        catch (PtxException failure)
        {
            throw new DriverException(Result.InvalidPtx, failure.Message);
        }
    }

    static string OfText(byte* image, ulong size)
    {
        ulong length = 0;
        while (length < size && image[length] != 0)
            length++;
        return Encoding.UTF8.GetString(image, (int)length);
    }

    // Header: magic, version, its own size (16 bits each), bytes that follow. Each entry: kind, version, header size, size of the payload;
    // at 16 its compressed size, at 28 the architecture, at 40 flags, at 56 its size when unpacked.
    static string OfFatBinary(byte* binary)
    {
        byte* end = binary + *(ushort*)(binary + 6) + *(ulong*)(binary + 8);
        (int Architecture, string Text)? best = null;
        for (byte* entry = binary + *(ushort*)(binary + 6); entry < end; entry += *(uint*)(entry + 4) + *(ulong*)(entry + 8))
        {
            int architecture = *(int*)(entry + 28);
            if (*(ushort*)entry != PtxKind || architecture > Device.Gpu.Architecture || best?.Architecture >= architecture)
                continue;
            ulong flags = *(ulong*)(entry + 40);
            ReadOnlySpan<byte> payload = new(entry + *(uint*)(entry + 4), (int)*(ulong*)(entry + 8));
            if ((flags & Zstandard) != 0)
                throw new DriverException(Result.NotSupported,
                    "PTX packed with Zstandard is not supported by the emulated driver; PTX that nvcc does not compress is");
            if ((flags & Lz4) != 0)
                payload = Unpack(payload[..*(int*)(entry + 16)], (int)*(ulong*)(entry + 56));
            best = (architecture, Encoding.UTF8.GetString(payload).TrimEnd('\0'));
        }
        return best?.Text ?? throw new DriverException(Result.NoBinaryForGpu,
            $"the fat binary has no PTX for sm_{Device.Gpu.Architecture} or older; the emulator takes no machine code");
    }

    /// <summary>LZ4's block format: literals, then a copy of what stands some bytes before.</summary>
    internal static byte[] Unpack(ReadOnlySpan<byte> packed, int size)
    {
        const int ShortestCopy = 4;
        byte[] bytes = new byte[size];
        int from = 0, to = 0;
        while (from < packed.Length)
        {
            int token = packed[from++], literals = Length(packed, ref from, token >> 4);
            packed.Slice(from, literals).CopyTo(bytes.AsSpan(to));
            (from, to) = (from + literals, to + literals);
            if (from >= packed.Length)
                break;
            int distance = packed[from] | packed[from + 1] << 8;
            from += 2;
            int copied = Length(packed, ref from, token & 15) + ShortestCopy;
            for (int n = 0; n < copied; n++, to++)
                bytes[to] = bytes[to - distance];
        }
        return bytes;
    }

    static int Length(ReadOnlySpan<byte> packed, ref int from, int length)
    {
        if (length == 15)
            for (int more = 255; more == 255; length += more)
                more = packed[from++];
        return length;
    }
}
