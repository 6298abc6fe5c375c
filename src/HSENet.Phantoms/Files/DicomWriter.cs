// Writes a CT series as DICOM files, one a slice, explicit little-endian, uncompressed.
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using HSENet.Runtime;

namespace HSENet.Phantoms;

/// <summary>Writes phantoms as CT images. Who they are of is stated: no one.</summary>
static class DicomWriter
{
    const string CtImage = "1.2.840.10008.5.1.4.1.1.2", ExplicitLittleEndian = "1.2.840.10008.1.2.1";
    const int Intercept = -1024;

    /// <summary>Writes a series into a folder.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="volume">The volume in Hounsfield units.</param>
    /// <param name="phantom">Whose it is.</param>
    public static void Write(string folder, StoredVolume<short> volume, Phantom phantom)
    {
        var uids = new Draws(phantom.Seed, phantom.Index, "dicom");
        string study = Uid(uids), series = Uid(uids), frame = Uid(uids);
        for (int slice = 0; slice < volume.Size.Z; slice++)
            AtomicFile.Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{slice:D3}.dcm")),
                Image(volume, phantom, slice, study, series, frame, Uid(uids)));
    }

    static byte[] Image(StoredVolume<short> volume, Phantom phantom, int slice, string study, string series, string frame, string image)
    {
        int count = volume.Size.X * volume.Size.Y;
        ushort[] pixels = new ushort[count];
        var voxels = volume.Voxels.AsSpan(slice * count, count);
        for (int i = 0; i < count; i++)
            pixels[i] = (ushort)(voxels[i] - Intercept);
        var position = volume.First + new Vector3(0, 0, slice * volume.Spacing.Z * volume.Direction.Z);
        var meta = new Elements();
        meta.Bytes(0x00020001, "OB", [0, 1]);
        meta.Text(0x00020002, "UI", CtImage);
        meta.Text(0x00020003, "UI", image);
        meta.Text(0x00020010, "UI", ExplicitLittleEndian);
        meta.Text(0x00020012, "UI", "2.25.305828488182831875890203105390285383139");
        var data = new Elements();
        data.Text(0x00080005, "CS", "ISO_IR 100");
        data.Text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
        data.Text(0x00080016, "UI", CtImage);
        data.Text(0x00080018, "UI", image);
        data.Text(0x00080020, "DA", "");
        data.Text(0x00080030, "TM", "");
        data.Text(0x00080050, "SH", "");
        data.Text(0x00080060, "CS", "CT");
        data.Text(0x00080070, "LO", "synthetic phantom, not a patient");
        data.Text(0x00080090, "PN", "");
        data.Text(0x00100010, "PN", "Phantom");
        data.Text(0x00100020, "LO", string.Create(CultureInfo.InvariantCulture, $"phantom-{phantom.Seed}-{phantom.Index}"));
        data.Text(0x00100030, "DA", "");
        data.Text(0x00100040, "CS", "");
        data.Text(0x00180050, "DS", Number(phantom.Scan.Thickness));
        data.Text(0x00180060, "DS", "");
        data.Text(0x0020000D, "UI", study);
        data.Text(0x0020000E, "UI", series);
        data.Text(0x00200010, "SH", "");
        data.Text(0x00200011, "IS", "1");
        data.Text(0x00200012, "IS", "1");
        data.Text(0x00200013, "IS", (slice + 1).ToString(CultureInfo.InvariantCulture));
        data.Text(0x00200032, "DS", $"{Number(position.X)}\\{Number(position.Y)}\\{Number(position.Z)}");
        data.Text(0x00200037, "DS", $"{Number(volume.Direction.X)}\\0\\0\\0\\{Number(volume.Direction.Y)}\\0");
        data.Text(0x00200052, "UI", frame);
        data.Text(0x00201040, "LO", "");
        data.Number(0x00280002, 1);
        data.Text(0x00280004, "CS", "MONOCHROME2");
        data.Number(0x00280010, (ushort)volume.Size.Y);
        data.Number(0x00280011, (ushort)volume.Size.X);
        data.Text(0x00280030, "DS", $"{Number(volume.Spacing.Y)}\\{Number(volume.Spacing.X)}");
        data.Number(0x00280100, 16);
        data.Number(0x00280101, 16);
        data.Number(0x00280102, 15);
        data.Number(0x00280103, 0);
        data.Text(0x00281052, "DS", Number(Intercept));
        data.Text(0x00281053, "DS", "1");
        data.Text(0x00281054, "LO", "HU");
        data.Bytes(0x7FE00010, "OW", MemoryMarshal.AsBytes<ushort>(pixels));
        var file = new Elements();
        file.Raw(new byte[128]);
        file.Raw("DICM"u8);
        file.Number32(0x00020000, (uint)meta.Length);
        file.Raw(meta.ToArray());
        file.Raw(data.ToArray());
        return file.ToArray();
    }

    static string Number(float value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // An identifier from a random number, as the standard's annex B.2 makes them.
    static string Uid(Draws draws) => "2.25." + new UInt128(draws.Bits(), draws.Bits()).ToString(CultureInfo.InvariantCulture);

    sealed class Elements
    {
        readonly MemoryStream _bytes = new();

        public long Length => _bytes.Length;

        public byte[] ToArray() => _bytes.ToArray();

        public void Raw(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

        public void Text(uint tag, string type, string value)
        {
            byte[] text = Encoding.ASCII.GetBytes(value);
            Element(tag, type, text, (byte)(type == "UI" ? 0 : ' '));
        }

        public void Number(uint tag, ushort value)
        {
            byte[] bytes = new byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
            Element(tag, "US", bytes, 0);
        }

        public void Number32(uint tag, uint value)
        {
            byte[] bytes = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
            Element(tag, "UL", bytes, 0);
        }

        public void Bytes(uint tag, string type, ReadOnlySpan<byte> value) => Element(tag, type, value, 0);

        // Lengths are even; these two types state theirs in four bytes.
        void Element(uint tag, string type, ReadOnlySpan<byte> value, byte padding)
        {
            Span<byte> head = stackalloc byte[12];
            head.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)(tag >> 16));
            BinaryPrimitives.WriteUInt16LittleEndian(head[2..], (ushort)tag);
            Encoding.ASCII.GetBytes(type, head[4..]);
            int length = (value.Length + 1) / 2 * 2;
            bool isLong = type is "OB" or "OW";
            if (isLong)
                BinaryPrimitives.WriteInt32LittleEndian(head[8..], length);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(head[6..], (ushort)length);
            _bytes.Write(head[..(isLong ? 12 : 8)]);
            _bytes.Write(value);
            if (length > value.Length)
                _bytes.WriteByte(padding);
        }
    }
}
