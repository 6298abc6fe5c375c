// What the program can do with DICOM beyond the library's own reader in the default build: nothing, and it says which switch adds it.
using HSENet.Runtime;

namespace HSENet.Cli;

static class DicomPlugin
{
    /// <summary>Reads compressed pixels; null in the default build.</summary>
    public static IDicomReader? Reader => null;

    /// <summary>Throws if the program was built without fo-dicom.</summary>
    public static void Require(string feature) => throw new HseNetException($"{feature} needs a program built with -p:UseFoDicom=true");

    public static void WriteReport(string path, CtStudy study, string text, bool withPatient) => Require("a DICOM report");

    public static Task Listen(string address, int port, string folder, Action listening, Action<string> stored,
        CancellationToken cancellation)
    {
        Require("listening for DICOM");
        return Task.CompletedTask;
    }
}
