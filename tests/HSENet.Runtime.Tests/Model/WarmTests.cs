// What a model loads when it opens on a GPU is what its first report launches.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class WarmTests
{
    [Fact]
    public void After_a_model_was_opened_its_first_report_loads_the_kernels_of_preprocessing_alone()
    {
        using var driver = new EmulatedCuda();
        using var device = CudaDevice.Open(driver, 0);
        using var model = HseNetModel.Open(EncodedStudyTests.Demo, device);
        Assert.Equal(0, driver.Launches);
        string[] opened = [.. driver.Loads];
        Assert.NotEmpty(opened);
        Assert.Equal(opened.Length, opened.Distinct().Count());

        using var study = LifetimeTests.Study();
        var report = model.Report(study, new ReportOptions { MaxTokens = 3 }).Complete();
        Assert.Equal(3, report.Ids.Count);
        Assert.True(driver.Launches > opened.Length);
        string[] later = [.. driver.Loads.Skip(opened.Length)];
        Assert.NotEmpty(later);
        string[] preparing = ["voxelrescale_", "resize3d_", "resizebytes_", "minmax", "cropbox_", "slicebytes_", "slicepixels_"];
        Assert.All(later, name => Assert.Contains(preparing, part => name.StartsWith(part, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_device_that_has_nothing_to_load_rehearses_nothing()
    {
        PartRun.Host.Warm(_ => throw new InvalidOperationException("not called"));
        using var emulator = new EmulatorDevice();
        emulator.Warm(_ => throw new InvalidOperationException("not called"));
    }
}
