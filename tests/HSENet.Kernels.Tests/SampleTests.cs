// Samples: every GPU rung can be profiled and checked by anybody, at its own sizes and at others.
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class SampleTests
{
    public static TheoryData<string> Entries => [.. KernelCatalog.GpuRungs.Select(rung => rung.EntryName)];

    [Theory, MemberData(nameof(Entries))]
    public void Sample_of_a_gpu_rung_is_clean(string entry)
    {
        var rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entry);
        using var device = new EmulatorDevice(new EmulatorOptions { Races = true });
        var launch = KernelSample.Of(rung).Launch(device, rung);
        Assert.True(device.Instructions > 0 && launch.BufferBytes > 0);
        Assert.All(KernelSample.Of(rung).SizeNames, name => Assert.Contains(name + "=", launch.Sizes));
    }

    [Fact]
    public void Sizes_are_changed_by_name_and_checked()
    {
        var rung = KernelCatalog.GpuRungs.First(rung => rung.Operation == "LayerNorm");
        using var device = new EmulatorDevice();
        var sample = KernelSample.Of(rung);
        var launch = sample.Launch(device, rung, new Dictionary<string, int> { ["channels"] = 5, ["Rows"] = 200 });
        Assert.Equal(("Rows=200,Channels=5", (200 * 5 * 2 + 2 * 5) * 4), (launch.Sizes, launch.BufferBytes));
        Assert.Throws<KernelArgumentException>(() => sample.Launch(device, rung, new Dictionary<string, int> { ["Epsilon"] = 5 }));
        Assert.Throws<KernelArgumentException>(() => sample.Launch(device, rung, new Dictionary<string, int> { ["Rows"] = 0 }));
        Assert.Throws<KernelArgumentException>(() => sample.Launch(device, rung, new Dictionary<string, int> { ["Rows"] = -1 }));
    }
}
