// What the program can do with DICOM beyond the library's own reader: nothing, unless it is built with -p:UseFoDicom=true.
using HSENet.Runtime;

namespace HSENet.Cli;

static class DicomPlugin
{
    /// <summary>Reads compressed pixels; null in the default build.</summary>
    public static IDicomReader? Reader => null;
}
