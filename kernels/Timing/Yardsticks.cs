// What the fastest work of a device looks like: a large product for arithmetic, a sweep through memory that no cache holds.
namespace HSENet.Kernels;

/// <summary>Work whose rates other work of a device is compared with, run in the same rounds.</summary>
public sealed class Yardsticks : IDisposable
{
    // Beyond the last cache of any processor or GPU that the kernels run on.
    const long SweepBytes = 256L << 20;

    // Large enough for every rate to be reached, small enough for a few hundredths of a second on two threads.
    const int Rows = 512, Inputs = 2048, Outputs = 2048;

    readonly Device _device;
    readonly DeviceMemory _memory, _sums;
    readonly SampleRun _product;
    readonly HostSweep? _sweep;

    /// <summary>The yardsticks of a host or a GPU.</summary>
    /// <exception cref="NotSupportedException">The device is an emulator: its speed says nothing.</exception>
    public Yardsticks(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (!Has(device))
            throw new NotSupportedException($"{device.Name}: the speed of an emulator says nothing");
        _device = device;
        var sizes = new Dictionary<string, int> { [nameof(Rows)] = Rows, [nameof(Inputs)] = Inputs, [nameof(Outputs)] = Outputs };
        var rung = Linear.ForwardOperation.Rungs.Last(rung => device.CanRun(rung) && rung.Weights is null or WeightType.F32);
        _product = KernelSample.Of(rung).Prepare(device, rung, sizes);
        _memory = device.Allocate(SweepBytes, "bandwidth");
        _sums = device.Allocate(64L * ((device as HostDevice)?.Threads ?? 1), "bandwidth");
        device.Clear(_memory.Bytes);
        if (device is HostDevice host)
        {
            PairedTimer times = PairedTimer.Run(TimeSpan.Zero, TimeSpan.Zero,
                [.. HostSweep.Ways.Select(way => (Action)(() => Read(way, host)))]);
            _sweep = HostSweep.Ways[Enumerable.Range(0, HostSweep.Ways.Count).MinBy(way => times[way].Median)];
        }
    }

    /// <summary>Whether a device has any.</summary>
    public static bool Has(Device device) => device.Kind != DeviceKind.Emulator;

    /// <summary>Launches a product of f32.</summary>
    public void Multiply() => _product.Launch();

    /// <summary>Operations of one <see cref="Multiply"/>.</summary>
    public static double Operations => 2.0 * Rows * Inputs * Outputs;

    /// <summary>Reads memory on all threads of the host in the way that was fastest when this was made; copies it on a GPU. Whatever the
    /// caches held before is gone.</summary>
    public void Sweep()
    {
        if (_device is HostDevice host)
            Read(_sweep!, host);
        else
            _device.Copy(_memory.Bytes.Slice(0, SweepBytes / 2), _memory.Bytes.Slice(SweepBytes / 2, SweepBytes / 2));
    }

    void Read(HostSweep way, HostDevice host) => way.Read(host, _memory.Bytes.As<float>(), _sums.Bytes.As<float>());

    /// <summary>Bytes that one <see cref="Sweep"/> reads and writes.</summary>
    public static double SweptBytes => SweepBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        _product.Dispose();
        _memory.Dispose();
        _sums.Dispose();
    }
}
