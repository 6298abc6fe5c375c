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
    /// CT-RATE is stored L, P, S: <see cref="CtRateSource"/> and https://github.com/TorchIO-project/torchio/issues/1282 find that its
    /// encoder expects S, L, P after the script's transpose of (x, y, z) to (z, x, y). Headers of its first release state nothing:
    /// https://huggingface.co/datasets/ibrahimhamamci/CT-RATE/discussions/58.
    /// BIMCV-R states none. It is cut from the CT of BIMCV-COVID19, whose makers convert with dicom2nifti
    /// (https://github.com/BIMCV-CSUSP/dcm2mids), which stores L, A, S unless told otherwise (https://github.com/icometrix/dicom2nifti,
    /// convert_dir.py), as dcm2niix stores axial series (https://github.com/rordenlab/dcm2niix/issues/564). The quarter turn by which the
    /// reference makes slice images of it shows a patient upright exactly if y runs to the front. Other readers found several orders of
    /// axes in that collection (https://github.com/rilshok/BIMCV-COVID-19-interface, assets): the model saw them as they lie.
    /// </remarks>
    public static string CodeOf(PreprocessingPreset preset) => preset == PreprocessingPreset.BimcvR ? "LAS" : "LPS";

    /// <summary>Where the orientation of CT-RATE is known from.</summary>
    public const string CtRateSource = "https://github.com/ibrahimethemhamamci/CT-CLIP/issues/41";

    /// <summary>Where <see cref="CodeOf"/> is known from, for a note.</summary>
    public static string SourceOf(PreprocessingPreset preset) => preset == PreprocessingPreset.BimcvR
        ? "BIMCV-R's, as its makers' converter stores axial series: no statement of theirs was found" : "CT-RATE's";

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
