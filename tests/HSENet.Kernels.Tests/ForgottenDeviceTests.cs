// A host device that nobody disposed lets its threads end.
using System.Runtime.CompilerServices;

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

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Forgotten()
    {
        var device = new HostDevice(3);
        using var memory = device.Allocate(64, "x");
        device.Clear(memory.Bytes);
        return new WeakReference(device.Pool);
    }
}
