// What decides the arrays that preprocessing makes of a scan: keys by which finished ones are known again.
namespace HSENet.Runtime;

/// <summary>Keys of the arrays that are made of a scan; they change when the scan, the options or the weights change.</summary>
static class StudyKey
{
    /// <summary>Key of the volume.</summary>
    public static string Volume(string path, PreprocessingTarget target, CtStudyOptions options) =>
        VolumeCache.Key(path, Words("volume", target, options));

    /// <summary>Key of the slice features.</summary>
    /// <param name="path">The scan.</param>
    /// <param name="target">Sizes.</param>
    /// <param name="options">How it is read and preprocessed.</param>
    /// <param name="encoder">Hash of the slice encoder's weights.</param>
    public static string Slices(string path, PreprocessingTarget target, CtStudyOptions options, string encoder) =>
        VolumeCache.Key(path, Words($"slices of {encoder} at {target.SliceSide}, {target.Slices}"
            + (target.SlicesOfVolume ? " of the volume" : ""), target, options));

    /// <summary>Everything that a user may choose about reading and preprocessing, the same for all scans of a collection.</summary>
    public static string[] Choices(CtStudyOptions options) =>
    [
        $"{Preprocessing.Version}", InvariantText.Of(options.Preprocessing),
        InvariantText.Of((options.Reading.SeriesUid, options.Reading.Acquisition, options.Reading.AllowGaps)),
    ];

    /// <summary>What is said of one scan.</summary>
    public static string[] Own(CtStudyOptions options) => [InvariantText.Of(options.Metadata), options.Reading.StudyKey ?? ""];

    static string[] Words(string what, PreprocessingTarget target, CtStudyOptions options) =>
        [what, $"{target with { Slices = 0, SliceSide = 0 }}", .. Choices(options), .. Own(options)];
}
