// Slice images of the model's own volume: nothing is resampled, each slice is normalised as the 2D encoder expects it.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>How a grey value from 0 to 1 becomes the red, green and blue of a slice image (CLIP's constants).</summary>
static class SliceColours
{
    /// <summary>Subtracted from the grey.</summary>
    public static readonly float[] Means = [0.48145466f, 0.4578275f, 0.40821073f];

    /// <summary>What is left is divided by these.</summary>
    public static readonly float[] Deviations = [0.26862954f, 0.26130258f, 0.27577711f];
}

static class VolumeSlices
{
    /// <summary>Pixels [slices, 3, side, side] of some slices of a volume [depth, side, side].</summary>
    public static void Compute(Device device, View<float> volume, ReadOnlySpan<int> slices, int side, View<float> pixels)
    {
        long area = (long)side * side;
        for (int i = 0; i < slices.Length; i++)
            for (int colour = 0; colour < 3; colour++)
                Augment.Forward(device, new AugmentArguments
                {
                    X = volume.Slice(slices[i] * area, area),
                    Y = pixels.Slice((3 * i + colour) * area, area),
                    Depth = 1,
                    Height = side,
                    Width = side,
                    Factor = 1 / SliceColours.Deviations[colour] - 1,
                    Offset = -SliceColours.Means[colour] / SliceColours.Deviations[colour],
                });
    }

    /// <summary>Pixels of all slices.</summary>
    public static void Compute(Device device, View<float> volume, int slices, int side, View<float> pixels)
    {
        int[] all = new int[slices];
        for (int i = 0; i < slices; i++)
            all[i] = i;
        Compute(device, volume, all, side, pixels);
    }
}
