// Makes small NIfTI files, NumPy arrays and archives.
using System.Buffers.Binary;
using System.IO.Compression;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

/// <summary>Small valid files to start from.</summary>
internal static class VolumeSeeds
{
    /// <summary>A NIfTI-1 file of 16-bit voxels, 1 mm apart, without orientation.</summary>
    public static byte[] Nifti(short x, short y, short z)
    {
        byte[] nifti = new byte[352 + 2 * x * y * z];
        BinaryPrimitives.WriteInt32LittleEndian(nifti, 348);
        foreach ((int offset, short value) in new (int, short)[] { (40, 3), (42, x), (44, y), (46, z), (48, 1), (70, 4), (72, 16) })
            BinaryPrimitives.WriteInt16LittleEndian(nifti.AsSpan(offset), value);
        Put(nifti, 76, 1, 1, 1, 1, 1, 1, 1, 1, 352);
        "n+1\0"u8.CopyTo(nifti.AsSpan(344));
        for (int i = 352; i < nifti.Length; i++)
            nifti[i] = (byte)(i * 7);
        return nifti;
    }

    /// <summary>The same in two files.</summary>
    public static (byte[] Header, byte[] Image) Pair(short x, short y, short z)
    {
        byte[] nifti = Nifti(x, y, z);
        "ni1\0"u8.CopyTo(nifti.AsSpan(344));
        Put(nifti, 108, 0f);
        return (nifti[..348], nifti[352..]);
    }

    public static byte[] Gzip(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal))
            gzip.Write(content);
        return buffer.ToArray();
    }

    public static void Put(byte[] bytes, int offset, params float[] values)
    {
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(offset + 4 * i), values[i]);
    }
}

/// <summary>Small archives.</summary>
internal static class ArchiveSeeds
{
    public static byte[] Zip(params (string Name, byte[] Content)[] files) => Zip(CompressionLevel.Optimal, files);

    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] files)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        return buffer.ToArray();
    }

    /// <summary>A NumPy array 0, 1, 2, … of this shape.</summary>
    public static byte[] Npy(params long[] shape)
    {
        using var folder = new TemporaryFolder();
        NumpyFile.Write(folder.At("a.npy"), [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(i => (float)i)], shape);
        return File.ReadAllBytes(folder.At("a.npy"));
    }
}
