// The output of a frozen encoder for a study, kept on the disk where it is the same every time.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Features of one study. Only for a training without augmentation and without dropout in the frozen encoders
/// (<c>TrainingConfig.FrozenFeaturesAreFixed</c>): with either they differ from step to step.
/// </summary>
/// <param name="cache">Where they are kept.</param>
/// <param name="study">Key of the study's volume and slice features.</param>
/// <param name="weights">Hash of the encoders' weights.</param>
sealed class FrozenFeatures(VolumeCache cache, string study, string weights)
{
    /// <summary>Fills a branch's features if they are kept.</summary>
    public bool TryLoad(Device device, int branch, View<float> features)
    {
        if (cache.TryRead(Key(device, branch), features.Length) is not { } kept)
            return false;
        device.Upload<float>(kept, features);
        return true;
    }

    /// <summary>Keeps a branch's features.</summary>
    public void Store(Device device, int branch, View<float> features)
    {
        float[] values = new float[features.Length];
        device.Download<float>(features, values);
        cache.Write(Key(device, branch), values, 1, values.Length);
    }

    // Devices differ in the last bits, and a run is the same bit for bit on one.
    string Key(Device device, int branch) => VolumeCache.KeyOf("features", study, weights, $"{device.Kind} {device.Name}", $"{branch}");
}
