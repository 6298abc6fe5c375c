// hsenet dicom listen: a scanner or an archive sends, the images land in a folder.
using System.CommandLine;

namespace HSENet.Cli;

static class DicomCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "TCP port to listen on.", Required = true };
        var output = new Option<string>("--out") { Description = "Folder that gets a folder for each series.", Required = true };
        var address = new Option<string>("--address")
        {
            Description = "Address to listen on; all by default.",
            DefaultValueFactory = _ =>
            "0.0.0.0"
        };
        var verbose = Verb.Verbose();
        var listen = new Command("listen", """
            Receives images by C-STORE until Ctrl-C; any calling and called title is taken. Needs a program built with -p:UseFoDicom=true.

            Example:
              hsenet dicom listen --port 11112 --out incoming
            """)
        { port, output, address, verbose };
        listen.Run(verbose, async (parsed, cancellation) =>
        {
            DicomPlugin.Require("hsenet dicom listen");
            int number = parsed.GetValue(port);
            if (number is < 1 or > 65535)
                throw new HseNetException($"--port {number}: expected 1 to 65535");
            string folder = parsed.GetRequiredValue(output);
            await DicomPlugin.Listen(parsed.GetRequiredValue(address), number, folder, () => Messages.Note($"listening on port {number}"),
                Console.WriteLine, cancellation).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return new Command("dicom", "DICOM over the network.") { listen };
    }
}
