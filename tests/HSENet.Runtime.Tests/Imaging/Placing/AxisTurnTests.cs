// Turning a scan: every voxel keeps its value at its place in the patient, whatever the axes were and become.
namespace HSENet.Runtime.Tests;

public sealed class AxisTurnTests
{
    static readonly (int X, int Y, int Z) Size = (3, 4, 5);
    static readonly (double X, double Y, double Z) Spacing = (0.5, 0.75, 2);

    // All 48 ways in which three axes can lie along a patient's.
    static readonly string[] All =
    [
        .. from a in "LRAPSI" from b in "LRAPSI" from c in "LRAPSI"
           where new[] { a, b, c }.Select(letter => "LRAPSI".IndexOf(letter) / 2).Distinct().Count() == 3
           select $"{a}{b}{c}",
    ];

    public static TheoryData<string> Codes => [.. All];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_voxel_keeps_its_place_in_the_patient(string code)
    {
        using VoxelVolume scan = VoxelVolume.FromVoxels<short>([.. Enumerable.Range(0, 60).Select(i => (short)i)], Size, Spacing, 2, -7,
            code);
        Dictionary<(double, double, double), double> places = Places(scan);
        Assert.Equal(60, places.Count);
        foreach (string wanted in All)
        {
            AxisTurn? turn = AxisTurn.Between(scan.Orientation!, VolumeOrientation.FromCode(wanted));
            Assert.Equal(wanted == code, turn is null);
            if (turn is null)
                continue;
            using VoxelVolume turned = turn.Apply(scan, new());
            Assert.Equal(wanted, turned.Orientation!.Code);
            Assert.Equal(turn.Of(ScanGeometry.Of(scan)) with { Orientation = null }, ScanGeometry.Of(turned) with { Orientation = null });
            Assert.Equal(places, Places(turned));
        }
    }

    [Fact]
    public void Voxels_of_every_width_are_turned()
    {
        Turn<byte>();
        Turn<short>();
        Turn<float>();
        Turn<double>();

        static void Turn<T>() where T : unmanaged, System.Numerics.INumberBase<T>
        {
            using VoxelVolume scan = VoxelVolume.FromVoxels<T>([.. Enumerable.Range(0, 60).Select(T.CreateChecked)], Size, Spacing, 1, 0,
                "LPS");
            using VoxelVolume turned = AxisTurn.Between(scan.Orientation!, VolumeOrientation.FromCode("IRA"))!.Apply(scan, new());
            Assert.Equal(scan.Type, turned.Type);
            Assert.Equal(Places(scan), Places(turned));
        }
    }

    [Fact]
    public void An_oblique_scan_is_turned_by_whole_axes()
    {
        double c = Math.Cos(0.3), s = Math.Sin(0.3);
        using VoxelVolume scan = VoxelVolume.FromVoxels<short>([.. Enumerable.Range(0, 60).Select(i => (short)i)], Size, Spacing);
        scan.Orientation = new(new(1, 2, 3), new(-c, -s, 0), new(0, 0, -1), new(s, -c, 0));
        using VoxelVolume turned = AxisTurn.Between(scan.Orientation, VolumeOrientation.FromCode("LPS"))!.Apply(scan, new());
        Assert.Equal("LPS", turned.Orientation!.Code);
        Assert.Equal(scan.Orientation.Obliqueness, turned.Orientation.Obliqueness, 1e-9);
        Assert.Equal(Places(scan), Places(turned));
    }

    [Fact]
    public void The_axis_of_the_slices_comes_last_and_keeps_their_positions()
    {
        Assert.Null(AxisTurn.ToLast(2));
        PatientVector[] slices = [new(0, 0, 0), new(1, 0, 1), new(2, 0, 5)];
        foreach (int axis in (int[])[0, 1])
        {
            ScanGeometry turned = AxisTurn.ToLast(axis)!.Of(new(Size, Spacing, null, slices, axis, DataType.I16));
            Assert.Equal((2, slices), (turned.SliceAxis, turned.SlicePositions));
            Assert.Equal(axis == 0 ? (4, 5, 3) : (3, 5, 4), turned.Size);
        }
        // Where slices change their order or begin elsewhere, what was known of each is not of its new place.
        var flipped = AxisTurn.Between(VolumeOrientation.FromCode("LPS"), VolumeOrientation.FromCode("LPI"))!;
        Assert.Null(flipped.Of(new(Size, Spacing, VolumeOrientation.FromCode("LPS"), slices, 2, DataType.I16)).SlicePositions);
    }

    [Fact]
    public void Turning_can_be_cancelled()
    {
        using VoxelVolume scan = VoxelVolume.FromVoxels<short>(new short[60], Size, Spacing, 1, 0, "LPS");
        AxisTurn turn = AxisTurn.Between(scan.Orientation!, VolumeOrientation.FromCode("RAS"))!;
        Assert.ThrowsAny<OperationCanceledException>(() => turn.Apply(scan, new() { CancellationToken = new(true) }));
    }

    // Where each value lies in the patient, to a thousandth of a millimetre.
    static Dictionary<(double, double, double), double> Places(VoxelVolume scan)
    {
        double[] values = VoxelValues.Values(scan);
        var places = new Dictionary<(double, double, double), double>();
        VolumeOrientation o = scan.Orientation!;
        for (int z = 0, i = 0; z < scan.Size.Z; z++)
            for (int y = 0; y < scan.Size.Y; y++)
                for (int x = 0; x < scan.Size.X; x++, i++)
                {
                    PatientVector place = o.Origin.Moved(x * scan.Spacing.X, o.XAxis).Moved(y * scan.Spacing.Y, o.YAxis)
                        .Moved(z * scan.Spacing.Z, o.ZAxis);
                    places.Add((Rounded(place.X), Rounded(place.Y), Rounded(place.Z)), values[i]);
                }
        return places;

        static double Rounded(double millimetres) => Math.Round(millimetres, 3) + 0.0; // no negative zero
    }
}
