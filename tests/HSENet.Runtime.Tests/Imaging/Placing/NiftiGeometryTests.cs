// Which statements of a NIfTI header hold: two matrices, pixdim, units, shears, placeholders.
using System.Buffers.Binary;

namespace HSENet.Runtime.Tests;

public sealed class NiftiGeometryTests
{
    static readonly double[] Pixdim = [0.75, 0.5, 2];
    static readonly NiftiMatrix Lps = Matrix("LPS");

    // Axes along the patient's, with the distances of Pixdim.
    static NiftiMatrix Matrix(string code)
    {
        var o = VolumeOrientation.FromCode(code);
        return new(new(-3, 4, 5), o.XAxis.Times(Pixdim[0]), o.YAxis.Times(Pixdim[1]), o.ZAxis.Times(Pixdim[2]));
    }

    static NiftiGeometry Of(NiftiMatrix? sform, NiftiMatrix? qform = null, double[]? pixdim = null) =>
        NiftiGeometry.Of(new(false, false, DataType.I16, [3, 4, 5], 352, pixdim ?? Pixdim, 1, 0, sform, qform), "scan");

    [Theory]
    [MemberData(nameof(AxisTurnTests.Codes), MemberType = typeof(AxisTurnTests))]
    public void Every_order_of_axes_is_known_from_either_matrix(string code)
    {
        foreach (NiftiGeometry geometry in (NiftiGeometry[])[Of(Matrix(code)), Of(null, Matrix(code))])
        {
            Assert.Equal(code, geometry.Orientation!.Code);
            Assert.Equal(Pixdim, geometry.Spacing);
            Assert.Empty(geometry.Notes);
            Assert.Null(geometry.SliceStep);
        }
    }

    [Fact]
    public void A_header_without_codes_or_with_a_placeholder_states_nothing()
    {
        // Identity, unit spacing, zero origin, in the patient's coordinates of NIfTI.
        var placeholder = new NiftiMatrix(new(0, 0, 0), new(-1, 0, 0), new(0, -1, 0), new(0, 0, 1));
        foreach (NiftiGeometry geometry in (NiftiGeometry[])[Of(null), Of(placeholder), Of(null, placeholder),
            Of(placeholder, placeholder)])
        {
            Assert.Null(geometry.Orientation);
            Assert.Null(geometry.MatrixSpacing);
            Assert.Equal(Pixdim, geometry.Spacing);
            Assert.Empty(geometry.Notes);
        }
        Assert.Equal("LPS", Of(placeholder, Lps).Orientation!.Code);
        // The same with another origin is a statement.
        Assert.Equal("RAS", Of(placeholder with { Origin = new(1, 0, 0) }).Orientation!.Code);
    }

    [Theory]
    [InlineData(1.0005, 0.75 * 1.0005, false)]
    [InlineData(0.9995, 0.75 * 0.9995, false)]
    [InlineData(1.002, 0.75, true)]
    [InlineData(0.5, 0.75, true)]
    public void Pixdim_holds_where_it_agrees_with_the_matrix_within_a_thousandth(double factor, double expected, bool isNoted)
    {
        NiftiGeometry geometry = Of(Lps, null, [0.75 * factor, 0.5, 2]);
        Assert.Equal(expected, geometry.Spacing[0], 1e-12);
        Assert.Equal(isNoted, geometry.Notes.Any(note => note.Contains("the matrix is taken", StringComparison.Ordinal)));
        Assert.Equal(0.75, geometry.MatrixSpacing![0], 1e-12);
    }

    [Fact]
    public void The_sform_comes_before_a_qform_that_contradicts_it()
    {
        NiftiGeometry geometry = Of(Lps, Matrix("RAS"));
        Assert.Equal("LPS", geometry.Orientation!.Code);
        Assert.Equal("sform (LPS) and qform (RAS) differ by 180 degrees: the sform is taken", Assert.Single(geometry.Notes));
        Assert.Empty(Of(Lps, Matrix("LPS")).Notes);
        NiftiMatrix none = Lps with { X = new(double.NaN, 0, 0) };
        Assert.Equal("RAS", Of(none, Matrix("RAS")).Orientation!.Code);
        Assert.Contains("is no orientation", Assert.Single(Of(none).Notes));
        Assert.Null(Of(Lps with { Z = Lps.X }).Orientation); // two axes that are one
    }

    [Theory]
    [MemberData(nameof(AxisTurnTests.Codes), MemberType = typeof(AxisTurnTests))]
    public void A_tilted_gantry_is_found_on_the_axis_towards_the_head(string code)
    {
        int head = code.IndexOfAny(['S', 'I']), sideways = code.IndexOfAny(['A', 'P']);
        NiftiMatrix straight = Matrix(code);
        PatientVector step = straight.Column(head).Moved(Pixdim[head] * Math.Tan(15 * Math.PI / 180),
            straight.Column(sideways).Times(1 / Pixdim[sideways]));
        NiftiGeometry geometry = Of(head switch
        {
            0 => straight with { X = step },
            1 => straight with { Y = step },
            _ => straight with { Z = step },
        });
        Assert.Equal(code, geometry.Orientation!.Code);
        Assert.Equal((head, step), (geometry.SliceAxis, geometry.SliceStep!.Value));
        Assert.Equal(Pixdim[head], geometry.Spacing[head], 1e-6); // along the normal of the slices
        Assert.Equal(0, geometry.Orientation.Axis(head).Dot(geometry.Orientation.Axis(sideways)), 1e-9);
    }

    [Fact]
    public void Axes_that_are_all_askew_are_noted()
    {
        NiftiGeometry geometry = Of(Lps with { Y = Lps.Y.Moved(0.2, Lps.X), Z = Lps.Z.Moved(0.3, Lps.X).Moved(0.4, Lps.Y) });
        Assert.Contains(geometry.Notes, note => note.Contains("no axis is at a right angle", StringComparison.Ordinal));
        Assert.Null(geometry.SliceStep);
    }

    [Fact]
    public void Quaternions_turn_the_axes_as_hamilton_has_it()
    {
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            // Its first part is not stored: it follows from the others, at least 0.5 here, with at most twice their error of 2^-24.
            double[] q = [0.5, .. Enumerable.Range(0, 3).Select(_ => random.NextDouble() - 0.5)];
            double length = Math.Sqrt(q.Sum(part => part * part));
            q = [.. q.Select(part => part / length)];
            int handed = i % 2 == 0 ? 1 : -1;
            NiftiMatrix matrix = Read([(float)q[1], (float)q[2], (float)q[3], 10, 20, 30], handed);
            for (int axis = 0; axis < 3; axis++)
            {
                double[] turned = Turned(q, axis);
                double factor = Pixdim[axis] * (axis == 2 ? handed : 1);
                // NIfTI's x and y run the other way.
                var expected = new PatientVector(-turned[0], -turned[1], turned[2]).Times(factor);
                Assert.Equal(0, matrix.Column(axis).Minus(expected).Length, 40 * Pixdim[2] / (1 << 24));
            }
            Assert.Equal(new(-10, -20, 30), matrix.Origin);
        }

        static NiftiMatrix Read(float[] quaternion, int handed)
        {
            byte[] nifti = VolumeSeeds.Nifti(2, 2, 2);
            BinaryPrimitives.WriteInt16LittleEndian(nifti.AsSpan(252), 1);
            VolumeSeeds.Put(nifti, 256, quaternion);
            VolumeSeeds.Put(nifti, 76, handed, 0.75f, 0.5f, 2);
            return NiftiHeader.Read(new MemoryStream(nifti), "scan", out _).Qform!;
        }

        // q · e · q* by Hamilton's product.
        static double[] Turned(double[] q, int axis)
        {
            double[] e = [0, 0, 0, 0];
            e[axis + 1] = 1;
            return Product(Product(q, e), [q[0], -q[1], -q[2], -q[3]])[1..];
        }

        static double[] Product(double[] p, double[] q) =>
        [
            p[0] * q[0] - p[1] * q[1] - p[2] * q[2] - p[3] * q[3], p[0] * q[1] + p[1] * q[0] + p[2] * q[3] - p[3] * q[2],
            p[0] * q[2] - p[1] * q[3] + p[2] * q[0] + p[3] * q[1], p[0] * q[3] + p[1] * q[2] - p[2] * q[1] + p[3] * q[0],
        ];
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(2, 1.0)]
    [InlineData(1, 1000.0)]
    [InlineData(3, 0.001)]
    [InlineData(10, 1.0)] // millimetres and seconds
    public void Units_are_applied_to_all_distances(byte code, double millimetres)
    {
        byte[] nifti = VolumeSeeds.Nifti(2, 2, 2);
        nifti[123] = code;
        BinaryPrimitives.WriteInt16LittleEndian(nifti.AsSpan(254), 1);
        VolumeSeeds.Put(nifti, 280, -1f, 0f, 0f, 5f, 0f, -1f, 0f, 6f, 0f, 0f, 1f, 7f);
        using VoxelVolume volume = VolumeFile.Read(new MemoryStream(nifti), "scan");
        Assert.Equal(millimetres, volume.Spacing.X, 1e-9);
        Assert.Equal(millimetres, volume.MatrixSpacing!.Value.Z, 1e-6);
        Assert.Equal(7 * millimetres, volume.Orientation!.Origin.Z, 1e-6);
    }

    [Fact]
    public void A_header_without_distances_is_refused() =>
        Assert.Contains("mm apart; expected distances above 0",
            Assert.Throws<HseNetFileException>(() => Of(null, null, [0.75, 0, 2])).Message);
}
