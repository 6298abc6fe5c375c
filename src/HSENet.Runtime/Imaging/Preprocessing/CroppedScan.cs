// The box of a resampled scan outside of which nothing is above 0, and its resizing.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <param name="Values">From the box's first voxel to the scan's last.</param>
/// <param name="Box">Slices, rows and columns of the box.</param>
/// <param name="Scan">The scan, whose rows and slices lie in <paramref name="Values"/>.</param>
readonly record struct CroppedScan(View<float> Values, (int D, int H, int W) Box, VoxelSize Scan)
{
    /// <summary>Finds the box and notes it in the study; none if nothing is above 0.</summary>
    /// <param name="device">Where the volume lies.</param>
    /// <param name="volume">[Z, X, Y] of the study's resampled scan.</param>
    /// <param name="occupied">[Z + X + Y], overwritten.</param>
    /// <param name="study">The study.</param>
    public static CroppedScan? Of(Device device, View<float> volume, View<int> occupied, PreparedStudy study)
    {
        VoxelSize size = study.Resampled;
        var crop = new CropBoxArguments { X = volume, Occupied = occupied, Depth = size.Z, Height = size.X, Width = size.Y };
        CropBox.Forward(device, crop);
        if (CropBox.ReadBox(device, crop) is not var (start, end))
            return null;
        study.CropStart = new VoxelSize(start.D, start.H, start.W);
        study.CropEnd = new VoxelSize(end.D, end.H, end.W);
        long first = ((long)start.D * size.X + start.H) * size.Y + start.W;
        return new(volume.Slice(first, size.Count - first), (end.D - start.D, end.H - start.H, end.W - start.W), size);
    }

    /// <summary>Resizes the box.</summary>
    /// <param name="device">Where it lies.</param>
    /// <param name="result">[slices, rows, columns] of the new size.</param>
    /// <param name="size">The new size.</param>
    public void Resize(Device device, View<float> result, (int D, int H, int W) size) =>
        Resize3D.Forward(device,
            Resize3DArguments.Whole(Values.As<byte>(), FloatType.F32, Box, result.As<byte>(), FloatType.F32, size) with
            {
                SliceStride = Scan.X * Scan.Y,
                RowStride = Scan.Y,
            });
}
