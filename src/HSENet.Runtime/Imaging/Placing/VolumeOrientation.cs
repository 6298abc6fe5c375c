// Where a volume lies in the patient, and the three-letter codes that people use for it.
namespace HSENet.Runtime;

/// <summary>A direction or position in the patient coordinate system of DICOM, in mm: x to the left, y to the back, z to the
/// head.</summary>
public readonly record struct PatientVector(double X, double Y, double Z)
{
    internal double Length => Math.Sqrt(Dot(this));

    internal double Component(int axis) => axis switch { 0 => X, 1 => Y, _ => Z };

    internal double Dot(PatientVector other) => X * other.X + Y * other.Y + Z * other.Z;

    internal PatientVector Cross(PatientVector other) =>
        new(Y * other.Z - Z * other.Y, Z * other.X - X * other.Z, X * other.Y - Y * other.X);

    internal PatientVector Minus(PatientVector other) => new(X - other.X, Y - other.Y, Z - other.Z);

    internal PatientVector Times(double factor) => new(factor * X, factor * Y, factor * Z);

    /// <summary>The place that lies so many millimetres further along a unit vector.</summary>
    internal PatientVector Moved(double millimetres, PatientVector direction) =>
        new(X + millimetres * direction.X, Y + millimetres * direction.Y, Z + millimetres * direction.Z);
}

/// <summary>Where the voxels lie in the patient: the centre of the first voxel, and the unit vectors along the three axes of the
/// volume.</summary>
sealed record VolumeOrientation(PatientVector Origin, PatientVector XAxis, PatientVector YAxis, PatientVector ZAxis)
{
    // The patient's axes as a code names them: the letter of the positive direction, then of the negative one.
    const string Letters = "LRPASI";

    /// <summary>Three letters that say where x, y and z run, each to the nearest of left, right, front (A), back (P), head (S) and feet
    /// (I): LPS runs to the patient's left, back and head.</summary>
    public string Code => string.Concat(NearestAxes().Select(axis => Letters[2 * axis.Patient + (axis.Sign < 0 ? 1 : 0)]));

    /// <summary>The orientation of a code such as LPS or RAS, with the first voxel at 0.</summary>
    /// <exception cref="HseNetException">The text is no code.</exception>
    public static VolumeOrientation FromCode(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        int[] letters = [.. code.Select(letter => Letters.IndexOf(char.ToUpperInvariant(letter)))];
        if (letters.Length != 3 || letters.Contains(-1) || letters.Select(letter => letter / 2).Distinct().Count() != 3)
            throw new HseNetException($"the orientation {HseNetFileException.Quote(code)} is no code; expected one letter each of L or R, "
                + "A or P, S or I, in the order of the axes, as in LPS");
        PatientVector[] axes = [.. letters.Select(letter => Unit(letter / 2, letter % 2 == 0 ? 1 : -1))];
        return new(default, axes[0], axes[1], axes[2]);
    }

    internal PatientVector Axis(int axis) => axis switch { 0 => XAxis, 1 => YAxis, _ => ZAxis };

    /// <summary>Largest angle in degrees between an axis and the patient's axis that stands for it.</summary>
    internal double Obliqueness =>
        NearestAxes().Select((nearest, i) => Degrees(Math.Acos(Math.Min(1, Math.Abs(Axis(i).Component(nearest.Patient)))))).Max();

    /// <summary>For each axis the patient's axis that stands for it (0: left, 1: back, 2: head), each once, and the direction.</summary>
    internal (int Patient, int Sign)[] NearestAxes()
    {
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        int[] best = orders.MaxBy(order => order.Select((patient, i) => Math.Abs(Axis(i).Component(patient))).Sum())!;
        return [.. best.Select((patient, i) => (patient, Axis(i).Component(patient) < 0 ? -1 : 1))];
    }

    /// <summary>Whether these are three directions of space: unit vectors, none of them near the plane of the two others.</summary>
    internal bool IsUsable => double.IsFinite(Origin.Length)
        && Enumerable.Range(0, 3).All(i => Math.Abs(Axis(i).Length - 1) < 1e-3) && Math.Abs(XAxis.Cross(YAxis).Dot(ZAxis)) > 0.1;

    internal static double Degrees(double radians) => radians * 180 / Math.PI;

    static PatientVector Unit(int axis, double sign) => new(axis == 0 ? sign : 0, axis == 1 ? sign : 0, axis == 2 ? sign : 0);
}
