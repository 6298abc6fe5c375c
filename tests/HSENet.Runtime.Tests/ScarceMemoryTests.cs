// A device that runs out of memory at whichever allocation, or is cancelled at whichever transfer: nothing stays behind.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ScarceMemoryTests
{
    static readonly string Demo = LifetimeTests.Demo;
    static readonly PreprocessingTarget Target = new(8, 12, 16, SliceSide: 20, Slices: 6);

    [Theory, InlineData(PreprocessingPreset.Standard, false), InlineData(PreprocessingPreset.BimcvR, false),
        InlineData(PreprocessingPreset.Standard, true)]
    public void Preparing_a_scan(PreprocessingPreset preset, bool converted) => ScarceDevice.NothingStaysBehind(device =>
    {
        using var scan = converted ? Scan<long>() : Scan<short>();
        Preprocessing.Prepare(device, scan, Target, new() { Preset = preset, SliceJpeg = true }).Dispose();
    });

    [Fact]
    public void Taking_a_finished_volume()
    {
        using var folder = new TemporaryFolder();
        NumpyFile.Write(folder.At("volume.npy"), new float[8 * 12 * 16], 1, 8, 12, 16);
        NumpyFile.Write(folder.At("features.npy"), new float[6 * 4], 6, 4);
        using var volume = VolumeFile.Read(folder.At("volume.npy"), new());
        using var features = VolumeFile.Read(folder.At("features.npy"), new() { TakesMatrices = true });
        ScarceDevice.NothingStaysBehind(device => Preprocessing.UseFinished(device, volume, features, Target).Dispose());
    }

    [Fact]
    public void Opening_a_model_and_reporting() => ScarceDevice.NothingStaysBehind(device =>
    {
        using var model = HseNetModel.Open(Demo, device);
        using var study = LifetimeTests.Study();
        model.Report(study, new ReportOptions { MaxTokens = 2 }).Complete();
    });

    [Fact]
    public void Encoding_and_asking_in_turns() => ScarceDevice.NothingStaysBehind(device =>
    {
        using var model = HseNetModel.Open(Demo, device);
        using var study = LifetimeTests.Study();
        using var encoded = model.Encode(study);
        encoded.Ask("Where?", new ReportOptions { MaxTokens = 2 }).Complete();
        using var chat = encoded.Chat();
        chat.Ask("Where?", new ReportOptions { MaxTokens = 2 }).Complete();
        chat.Ask("And there?", new ReportOptions { MaxTokens = 2 }).Complete();
    });

    // Copies into what a study and a conversation keep are among the transfers.
    [Fact]
    public void Encoding_and_asking_that_is_cancelled() => ScarceDevice.NothingStaysBehindWhenCancelled(
        device => HseNetModel.Open(Demo, device), model =>
        {
            using var study = LifetimeTests.Study();
            using var encoded = model.Encode(study);
            using var chat = encoded.Chat();
            chat.Ask("Where?", new ReportOptions { MaxTokens = 2 }).Complete();
            chat.Ask("And there?", new ReportOptions { MaxTokens = 2 }).Complete();
        });

    [Fact]
    public void Opening_the_slice_encoder() => ScarceDevice.NothingStaysBehind(device => SliceFeatureEncoder.Open(Demo, device)!.Dispose());

    static VoxelVolume Scan<T>() where T : unmanaged, System.Numerics.INumberBase<T> => VoxelVolume.FromVoxels<T>(
        [.. Enumerable.Range(0, 20 * 18 * 9).Select(i => T.CreateTruncating(i * 37 % 700 - (i % 3 == 0 ? 1000 : 300)))], (20, 18, 9),
        (1, 1, 2));
}
