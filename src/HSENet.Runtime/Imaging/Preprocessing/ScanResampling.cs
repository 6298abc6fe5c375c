// Resamples slices of a scan on the device, as many at a time as a slab holds, so that the doubles of a whole scan never exist.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed class ScanResampling : IDisposable
{
    const long DefaultSlabBytes = 64 << 20;

    readonly Device _device;
    readonly PreprocessingGeometry _geometry;
    readonly ScanSlices _slices;
    readonly DeviceMemory _slab;
    readonly int _newSlices;
    readonly CancellationToken _cancellation;

    public ScanResampling(Device device, VoxelVolume scan, PreprocessingGeometry geometry, (double Slope, double Intercept) rescale,
        CancellationToken cancellation, long slabBytes = DefaultSlabBytes)
    {
        (_device, _geometry, _cancellation) = (device, geometry, cancellation);
        var (stored, resampled) = (geometry.Stored, geometry.Resampled);
        long area = (long)stored.X * stored.Y;
        _newSlices = SlicesOfSlab(geometry, slabBytes);
        int most = 0;
        for (int first = 0; first < resampled.Z; first++)
            most = Math.Max(most, Resize3D.SlicesNeeded(first, Math.Min(_newSlices, resampled.Z - first), stored.Z, resampled.Z).Count);
        _slices = new ScanSlices(device, scan, rescale, most);
        try
        {
            _slab = device.Allocate(most * area * sizeof(double), "slab of rescaled slices");
        }
        catch
        {
            _slices.Dispose();
            throw;
        }
    }

    /// <summary>Hears of every slab that was resampled.</summary>
    public StageProgress? Stages { get; init; }

    /// <summary>How many slabs all resampled slices are.</summary>
    public static int Slabs(PreprocessingGeometry geometry) =>
        (geometry.Resampled.Z - 1) / SlicesOfSlab(geometry, DefaultSlabBytes) + 1;

    // New slices that are made of at most so many old ones, wherever they start: k of them reach over (k − 1) · old/new + 2.
    static int SlicesOfSlab(PreprocessingGeometry geometry, long slabBytes)
    {
        var (stored, resampled) = (geometry.Stored, geometry.Resampled);
        int fitting = (int)Math.Clamp(slabBytes / sizeof(double) / ((long)stored.X * stored.Y), 2, stored.Z);
        return (int)Math.Clamp((fitting - 2.0) * resampled.Z / stored.Z, 1, resampled.Z);
    }

    /// <summary>All resampled slices.</summary>
    public void All(HounsfieldWindow window, View<byte> y, FloatType type)
    {
        VoxelSize size = _geometry.Resampled;
        long sliceBytes = (long)size.X * size.Y * (type == FloatType.F64 ? sizeof(double) : sizeof(float));
        for (int first = 0; first < size.Z; first += _newSlices)
        {
            int count = Math.Min(_newSlices, size.Z - first);
            Some(first, count, window, y.Slice(first * sliceBytes, count * sliceBytes), type);
        }
    }

    /// <summary>Resampled slices first … first + count − 1, at most as many as a slab makes.</summary>
    public void Some(int first, int count, HounsfieldWindow window, View<byte> y, FloatType type)
    {
        _cancellation.ThrowIfCancellationRequested();
        var (stored, resampled) = (_geometry.Stored, _geometry.Resampled);
        var (firstOld, old) = Resize3D.SlicesNeeded(first, count, stored.Z, resampled.Z);
        View<double> slab = _slab.View<double>(0, (long)old * stored.X * stored.Y);
        _slices.Rescale(firstOld, old, window, slab);
        Resize3D.Forward(_device,
            Resize3DArguments.Whole(slab.As<byte>(), FloatType.F64, (stored.Z, stored.X, stored.Y), y, type,
            (resampled.Z, resampled.X, resampled.Y)) with
            {
                FirstSlice = firstOld,
                FirstNewSlice = first,
                NewSlices = count,
            });
        Stages?.Step();
    }

    public void Dispose()
    {
        _slices.Dispose();
        _slab.Dispose();
    }
}
