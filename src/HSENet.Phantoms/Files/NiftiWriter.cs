// Writes NIfTI-1 files with their orientation, compressed.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using HSENet.Runtime;

namespace HSENet.Phantoms;

static class NiftiWriter
{
    const int HeaderLength = 348, VoxelOffset = 352;

    /// <summary>Writes a volume of 16-bit numbers or of bytes.</summary>
    public static void Write<T>(string path, StoredVolume<T> volume) where T : unmanaged
    {
        using var content = new MemoryStream();
        using (var zip = new GZipStream(content, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(Header(volume));
            zip.Write(MemoryMarshal.AsBytes<T>(volume.Voxels));
        }
        AtomicFile.Write(path, content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    static byte[] Header<T>(StoredVolume<T> volume) where T : unmanaged
    {
        byte[] header = new byte[VoxelOffset];
        Int32(0, HeaderLength);
        short[] dimensions = [3, (short)volume.Size.X, (short)volume.Size.Y, (short)volume.Size.Z, 1, 1, 1, 1];
        for (int i = 0; i < 8; i++)
            Int16(40 + 2 * i, dimensions[i]);
        bool bytes = typeof(T) == typeof(byte);
        Int16(70, (short)(bytes ? 2 : 4));
        Int16(72, (short)(bytes ? 8 : 16));
        float[] pixdim = [1, volume.Spacing.X, volume.Spacing.Y, volume.Spacing.Z];
        for (int i = 0; i < 4; i++)
            Single(76 + 4 * i, pixdim[i]);
        Single(108, VoxelOffset);
        Single(112, 1); // slope
        header[123] = 2; // millimetres
        "synthetic phantom, not a patient"u8.CopyTo(header.AsSpan(148));
        Int16(254, 1); // the sform states scanner coordinates
        // NIfTI's x runs to the right and y to the front where a patient's run to the left and to the back.
        Row(280, -volume.Direction.X * volume.Spacing.X, 0, 0, -volume.First.X);
        Row(296, 0, -volume.Direction.Y * volume.Spacing.Y, 0, -volume.First.Y);
        Row(312, 0, 0, volume.Direction.Z * volume.Spacing.Z, volume.First.Z);
        "n+1\0"u8.CopyTo(header.AsSpan(344));
        return header;

        void Int32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(at), value);
        void Int16(int at, short value) => BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(at), value);
        void Single(int at, float value) => BinaryPrimitives.WriteSingleLittleEndian(header.AsSpan(at), value);
        void Row(int at, float x, float y, float z, float origin)
        {
            Single(at, x);
            Single(at + 4, y);
            Single(at + 8, z);
            Single(at + 12, origin);
        }
    }
}
