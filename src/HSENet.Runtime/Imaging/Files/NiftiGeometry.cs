// What a NIfTI header says about distances and directions, where its several statements agree or not.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>A matrix of a NIfTI header in mm and in the patient's coordinates: the first voxel, and the steps along the three
/// axes.</summary>
internal sealed record NiftiMatrix(PatientVector Origin, PatientVector X, PatientVector Y, PatientVector Z)
{
    // What programs write that know nothing about the patient.
    static readonly NiftiMatrix Placeholder = new(new(0, 0, 0), new(-1, 0, 0), new(0, -1, 0), new(0, 0, 1));

    public PatientVector Column(int axis) => axis switch { 0 => X, 1 => Y, _ => Z };

    public double[] Spacing => [X.Length, Y.Length, Z.Length];

    public VolumeOrientation? Orientation
    {
        get
        {
            if (!Spacing.All(VoxelVolume.IsLength))
                return null;
            var orientation = new VolumeOrientation(Origin, X.Times(1 / X.Length), Y.Times(1 / Y.Length), Z.Times(1 / Z.Length));
            return orientation.IsUsable ? orientation : null;
        }
    }

    /// <summary>Whether it tells nothing: identity with unit spacing and zero origin.</summary>
    public bool IsPlaceholder => this == Placeholder;
}

/// <summary>Distances and directions of a NIfTI volume.</summary>
/// <param name="Spacing">Distance of voxels in mm; of slices along their normal.</param>
/// <param name="MatrixSpacing">Lengths of the columns of the matrix that states the orientation; null if none does.</param>
/// <param name="Orientation">Position and directions; null where the header states none.</param>
/// <param name="SliceStep">From one slice to the next, where that is not along their normal.</param>
/// <param name="SliceAxis">The axis that these slices follow each other on.</param>
/// <param name="Notes">What a user should know.</param>
internal sealed record NiftiGeometry(double[] Spacing, double[]? MatrixSpacing, VolumeOrientation? Orientation,
    PatientVector? SliceStep, int SliceAxis, IReadOnlyList<string> Notes)
{
    const double SpacingTolerance = 1e-3;

    /// <summary>Degrees from which two directions are said to differ.</summary>
    const double AngleTolerance = 0.1;

    /// <summary>Decides which of a header's statements hold.</summary>
    /// <exception cref="HseNetFileException">No distances are stated.</exception>
    public static NiftiGeometry Of(NiftiHeader header, string name)
    {
        var notes = new List<string>();
        NiftiMatrix? matrix = Chosen(header, notes);
        double[]? columns = matrix?.Spacing;
        if (matrix?.Orientation is not { } orientation)
            return header.PixelSpacing.All(VoxelVolume.IsLength) ? new(header.PixelSpacing, null, null, null, 2, notes)
                : throw new HseNetFileException(name, $"its voxels are {string.Join(" × ", header.PixelSpacing)} mm apart",
                    "distances above 0");
        int? tilted = TiltedAxis(orientation, columns!, notes);
        double[] spacing = [.. columns!];
        if (tilted is { } axis)
        {
            PatientVector normal = Normal(orientation, axis);
            spacing[axis] *= Math.Abs(orientation.Axis(axis).Dot(normal));
            orientation = axis switch
            {
                0 => orientation with { XAxis = normal },
                1 => orientation with { YAxis = normal },
                _ => orientation with { ZAxis = normal },
            };
        }
        // pixdim has the digits that were meant; the columns have the rounding of a rotation.
        if (Agree(header.PixelSpacing, spacing))
            spacing = header.PixelSpacing;
        else if (Agree(header.PixelSpacing, columns!))
            spacing = [.. spacing.Select((distance, i) => i == tilted ? Math.Round(distance, 6) : header.PixelSpacing[i])];
        else
            notes.Add($"pixdim says {Shown(header.PixelSpacing)} mm, the matrix {Shown(spacing)} mm: the matrix is taken");
        return new(spacing, columns, orientation, tilted is { } stepped ? matrix.Column(stepped) : null, tilted ?? 2, notes);
    }

    // The sform where it is one, then the qform, as other readers have it.
    static NiftiMatrix? Chosen(NiftiHeader header, List<string> notes)
    {
        NiftiMatrix? first = Usable(header.Sform), second = Usable(header.Qform);
        if (header.Sform is { IsPlaceholder: false, Orientation: null } || header.Qform is { IsPlaceholder: false, Orientation: null })
            notes.Add("a matrix of the header is no orientation and is not used");
        if (first is { Orientation: { } s } && second is { Orientation: { } q })
        {
            double angle = Enumerable.Range(0, 3).Max(i => Angle(s.Axis(i), q.Axis(i)));
            // A quaternion has no room for a shear.
            if (angle > 1 && TiltedAxis(s, first.Spacing, []) is null)
                notes.Add(string.Create(CultureInfo.InvariantCulture,
                    $"sform ({s.Code}) and qform ({q.Code}) differ by {angle:0.#} degrees: the sform is taken"));
        }
        return first ?? second;

        static NiftiMatrix? Usable(NiftiMatrix? matrix) => matrix is { IsPlaceholder: false, Orientation: not null } ? matrix : null;
    }

    // The axis on which slices are shifted against each other, as a tilted gantry leaves them: not at a right angle to the two others,
    // which are at a right angle to each other.
    static int? TiltedAxis(VolumeOrientation orientation, double[] spacing, List<string> notes)
    {
        bool xy = Skewed(0, 1), xz = Skewed(0, 2), yz = Skewed(1, 2);
        if (!xy && !xz && !yz)
            return null;
        // Slices follow each other towards the head on a table, and are thicker than their pixels.
        int[] candidates = [.. Enumerable.Range(0, 3).Where(axis => axis switch { 0 => !yz, 1 => !xz, _ => !xy })
            .OrderByDescending(axis => Math.Abs(orientation.Axis(axis).Z)).ThenByDescending(axis => spacing[axis])];
        if (candidates.Length > 0)
            return candidates[0];
        notes.Add("no axis is at a right angle to another: the axes are taken as if they were");
        return null;

        bool Skewed(int a, int b) => Math.Abs(Angle(orientation.Axis(a), orientation.Axis(b)) - 90) > AngleTolerance;
    }

    // Along the axis, at a right angle to the two others.
    static PatientVector Normal(VolumeOrientation orientation, int axis)
    {
        PatientVector normal = orientation.Axis((axis + 1) % 3).Cross(orientation.Axis((axis + 2) % 3));
        return normal.Times((normal.Dot(orientation.Axis(axis)) < 0 ? -1 : 1) / normal.Length);
    }

    static double Angle(PatientVector a, PatientVector b) => VolumeOrientation.Degrees(Math.Atan2(a.Cross(b).Length, a.Dot(b)));

    static bool Agree(double[] a, double[] b) =>
        a.Zip(b).All(pair => VoxelVolume.IsLength(pair.First) && Math.Abs(pair.First - pair.Second) <= SpacingTolerance * pair.Second);

    static string Shown(double[] spacing) =>
        string.Join(" × ", spacing.Select(distance => distance.ToString("G6", CultureInfo.InvariantCulture)));
}
