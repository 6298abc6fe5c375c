// Real CTs, however their scaling is stored, raise no doubt; scaled a second time, each of them does.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ScaleGoldenTests
{
    static readonly string[] Scans = ["ct_sm", "ct_odd", "ct_padded", "ct_rescale", "ct_tall", "ct_thin"];

    // ct_rescale is stored as its collection's table says, as the first release of CT-RATE was.
    static readonly (double Slope, double Intercept) Table = (1, -1024);

    public static TheoryData<string> All => [.. Scans];

    [Theory]
    [MemberData(nameof(All))]
    public void A_real_scan_is_taken_as_it_is_and_with_its_table(string name)
    {
        using VoxelVolume scan = VolumeFile.Read(GoldenFolder.At($"data/{name}.nii.gz"));
        bool hasTable = VoxelValues.Values(scan).Min() > -500;
        Check(scan, hasTable ? Table : null);
        double[] hounsfield = [.. VoxelValues.Values(scan).Select(value => hasTable ? value - 1024 : value)];
        foreach (var (slope, intercept) in ((double, double)[])[(1, -1024), (0.5, -1000), (2, -2048), (1, -8192), (-1, 500)])
        {
            using VoxelVolume stored = VoxelVolume.FromVoxels<float>(
                [.. hounsfield.Select(value => (float)((value - intercept) / slope))], scan.Size, scan.Spacing);
            Check(stored, (slope, intercept));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_real_scan_that_is_scaled_again_is_refused(string name)
    {
        using VoxelVolume scan = VolumeFile.Read(GoldenFolder.At($"data/{name}.nii.gz"));
        bool hasTable = VoxelValues.Values(scan).Min() > -500;
        (double, double) twice = hasTable ? (1, -2048) : Table;
        Assert.Contains("is not in Hounsfield units after the scaling",
            Assert.Throws<HseNetFileException>(() => Check(scan, twice)).Message);
        // Not scaled at all where a table says it.
        if (hasTable)
            Assert.Contains("no voxel is below -500", Assert.Throws<HseNetFileException>(() => Check(scan, null)).Message);
    }

    static void Check(VoxelVolume scan, (double, double)? table)
    {
        PreprocessingOptions options = new() { Rescale = table };
        PreprocessingChecks.Scan(scan, ScanPlan.For(scan, options, default), options, new());
    }
}
