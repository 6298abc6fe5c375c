// The reference's augmentation of a volume in training, drawn for one example of one step.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>What may be done to a volume.</summary>
[Flags]
enum VolumeChange
{
    None = 0,

    /// <summary>Quarter turns and flips.</summary>
    Turns = 1,

    /// <summary>Scale and offset.</summary>
    Intensity = 2,

    /// <summary>Whole voxels along each axis.</summary>
    Shift = 4,

    /// <summary>Crops of other volumes in its place: <see cref="HSENet.Training.Mosaic"/>.</summary>
    Mosaic = 8,
}

/// <summary>The words of a configuration for what is done to volumes.</summary>
static class Augmentations
{
    /// <summary>What the words are.</summary>
    public const string Expected = "on, intensity, shift, both as in intensity,shift, mosaic, or off";

    /// <summary>What a configuration asks for; false: it has another word.</summary>
    public static bool TryParse(string text, out VolumeChange changes)
    {
        changes = text switch
        {
            "on" => VolumeChange.Turns | VolumeChange.Intensity,
            "mosaic" => VolumeChange.Mosaic,
            _ => VolumeChange.None,
        };
        if (text is "on" or "off" or "mosaic")
            return true;
        foreach (string word in text.Split(','))
            switch (word)
            {
                case "intensity":
                    changes |= VolumeChange.Intensity;
                    break;
                case "shift":
                    changes |= VolumeChange.Shift;
                    break;
                default:
                    return false;
            }
        return true;
    }

    /// <summary>What a checked configuration asks for.</summary>
    public static VolumeChange Of(TrainingConfig config) => TryParse(config.Augmentation, out var changes) ? changes
        : throw new ArgumentException($"augmentation {config.Augmentation}: expected {Expected}");
}

/// <summary>
/// Parameters of one augmentation. The reference's transforms for training (<c>multi_dataset.py</c>): RandRotate90(prob 0.5, in the slices'
/// plane), RandFlip(prob 0.1) along each axis, RandScaleIntensity(factors 0.1, prob 0.5), RandShiftIntensity(offsets 0.1, prob 0.5). The
/// slices' features are those of the volume as it was. Shifts are this project's own.
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

    /// <summary>By how many voxels everything moves towards larger indices; what comes in repeats the edge.</summary>
    public (int Depth, int Height, int Width) Shift { get; init; }

    /// <summary>Draws the parameters for an example: a function of run seed, step and row alone, so that a resumed run draws the
    /// same.</summary>
    /// <param name="step">Which step of which run.</param>
    /// <param name="row">Row of the manifest.</param>
    /// <param name="square">Whether slices are as high as wide; others can only be turned by 180°.</param>
    /// <param name="changes">What may be done; the rest is not.</param>
    /// <param name="patch">Shifts go up to a quarter of it.</param>
    public static Augmentation Draw(StepContext step, int row, bool square,
        VolumeChange changes = VolumeChange.Turns | VolumeChange.Intensity, Size3 patch = default)
    {
        long seed = step.Seeds(row).At(Site);
        bool turns = changes.HasFlag(VolumeChange.Turns), intensity = changes.HasFlag(VolumeChange.Intensity),
            shifts = changes.HasFlag(VolumeChange.Shift);
        int quarters = turns && Happens(0, TurnRate) ? 1 + (int)(3 * Uniform(1)) : 0;
        return new Augmentation(square || quarters == 0 ? quarters : 2, turns && Happens(2, FlipRate), turns && Happens(3, FlipRate),
            turns && Happens(4, FlipRate), Strong(5), Strong(7))
        {
            Shift = shifts ? (Voxels(9, patch.Depth), Voxels(10, patch.Height), Voxels(11, patch.Width)) : default,
        };

        float Uniform(int index) => DropoutMask.Uniform(seed, index);

        bool Happens(int index, float rate) => Uniform(index) < rate;

        float Strong(int index) => intensity && Happens(index, IntensityRate) ? Strength * (2 * Uniform(index + 1) - 1) : 0;

        int Voxels(int index, int side) => (int)MathF.Floor(Uniform(index) * (side / 4 * 2 + 1)) - side / 4;
    }

    /// <summary>Writes the turned, flipped and scaled volume; the shift is <see cref="Shifted"/>.</summary>
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

    /// <summary>The volume [D, H, W] moved by <see cref="Shift"/>.</summary>
    public ReadOnlySpan<float> Shifted(ReadOnlySpan<float> volume, Size3 size)
    {
        if (Shift == default)
            return volume;
        var moved = new float[volume.Length];
        for (int z = 0; z < size.Depth; z++)
            for (int y = 0; y < size.Height; y++)
            {
                var from = volume.Slice((Math.Clamp(z - Shift.Depth, 0, size.Depth - 1) * size.Height
                    + Math.Clamp(y - Shift.Height, 0, size.Height - 1)) * size.Width, size.Width);
                var to = moved.AsSpan((z * size.Height + y) * size.Width, size.Width);
                for (int x = 0; x < size.Width; x++)
                    to[x] = from[Math.Clamp(x - Shift.Width, 0, size.Width - 1)];
            }
        return moved;
    }
}

/// <summary>Memory of a volume on its way to the encoders: what was read, and what they see, which are one without augmentation.</summary>
/// <param name="Read">[D, H, W].</param>
/// <param name="Seen">[D, H, W].</param>
/// <param name="Vision">Sizes of volume and patches.</param>
/// <param name="Changes">What may be done to the volume in training.</param>
readonly record struct VolumeBuffers(PlannedBuffer Read, PlannedBuffer Seen, VisionConfig Vision, VolumeChange Changes)
{
    /// <summary>Reserves the memory.</summary>
    public static VolumeBuffers Reserve(MemoryPlan plan, VisionConfig vision, VolumeChange changes)
    {
        var read = plan.Reserve("volume", vision.Image.Count);
        bool computed = (changes & (VolumeChange.Turns | VolumeChange.Intensity)) != 0;
        return new VolumeBuffers(read, computed ? plan.Reserve("augmented_volume", vision.Image.Count) : read, vision, changes);
    }

    /// <summary>What is done to an example's volume in a step.</summary>
    public Augmentation Draw(TrainingExample example, StepContext step) => Changes == VolumeChange.None ? default
        : Augmentation.Draw(step, example.Row, square: Vision.Image.Height == Vision.Image.Width, Changes, Vision.Patch);

    /// <summary>Puts an example's volume where the encoders see it, augmented if a step is given.</summary>
    /// <returns>What was done to it.</returns>
    public Augmentation Load(in Pass pass, TrainingExample example, StepContext? augmented)
    {
        View<float> read = pass[Read], seen = pass[Seen];
        if (augmented is not { } step || Changes == VolumeChange.None)
        {
            pass.Device.Upload(example.Volume.Span, seen);
            return default;
        }
        var size = Vision.Image;
        var augmentation = Draw(example, step);
        pass.Device.Upload(augmentation.Shifted(example.Volume.Span, size), read);
        if (Seen != Read)
            augmentation.Apply(pass.Device, read, seen, size);
        return augmentation;
    }
}
