// Permutes and flips the axes of a scan: every voxel stays what it is and where it is in the patient.
namespace HSENet.Runtime;

/// <summary>A permutation of axes with flips: new axis i is the old axis <c>From[i]</c>, backwards where <c>Flipped[i]</c>.</summary>
sealed class AxisTurn
{
    readonly int[] _from;
    readonly bool[] _flipped;

    AxisTurn(int[] from, bool[] flipped) => (_from, _flipped) = (from, flipped);

    /// <summary>The turn that brings one orientation into another; null if it is that one.</summary>
    public static AxisTurn? Between(VolumeOrientation present, VolumeOrientation wanted)
    {
        var (have, want) = (present.NearestAxes(), wanted.NearestAxes());
        int[] from = [.. want.Select(axis => Array.FindIndex(have, h => h.Patient == axis.Patient))];
        bool[] flipped = [.. want.Select((axis, i) => have[from[i]].Sign != axis.Sign)];
        return from is [0, 1, 2] && !flipped.Contains(true) ? null : new(from, flipped);
    }

    /// <summary>The turn that makes this axis the last one and keeps the order of the others; null if it is.</summary>
    public static AxisTurn? ToLast(int axis) =>
        axis == 2 ? null : new([.. Enumerable.Range(0, 3).Where(i => i != axis), axis], new bool[3]);

    /// <summary>The geometry that the turned scan has.</summary>
    public ScanGeometry Of(ScanGeometry scan)
    {
        int[] size = [.. _from.Select(axis => scan.Sizes[axis])];
        double[] spacing = [.. _from.Select(axis => scan.Spacings[axis])];
        int sliceAxis = Array.IndexOf(_from, scan.SliceAxis);
        VolumeOrientation? orientation = scan.Orientation;
        if (orientation is not null)
        {
            PatientVector[] axes = [.. _from.Select((axis, i) => orientation.Axis(axis).Times(_flipped[i] ? -1 : 1))];
            PatientVector origin = orientation.Origin; // the first voxel is another one where an axis is flipped
            for (int i = 0; i < 3; i++)
                if (_flipped[i])
                    origin = origin.Moved((size[i] - 1) * spacing[i], orientation.Axis(_from[i]));
            orientation = new(origin, axes[0], axes[1], axes[2]);
        }
        return scan with
        {
            Size = (size[0], size[1], size[2]),
            Spacing = (spacing[0], spacing[1], spacing[2]),
            Orientation = orientation,
            // Positions hold as long as no slice becomes another's neighbour or begins at another voxel.
            SlicePositions = _flipped.Contains(true) ? null : scan.SlicePositions,
            SliceAxis = sliceAxis,
        };
    }

    /// <summary>The turned voxels.</summary>
    public unsafe VoxelVolume Apply(VoxelVolume scan, ParallelOptions loop)
    {
        ScanGeometry old = ScanGeometry.Of(scan);
        ScanGeometry result = Of(old);
        int[] size = result.Sizes;
        long[] strides = [1, old.Size.X, (long)old.Size.X * old.Size.Y];
        long[] steps = [.. _from.Select((axis, i) => _flipped[i] ? -strides[axis] : strides[axis])];
        long first = Enumerable.Range(0, 3).Sum(i => _flipped[i] ? (size[i] - 1) * strides[_from[i]] : 0);
        NativeBuffer turned = NativeBuffer.OfLength(scan.ByteLength);
        byte* source = scan.Pointer, target = turned.Pointer;
        int elementSize = scan.Type.Size();
        try
        {
            Parallel.For(0, size[2], loop, z =>
            {
                switch (elementSize)
                {
                    case 1: Slice<byte>(z); break;
                    case 2: Slice<ushort>(z); break;
                    case 4: Slice<uint>(z); break;
                    default: Slice<ulong>(z); break;
                }
            });
        }
        catch
        {
            turned.Dispose();
            throw;
        }
        GC.KeepAlive(scan);
        return new VoxelVolume(scan, result, turned);

        void Slice<T>(int z) where T : unmanaged
        {
            T* to = (T*)target + (long)z * size[0] * size[1], from = (T*)source + first + z * steps[2];
            for (int y = 0; y < size[1]; y++)
            {
                T* row = from + y * steps[1];
                for (int x = 0; x < size[0]; x++, row += steps[0])
                    *to++ = *row;
            }
        }
    }
}
