// Devices by the names that settings and command lines have for them.
namespace HSENet.Kernels.Tests;

public sealed class DeviceNameTests
{
    [Theory]
    [InlineData("cpu", DeviceKind.Host)]
    [InlineData("emulator", DeviceKind.Emulator)]
    public void A_name_opens_its_device(string name, DeviceKind kind)
    {
        using var device = Device.Open(name);
        Assert.Equal(kind, device.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1x")]
    public void Another_name_is_refused_with_those_that_exist(string name)
    {
        var error = Assert.Throws<HseNetException>(() => Device.Open(name));
        Assert.Equal($"device {name}: expected auto, cpu, cuda:N or emulator", error.Message);
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_refused_by_its_name() =>
        Assert.StartsWith("device cuda:999: ", Assert.Throws<HseNetException>(() => Device.Open("cuda:999")).Message);
}
