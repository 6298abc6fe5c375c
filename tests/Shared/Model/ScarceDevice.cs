// A host device that counts what it has given and fails once, at an allocation or a transfer: nothing else may stay behind.
using HSENet.Kernels;

namespace HSENet.Tests;

/// <summary>Forwards to a host device, but one allocation fails, or one transfer is cancelled.</summary>
/// <param name="refused">Which allocation or import, from 0; −1 for none.</param>
sealed class ScarceDevice(int refused) : Device
{
    readonly HostDevice _host = new(1);
    readonly HashSet<string> _living = [];
    int _asked, _transfers, _cancelled = -1;

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

    /// <summary>Holds that work which is cancelled leaves no allocation behind, tried at every transfer of it. It is done once to its end
    /// before, so that what is kept for the next time is there.</summary>
    /// <param name="begin">Makes what the work is done with; disposed at its end.</param>
    /// <param name="work">What is cancelled.</param>
    public static void NothingStaysBehindWhenCancelled<T>(Func<Device, T> begin, Action<T> work) where T : IDisposable
    {
        using var device = new ScarceDevice(-1);
        using (T with = begin(device))
        {
            work(with);
            string[] before = [.. device._living];
            int transfers = 0;
            for (bool ended = false; !ended; transfers++)
            {
                (device._transfers, device._cancelled) = (0, transfers);
                try
                {
                    work(with);
                    ended = true;
                }
                catch (OperationCanceledException)
                {
                    Assert.Equal(before, device._living);
                }
            }
            Assert.True(transfers > 1, "nothing was transferred");
        }
        Assert.Empty(device._living);
    }

    /// <summary>Bytes of what was given and not given back, mapped files among them.</summary>
    public long LivingBytes { get; private set; }

    public override string Name => _host.Name;

    public override DeviceKind Kind => DeviceKind.Host;

    public override DeviceMemory Allocate(long bytes, string name) => Count(name, bytes, () => _host.Allocate(bytes, name));

    public override DeviceMemory Import(nint address, long bytes, string name) =>
        Count(name, bytes, () => _host.Import(address, bytes, name));

    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination)
    {
        Transfer();
        _host.Upload(source, destination);
    }

    public override void Download(View<byte> source, Span<byte> destination)
    {
        Transfer();
        _host.Download(source, destination);
    }

    public override void Copy(View<byte> source, View<byte> destination)
    {
        Transfer();
        _host.Copy(source, destination);
    }

    public override void Clear(View<byte> destination)
    {
        Transfer();
        _host.Clear(destination);
    }

    public override void Synchronize() => _host.Synchronize();

    public override bool CanRun(Rung rung) => _host.CanRun(rung);

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments) => _host.Launch(rung, arguments);

    public override void Dispose() => _host.Dispose();

    void Transfer()
    {
        if (_transfers++ == _cancelled)
            throw new OperationCanceledException();
    }

    Counted Count(string name, long bytes, Func<DeviceMemory> make)
    {
        string key = $"{_asked}: {name}";
        if (_asked++ == refused)
            throw new DeviceMemoryException(Name, name, bytes);
        var memory = new Counted(make(), () => LivingBytes -= _living.Remove(key) ? bytes : 0);
        _living.Add(key);
        LivingBytes += bytes;
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
