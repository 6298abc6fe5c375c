// A collection's table beside a volume's own header: which of both holds, and what is refused.
namespace HSENet.Runtime.Tests;

public sealed class StudyMetadataTests
{
    static VoxelVolume Scan()
    {
        byte[] nifti = VolumeSeeds.Nifti(2, 2, 2);
        System.Buffers.Binary.BinaryPrimitives.WriteInt16LittleEndian(nifti.AsSpan(254), 1);
        VolumeSeeds.Put(nifti, 280, 1f, 0f, 0f, 5f, 0f, 1f, 0f, 6f, 0f, 0f, 1f, 7f); // RAS, 1 mm
        return VolumeFile.Read(new MemoryStream(nifti), "scan");
    }

    [Theory]
    [InlineData(1.0, 1.0, 1.0, true)]
    [InlineData(1.009, 0.991, 1.0, true)]
    [InlineData(1.011, 1.0, 1.0, false)]
    [InlineData(1.0, 1.0, 1.5, false)]
    [InlineData(1.0, 0.7, 1.0, false)]
    public void An_orientation_is_not_believed_whose_distances_the_table_contradicts(double x, double y, double z, bool isBelieved)
    {
        using VoxelVolume scan = Scan();
        var notes = new List<string>();
        StudyMetadata.Apply(new(null, null, (x, y), z), scan, new(), notes);
        Assert.Equal((x, y, z), scan.Spacing);
        Assert.Equal(isBelieved ? "RAS" : null, scan.Orientation?.Code);
        if (isBelieved)
            Assert.Empty(notes);
        else
            Assert.StartsWith("the header's orientation RAS is not believed: its distances 1 × 1 × 1 mm contradict", Assert.Single(notes));
    }

    [Fact]
    public void A_value_that_the_table_lacks_stays_the_files()
    {
        using VoxelVolume scan = Scan();
        CtStudyOptions options = new();
        Assert.Same(options, StudyMetadata.Apply(new(null, null, null, null), scan, options, []));
        Assert.Equal((1, 1, 1), scan.Spacing);
        Assert.Equal((1, -1024), StudyMetadata.Apply(new(null, -1024, null, null), scan, options, []).Preprocessing.Rescale);
        Assert.Equal((2, 0), StudyMetadata.Apply(new(2, null, null, null), scan, options, []).Preprocessing.Rescale);
    }

    [Fact]
    public void A_table_is_refused_beside_another_scaling_and_for_what_has_its_own()
    {
        var row = new VolumeMetadata(1, -1024, null, null);
        using VoxelVolume scan = Scan();
        Assert.Contains("has a scaling in the metadata table and another one besides", Assert.Throws<HseNetFileException>(() =>
            StudyMetadata.Apply(row, scan, new() { Preprocessing = new() { Rescale = (1, 0) } }, [])).Message);
        using VoxelVolume series = DicomVolume.Read("folder", Enumerable.Range(0, 2).Select(z =>
            DicomSource.FromBytes($"{z}", new DicomSeed().At(z).ToBytes())), new());
        Assert.Contains("is DICOM, which has its own scaling", Assert.Throws<HseNetFileException>(() =>
            StudyMetadata.Apply(row, series, new(), [])).Message);
        using VoxelVolume finished = VolumeFile.Read(new MemoryStream(ArchiveSeeds.Npy(2, 2, 2)), "a.npy");
        Assert.Contains("is a finished volume", Assert.Throws<HseNetFileException>(() =>
            StudyMetadata.Apply(row, finished, new(), [])).Message);
    }
}
