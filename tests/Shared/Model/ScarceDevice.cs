// A host device that counts what it has given and refuses one allocation: nothing else may stay behind.
using HSENet.Kernels;

namespace HSENet.Tests;

/// <summary>Forwards to a host device, but the allocation or import of a number fails.</summary>
/// <param name="refused">Which one, from 0.</param>
sealed class ScarceDevice(int refused) : Device
{
    readonly HostDevice _host = new(1);
    readonly HashSet<string> _living = [];
    int _asked;

    /// <summary>Holds what the work does to the device: each of its allocations fails once, and nothing of it lives on.</summary>
    public static void NothingStaysBehind(Action<Device> work)
    {
        for (int refused = 0; ; refused++)
        {
            using var device = new ScarceDevice(refused);
            try
            {
                work(device);
                Assert.Empty(device._living);
                Assert.True(refused > 0, "nothing was allocated");
                return;
            }
            catch (DeviceMemoryException)
            {
                Assert.Empty(device._living);
            }
        }
    }

    public override string Name => _host.Name;

    public override DeviceKind Kind => DeviceKind.Host;

    public override DeviceMemory Allocate(long bytes, string name) => Count(name, bytes, () => _host.Allocate(bytes, name));

    public override DeviceMemory Import(nint address, long bytes, string name) =>
        Count(name, bytes, () => _host.Import(address, bytes, name));

    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination) => _host.Upload(source, destination);

    public override void Download(View<byte> source, Span<byte> destination) => _host.Download(source, destination);

    public override void Copy(View<byte> source, View<byte> destination) => _host.Copy(source, destination);

    public override void Clear(View<byte> destination) => _host.Clear(destination);

    public override void Synchronize() => _host.Synchronize();

    public override bool CanRun(Rung rung) => _host.CanRun(rung);

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments) => _host.Launch(rung, arguments);

    public override void Dispose() => _host.Dispose();

    Counted Count(string name, long bytes, Func<DeviceMemory> make)
    {
        string key = $"{_asked}: {name}";
        if (_asked++ == refused)
            throw new DeviceMemoryException(Name, name, bytes);
        var memory = new Counted(make(), () => _living.Remove(key));
        _living.Add(key);
        return memory;
    }
}

/// <summary>Memory that says when it goes.</summary>
sealed class Counted(DeviceMemory memory, Action gone) : DeviceMemory
{
    public override View<byte> Bytes => memory.Bytes;

    public override void Dispose()
    {
        memory.Dispose();
        gone();
    }
}
