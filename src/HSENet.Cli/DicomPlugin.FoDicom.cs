// What the program can do with DICOM when it is built with -p:UseFoDicom=true.
using HSENet.Dicom;
using HSENet.Runtime;

namespace HSENet.Cli;

static class DicomPlugin
{
    /// <summary>Reads compressed pixels.</summary>
    public static IDicomReader? Reader { get; } = new FoDicomReader();

    /// <summary>Throws if the program was built without fo-dicom: not this one.</summary>
    public static void Require(string feature) => ArgumentException.ThrowIfNullOrEmpty(feature);

    public static void WriteReport(string path, CtStudy study, string text, bool withPatient) =>
        StructuredReport.Write(path, study, text, withPatient);

    public static Task Listen(string address, int port, string folder, Action listening, Action<string> stored,
        CancellationToken cancellation) =>
        StoreReceiver.Listen(address, port, new StoreTarget(folder, stored), listening, cancellation);
}
