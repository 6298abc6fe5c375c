// Studies that need no preprocessing and no slice encoder: what takes time in a test is the part it tests.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

static class FinishedStudy
{
    /// <summary>Writes a finished volume of random values with slice features, and opens it.</summary>
    public static CtStudy Create(TemporaryFolder folder, ModelConfig config, int seed)
    {
        var image = config.Vision.Image;
        var slices = config.SliceEncoder!;
        string volume = folder.At($"{seed}.npy"), features = folder.At($"{seed}.slice_features.npy");
        NumpyFile.Write(volume, Values(image.Count, 0), 1, image.Depth, image.Height, image.Width);
        NumpyFile.Write(features, Values((long)slices.Slices * slices.HiddenSize, -1), slices.Slices, slices.HiddenSize);
        return CtStudy.Open(volume, new CtStudyOptions { SliceFeatures = features });

        float[] Values(long count, float low)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, (int)count).Select(_ => low + (1 - low) * random.NextSingle())];
        }
    }
}
