// Gives slices of a scan to the device as rescaled doubles, some at a time.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A window of Hounsfield units and what values are divided by.</summary>
readonly record struct HounsfieldWindow(double Lowest, double Highest, double Divisor)
{
    public static readonly HounsfieldWindow Volume = new(-1000, 200, 1), Slices = new(-1000, 1000, 1000),
        Everything = new(double.NegativeInfinity, double.PositiveInfinity, 1);
}

/// <summary>The voxels of a scan where the device reads them: in place or copied whole; types that no kernel reads become doubles on the
/// host.</summary>
sealed unsafe class ScanSlices : IDisposable
{
    readonly Device _device;
    readonly VoxelVolume _scan;
    readonly DeviceMemory _memory;
    readonly VoxelType? _type;
    readonly double[] _converted = [];
    readonly (double Slope, double Intercept) _rescale;

    public ScanSlices(Device device, VoxelVolume scan, (double Slope, double Intercept) rescale, int slicesAtATime)
    {
        (_device, _scan, _rescale) = (device, scan, rescale);
        _type = scan.Type switch
        {
            DataType.U8 or DataType.Bool => VoxelType.U8,
            DataType.I8 => VoxelType.I8,
            DataType.U16 => VoxelType.U16,
            DataType.I16 => VoxelType.I16,
            DataType.U32 => VoxelType.U32,
            DataType.I32 => VoxelType.I32,
            DataType.F32 => VoxelType.F32,
            DataType.F64 => VoxelType.F64,
            _ => null,
        };
        if (_type == null)
        {
            _converted = new double[(long)slicesAtATime * scan.Size.X * scan.Size.Y];
            _memory = device.Allocate(_converted.LongLength * sizeof(double), "voxels");
        }
        else
            _memory = device.Import((nint)scan.Pointer, scan.ByteLength, "voxels");
    }

    /// <summary>Slices first … first + count − 1 as [z, x, y] doubles.</summary>
    public void Rescale(int first, int count, HounsfieldWindow window, View<double> values)
    {
        long area = (long)_scan.Size.X * _scan.Size.Y;
        VoxelRescale.Forward(_device, new VoxelRescaleArguments
        {
            Voxels = Voxels(first * area, count * area),
            Values = values.Slice(0, count * area),
            Type = _type ?? VoxelType.F64,
            Slices = count,
            Rows = _scan.Size.Y,
            Columns = _scan.Size.X,
            FileSlope = _type == null ? 1 : _scan.Slope, // converting has applied it
            FileIntercept = _type == null ? 0 : _scan.Intercept,
            Slope = _rescale.Slope,
            Intercept = _rescale.Intercept,
            Lowest = window.Lowest,
            Highest = window.Highest,
            Divisor = window.Divisor,
        });
    }

    View<byte> Voxels(long first, long count)
    {
        if (_type is { } type)
            return _memory.Bytes.Slice(first * VoxelRescale.Size(type), count * VoxelRescale.Size(type));
        _scan.ToDoubles(first, _converted.AsSpan(0, (int)count));
        var voxels = _memory.View<double>(0, count);
        _device.Upload<double>(_converted.AsSpan(0, (int)count), voxels);
        return voxels.As<byte>();
    }

    public void Dispose()
    {
        _device.Synchronize();
        _memory.Dispose();
        GC.KeepAlive(_scan);
    }
}
