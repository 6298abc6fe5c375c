// The reference's augmentation of a volume in training, drawn for one example of one step.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Parameters of one augmentation. The reference's transforms for training (<c>multi_dataset.py</c>): RandRotate90(prob 0.5, in the slices'
/// plane), RandFlip(prob 0.1) along each axis, RandScaleIntensity(factors 0.1, prob 0.5), RandShiftIntensity(offsets 0.1, prob 0.5). The
/// slices' features are those of the volume as it was.
/// </summary>
/// <param name="QuarterTurns">0 to 3.</param>
/// <param name="FlipDepth">Whether slices are reversed.</param>
/// <param name="FlipHeight">Whether rows are reversed.</param>
/// <param name="FlipWidth">Whether columns are reversed.</param>
/// <param name="Factor">In [−0.1, 0.1): voxels are multiplied by 1 + Factor.</param>
/// <param name="Offset">In [−0.1, 0.1): added afterwards.</param>
readonly record struct Augmentation(int QuarterTurns, bool FlipDepth, bool FlipHeight, bool FlipWidth, float Factor, float Offset)
{
    const float TurnRate = 0.5f, FlipRate = 0.1f, IntensityRate = 0.5f, Strength = 0.1f;

    static readonly long Site = DropoutSeeds.Site("augmentation");

    /// <summary>Draws the parameters for an example: a function of run seed, step and row alone, so that a resumed run draws the
    /// same.</summary>
    /// <param name="step">Which step of which run.</param>
    /// <param name="row">Row of the manifest.</param>
    /// <param name="square">Whether slices are as high as wide; others can only be turned by 180°.</param>
    public static Augmentation Draw(StepContext step, int row, bool square)
    {
        long seed = step.Seeds(row).At(Site);
        int turns = Happens(0, TurnRate) ? 1 + (int)(3 * Uniform(1)) : 0;
        return new Augmentation(square || turns == 0 ? turns : 2, Happens(2, FlipRate), Happens(3, FlipRate), Happens(4, FlipRate),
            Strong(5), Strong(7));

        float Uniform(int index) => DropoutMask.Uniform(seed, index);

        bool Happens(int index, float rate) => Uniform(index) < rate;

        float Strong(int index) => Happens(index, IntensityRate) ? Strength * (2 * Uniform(index + 1) - 1) : 0;
    }

    /// <summary>Writes the augmented volume.</summary>
    /// <param name="device">What it runs on.</param>
    /// <param name="volume">[D, H, W].</param>
    /// <param name="augmented">[D, H, W]; not the volume.</param>
    /// <param name="size">D, H and W.</param>
    public void Apply(Device device, View<float> volume, View<float> augmented, Size3 size) => Augment.Forward(device, new AugmentArguments
    {
        X = volume,
        Y = augmented,
        Depth = size.Depth,
        Height = size.Height,
        Width = size.Width,
        QuarterTurns = QuarterTurns,
        FlipDepth = FlipDepth ? 1 : 0,
        FlipHeight = FlipHeight ? 1 : 0,
        FlipWidth = FlipWidth ? 1 : 0,
        Factor = Factor,
        Offset = Offset,
    });
}

/// <summary>Memory of a volume on its way to the encoders: what was read, and what they see, which are one without augmentation.</summary>
/// <param name="Read">[D, H, W].</param>
/// <param name="Seen">[D, H, W].</param>
/// <param name="Size">D, H and W.</param>
readonly record struct VolumeBuffers(PlannedBuffer Read, PlannedBuffer Seen, Size3 Size)
{
    /// <summary>Reserves the memory.</summary>
    public static VolumeBuffers Reserve(MemoryPlan plan, Size3 size, bool augmentation)
    {
        var read = plan.Reserve("volume", size.Count);
        return new VolumeBuffers(read, augmentation ? plan.Reserve("augmented_volume", size.Count) : read, size);
    }

    /// <summary>Puts an example's volume where the encoders see it, augmented if a step is given and memory was reserved for
    /// that.</summary>
    public View<float> Load(in Pass pass, TrainingExample example, StepContext? augmented)
    {
        var seen = pass[Seen];
        if (augmented is not { } step || Seen == Read)
        {
            pass.Device.Upload(example.Volume.Span, seen);
            return seen;
        }
        var read = pass[Read];
        pass.Device.Upload(example.Volume.Span, read);
        Augmentation.Draw(step, example.Row, square: Size.Height == Size.Width).Apply(pass.Device, read, seen, Size);
        return seen;
    }
}
