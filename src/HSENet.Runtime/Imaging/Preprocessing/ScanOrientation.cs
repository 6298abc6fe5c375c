// Which way a study is turned before it is preprocessed.
namespace HSENet.Runtime;

/// <summary>Whether a scan is brought into the orientation that the model was trained on.</summary>
public enum ScanOrientation
{
    /// <summary>Axes are permuted and flipped until they run as in the data set of the preset; slices are put at their true
    /// positions.</summary>
    Model,

    /// <summary>The array as the file stores it, which is what the reference's scripts take.</summary>
    Stored,
}

static class ScanOrientations
{
    /// <summary>Orientation of the data set that a preset was made for.</summary>
    /// <remarks>
    /// CT-RATE is stored L, P, S: https://github.com/ibrahimethemhamamci/CT-CLIP/issues/41 and
    /// https://github.com/TorchIO-project/torchio/issues/1282 find that its encoder expects S, L, P after the script's transpose of (x, y,
    /// z) to (z, x, y). Headers of its first release state nothing: https://huggingface.co/datasets/ibrahimhamamci/CT-RATE/discussions/58.
    /// For BIMCV-R no public statement was found. The reference turns its slices by a quarter the other way than those of CT-RATE, which
    /// gives the same picture exactly if x and y run the other way: R, A, S.
    /// </remarks>
    public static string CodeOf(PreprocessingPreset preset) => preset == PreprocessingPreset.BimcvR ? "RAS" : "LPS";

    /// <summary>Where <see cref="CodeOf"/> is known from, for a note.</summary>
    public static string SourceOf(PreprocessingPreset preset) => preset == PreprocessingPreset.BimcvR
        ? "BIMCV-R's, as far as the reference's script lets one conclude: no public statement was found" : "CT-RATE's";

    /// <summary>Whether <see cref="With"/> takes this text.</summary>
    public static bool IsChoice(string text)
    {
        try
        {
            return new PreprocessingOptions().With(text) is not null;
        }
        catch (HseNetException)
        {
            return false;
        }
    }

    /// <summary>Options with what an option or a field says: model, stored, or the code of the files.</summary>
    /// <exception cref="HseNetException">The text is none of these.</exception>
    public static PreprocessingOptions With(this PreprocessingOptions options, string text) => text.ToLowerInvariant() switch
    {
        "model" => options with { Orientation = ScanOrientation.Model, StatedOrientation = null },
        "stored" => options with { Orientation = ScanOrientation.Stored, StatedOrientation = null },
        _ => options with { Orientation = ScanOrientation.Model, StatedOrientation = VolumeOrientation.FromCode(text).Code },
    };
}
