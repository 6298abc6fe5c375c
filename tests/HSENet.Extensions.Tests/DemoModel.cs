// The demo model on the host, small scans for it, and a logger that remembers.
using System.Collections.Concurrent;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;
using Microsoft.Extensions.Logging;

namespace HSENet.Extensions.Tests;

/// <summary>One model for the tests of a class.</summary>
public sealed class DemoModel : IDisposable
{
    readonly HostDevice _device = new(2);

    public DemoModel() => Model = Open(_device);

    public static string Folder { get; } = GoldenFolder.Toy;

    public HseNetModel Model { get; }

    public static HseNetModel Open(Device device, int? queueLimit = null) =>
        HseNetModel.Open(Folder, device, new ModelOptions { QueueLimit = queueLimit });

    /// <summary>A scan whose voxels follow from a seed.</summary>
    public static CtStudy Scan(int seed = 0)
    {
        var voxels = new short[16 * 16 * 8];
        for (int i = 0; i < voxels.Length; i++)
            voxels[i] = (short)((i + 1) * (seed + 7) % 1200 - 1000);
        return CtStudy.FromVoxels<short>(voxels, (16, 16, 8), (1, 1, 2));
    }

    /// <summary>The bytes of a small real CT.</summary>
    public static byte[] File() => System.IO.File.ReadAllBytes(GoldenFolder.At("data/ct_sm.nii.gz"));

    public void Dispose()
    {
        Model.Dispose();
        _device.Dispose();
    }
}

/// <summary>Remembers what was logged.</summary>
sealed class Logged<T> : ILogger<T>
{
    public ConcurrentQueue<(EventId Event, LogLevel Level, string Text)> Lines { get; } = [];

    public int Count(int id) => Lines.Count(line => line.Event.Id == id);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) => Lines.Enqueue((eventId, logLevel, formatter(state, exception)));
}
