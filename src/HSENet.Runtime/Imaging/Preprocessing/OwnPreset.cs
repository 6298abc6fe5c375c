// How a model that was trained on volumes of its own making has scans prepared: part of its config.json.
using System.Text.Json.Serialization;

namespace HSENet.Runtime;

/// <summary>What becomes of a slice where the model's voxels are larger than the scan's.</summary>
enum InPlane
{
    /// <summary>A voxel is a sample, as in the reference's preprocessing: no model states it.</summary>
    [JsonStringEnumMemberName("sample")] Sample,

    /// <summary>A voxel is the mean over its area.</summary>
    [JsonStringEnumMemberName("average")] Average,
}

/// <summary>
/// A model's own preprocessing instead of the released models': its slices lie evenly over the scan, voxels are means over their areas in
/// the slice, and a curve makes greys of Hounsfield units; cropped to what is above the curve's first point.
/// </summary>
sealed record OwnPreset
{
    /// <summary>Greys as <see cref="Runtime.GreyCurve.Parse"/> reads them.</summary>
    public required string GreyCurve { get; init; }

    /// <summary>How voxels of a slice are taken.</summary>
    public required InPlane InPlane { get; init; }

    /// <summary>What finished volumes and results call it: the same for presets that give the same values.</summary>
    [JsonIgnore]
    public string Name => $"{(InPlane == InPlane.Average ? "average" : "sample")}({Runtime.GreyCurve.Parse(GreyCurve)})";

    /// <summary>The text in records and keys.</summary>
    public override string ToString() => Name;

    /// <summary>Name of how a volume is prepared, with or without a preset of the model's own.</summary>
    public static string NameOf(PreprocessingPreset preset, OwnPreset? own) =>
        own?.Name ?? (preset == PreprocessingPreset.BimcvR ? "bimcv_r" : "standard");

    /// <summary>Refuses a finished volume that says it was prepared in another way than the model's; one that says nothing is
    /// taken.</summary>
    /// <exception cref="HseNetFileException">It was.</exception>
    public static void Check(VoxelVolume volume, OwnPreset? own)
    {
        if (volume.PreparedAs is not { } name || (own is null ? !name.Contains('(') : name == own.Name))
            return;
        throw new HseNetFileException(volume.Source, $"was prepared as {HseNetFileException.Quote(name)}",
            own is null ? "a volume of the released models' preprocessing, or a model of its own preset" : $"the model's {own.Name}");
    }
}
