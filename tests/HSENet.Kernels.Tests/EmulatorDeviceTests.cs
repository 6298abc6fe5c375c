// The emulator as a device: copies, imports, and what it says of a kernel that reaches beyond its memory.
using System.Runtime.InteropServices;
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class EmulatorDeviceTests : IDisposable
{
    readonly EmulatorDevice _device = new();

    [Fact]
    public void Copies_into_the_middle_of_an_allocation()
    {
        using var memory = _device.Allocate(32, "numbers");
        using var other = _device.Allocate(8, "others");
        _device.Clear(memory.Bytes);
        _device.Upload<int>([1, 2], other.View<int>(0, 2));
        _device.Copy(other.View<int>(0, 2), memory.View<int>(12, 2));
        var read = new int[8];
        _device.Download(memory.View<int>(0, 8), read);
        Assert.Equal([0, 0, 0, 1, 2, 0, 0, 0], read);
    }

    [Fact]
    public unsafe void Reads_imported_memory_in_place_and_refuses_to_write_it()
    {
        float* row = (float*)NativeMemory.AlignedAlloc(8, 64);
        try
        {
            (row[0], row[1]) = (3, 4);
            using var imported = _device.Import((nint)row, 8, "mapped file");
            using var output = _device.Allocate(8, "output");
            L2Normalize.Forward(_device, new L2NormalizeArguments
            {
                X = imported.View<float>(0, 2),
                Y = output.View<float>(0, 2),
                Rows = 1,
                Channels = 2
            });
            var y = new float[2];
            _device.Download(output.View<float>(0, 2), y);
            Assert.Equal([0.6, 0.8], y.Select(value => Math.Round(value, 6)));

            var fault = Assert.Throws<KernelFaultException>(() => L2Normalize.Forward(_device,
                new L2NormalizeArguments { X = output.View<float>(0, 2), Y = imported.View<float>(0, 2), Rows = 1, Channels = 2 }));
            Assert.Equal(FindingKind.OutOfBounds, fault.Findings[0].Kind);
        }
        finally
        {
            NativeMemory.AlignedFree(row);
        }
    }

    [Fact]
    public void Names_the_kernel_and_the_memory_of_a_stray_read()
    {
        using var memory = new CaseMemory(_device);
        var arguments = new L2NormalizeArguments { X = memory.Input<float>(1, 2, 3), Y = memory.Output(3), Rows = 1, Channels = 3 };
        var rung = L2Normalize.ForwardOperation.Choose(_device, arguments);
        // Launched directly, past the operation's checks.
        var fault = Assert.Throws<KernelFaultException>(() => _device.Launch(rung, arguments with { Channels = 4 }));
        Assert.Equal(FindingKind.OutOfBounds, fault.Findings[0].Kind);
        Assert.Contains("l2normalize_v1_naive_f32", fault.Message);
    }

    [Fact]
    public void Reports_a_read_of_memory_that_nobody_wrote()
    {
        using var memory = new CaseMemory(_device);
        var arguments = new L2NormalizeArguments { X = memory.Output(3), Y = memory.Output(3), Rows = 1, Channels = 3 };
        var fault = Assert.Throws<KernelFaultException>(() => L2Normalize.Forward(_device, arguments));
        Assert.Equal(FindingKind.UninitialisedRead, fault.Findings[0].Kind);
    }

    [Fact]
    public void Refuses_a_copy_outside_its_memory()
    {
        using var memory = _device.Allocate(8, "numbers");
        var beyond = new View<byte>(memory.Bytes.Address + 4, 8);
        Assert.Throws<ArgumentException>(() => _device.Upload(new byte[8], beyond));
        Assert.Throws<ArgumentException>(() => _device.Download(beyond, new byte[8]));
    }

    public void Dispose() => _device.Dispose();
}
