// What is done to a scan before preprocessing, and what is said of it.
namespace HSENet.Runtime.Tests;

public sealed class ScanPlanTests
{
    static VoxelVolume Scan(string? code, Func<int, float>? value = null) => VoxelVolume.FromVoxels<float>(
        [.. Enumerable.Range(0, 60).Select(value ?? (i => i))], (3, 4, 5), (0.5, 0.75, 2), 2, -7, code);

    [Fact]
    public void A_scan_that_lies_as_the_model_expects_is_left_alone()
    {
        using VoxelVolume scan = Scan("LPS");
        var plan = ScanPlan.For(scan, new(), default);
        Assert.Empty(plan.Notes);
        Assert.Equal(0, plan.CopyBytes);
        Assert.Same(scan, plan.Apply(scan, new()));
    }

    [Theory]
    [InlineData("RAS", PreprocessingPreset.Standard, "turned from RAS to LPS (CT-RATE's)")]
    [InlineData("IAL", PreprocessingPreset.Standard, "turned from IAL to LPS (CT-RATE's)")]
    [InlineData("LPS", PreprocessingPreset.BimcvR, "turned from LPS to LAS (BIMCV-R's")]
    public void Another_orientation_is_turned_and_noted(string code, PreprocessingPreset preset, string note)
    {
        using VoxelVolume scan = Scan(code);
        var plan = ScanPlan.For(scan, new() { Preset = preset }, default);
        Assert.StartsWith(note, Assert.Single(plan.Notes), StringComparison.Ordinal);
        using VoxelVolume turned = plan.Apply(scan, new());
        Assert.Equal(ScanOrientations.CodeOf(preset), turned.Orientation!.Code);
        Assert.Equal((plan.Result.Size, plan.Result.Spacing), (turned.Size, turned.Spacing));
        Assert.Equal(scan.ByteLength, plan.CopyBytes);
        Assert.Equal(VoxelValues.Values(scan).Order(), VoxelValues.Values(turned).Order());
    }

    [Fact]
    public void Stored_scans_stay_and_it_is_noted()
    {
        using VoxelVolume scan = Scan("RAS");
        var plan = ScanPlan.For(scan, new() { Orientation = ScanOrientation.Stored }, default);
        Assert.Equal("kept in the stored orientation RAS; the model was trained on LPS", Assert.Single(plan.Notes));
        Assert.Same(scan, plan.Apply(scan, new()));
    }

    [Fact]
    public void What_states_no_orientation_is_taken_as_the_models_or_as_it_is_told()
    {
        using VoxelVolume scan = Scan(null);
        Assert.Contains("no orientation is stated: taken as if it were LPS", Assert.Single(ScanPlan.For(scan, new(), default).Notes));
        Assert.Empty(ScanPlan.For(scan, new() { Orientation = ScanOrientation.Stored }, default).Notes);
        var stated = ScanPlan.For(scan, new() { StatedOrientation = "RAS" }, default);
        Assert.StartsWith("turned from RAS to LPS", Assert.Single(stated.Notes), StringComparison.Ordinal);
        Assert.Empty(ScanPlan.For(scan, new() { StatedOrientation = "LPS" }, default).Notes);
    }

    [Fact]
    public void A_statement_comes_before_the_files_and_both_are_named()
    {
        using VoxelVolume scan = Scan("RAS");
        var plan = ScanPlan.For(scan, new() { StatedOrientation = "LPS" }, default);
        Assert.Equal("taken as LPS, as stated; the file says RAS", Assert.Single(plan.Notes));
        Assert.Same(scan, plan.Apply(scan, new()));
        Assert.StartsWith("turned from RAS", Assert.Single(ScanPlan.For(scan, new() { StatedOrientation = "RAS" }, default).Notes));
    }

    [Fact]
    public void A_series_keeps_its_own_orientation()
    {
        using VoxelVolume scan = DicomVolume.Read("folder", Enumerable.Range(0, 3).Select(z =>
            DicomSource.FromBytes($"{z}", new DicomSeed { Orientation = [-1, 0, 0, 0, -1, 0] }.At(z).ToBytes())), new());
        var plan = ScanPlan.For(scan, new() { StatedOrientation = "LPS" }, default);
        Assert.Equal(["the orientation RAS of the series is taken, not the stated LPS", "turned from RAS to LPS (CT-RATE's)"], plan.Notes);
    }

    [Theory]
    [InlineData(9.9, false)]
    [InlineData(10.1, true)]
    public void Oblique_beyond_ten_degrees_is_named(double degrees, bool isNoted)
    {
        double c = Math.Cos(degrees * Math.PI / 180), s = Math.Sin(degrees * Math.PI / 180);
        using VoxelVolume scan = Scan(null);
        scan.Orientation = new(default, new(c, s, 0), new(-s, c, 0), new(0, 0, 1));
        Assert.Equal(isNoted, ScanPlan.For(scan, new(), default).Notes.Any(note => note.StartsWith("oblique: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Missing_voxels_are_filled_before_the_scan_is_turned()
    {
        using VoxelVolume scan = Scan("RAS", i => i % 3 == 0 ? float.NaN : i);
        var plan = ScanPlan.For(scan, new() { Rescale = (2, 100) }, default);
        Assert.Equal(20, plan.FilledVoxels);
        Assert.StartsWith("20 voxels without a value (NaN)", plan.Notes[0], StringComparison.Ordinal);
        using VoxelVolume placed = plan.Apply(scan, new());
        Assert.Equal("LPS", placed.Orientation!.Code);
        // −1000 Hounsfield units after the table's scaling: 2 · (2 · voxel − 7) + 100.
        Assert.Equal(20, VoxelValues.Values(placed).Count(value => Math.Abs(2 * value + 100 - -1000) < 1e-3));
        Assert.DoesNotContain(VoxelValues.Values(placed), double.IsNaN);
        Assert.Equal(20, VoxelValues.Values(scan).Count(double.IsNaN)); // the scan itself is not touched
        Assert.Equal(2 * scan.ByteLength, plan.CopyBytes);
    }

    [Fact]
    public void Sheared_slices_are_straightened_unless_the_array_is_kept_as_stored()
    {
        using VoxelVolume scan = Scan("LPS");
        scan.SlicePositions = [.. Enumerable.Range(0, 5).Select(z => new PatientVector(0, z * 2 * Math.Tan(0.3), 2 * z))];
        var plan = ScanPlan.For(scan, new(), default);
        Assert.Equal("gantry tilt of 17.2 degrees: sheared back", Assert.Single(plan.Notes));
        Assert.True(plan.Result.Size.Y > 4);
        var stored = ScanPlan.For(scan, new() { Orientation = ScanOrientation.Stored }, default);
        Assert.Contains("kept as stored", stored.Notes[0]);
        Assert.Equal(scan.Size, stored.Result.Size);
    }

    [Fact]
    public void Slices_at_one_place_are_refused()
    {
        using VoxelVolume scan = Scan("LPS");
        scan.SlicePositions = [.. Enumerable.Range(0, 5).Select(z => new PatientVector(0, z, 1e20 + z))];
        Assert.Contains("at places that do not ascend",
            Assert.Throws<HseNetFileException>(() => ScanPlan.For(scan, new(), default)).Message);
    }

    [Fact]
    public void A_finished_volume_is_left_alone()
    {
        using VoxelVolume volume = VolumeFile.Read(new MemoryStream(ArchiveSeeds.Npy(3, 4, 5)), "a.npy");
        var plan = ScanPlan.For(volume, new() { StatedOrientation = "RAS" }, default);
        Assert.Empty(plan.Notes);
        Assert.Same(volume, plan.Apply(volume, new()));
    }
}
