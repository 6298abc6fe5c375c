// What nobody disposed: a host device lets its threads end, memory goes back to the system.
using System.Globalization;
using System.Runtime.CompilerServices;
using HSENet.Tests;

namespace HSENet.Kernels.Tests;

public class ForgottenDeviceTests
{
    [Fact]
    public void The_threads_of_a_forgotten_device_end()
    {
        var pool = Forgotten();
        for (int i = 0; i < 500 && pool.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(10);
        }
        Assert.False(pool.IsAlive); // a thread that runs keeps its pool
    }

    [LinuxFact]
    public void Forgotten_memory_goes_back_to_the_system()
    {
        using var device = new HostDevice(1);
        nint[] blocks = [.. Enumerable.Range(0, 8).Select(_ => ForgottenBlock(device))];
        bool kept = true;
        for (int i = 0; i < 500 && kept; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            // The places of some may be others' by now, hardly those of all.
            kept = blocks.All(IsMapped);
        }
        Assert.False(kept);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static nint ForgottenBlock(HostDevice device) => (nint)device.Allocate(5 << 20, "x").Bytes.Address;

    // Lines of "from-to rights …".
    static bool IsMapped(nint address) => File.ReadLines("/proc/self/maps").Any(line =>
    {
        string[] range = line[..line.IndexOf(' ')].Split('-');
        return Number(range[0]) <= address && address < Number(range[1]);

        static nint Number(string text) => nint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Forgotten()
    {
        var device = new HostDevice(3);
        using var memory = device.Allocate(64, "x");
        device.Clear(memory.Bytes);
        return new WeakReference(device.Pool);
    }
}
