// hsenet manifest: makes the list of samples that a training reads.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class ManifestCommand
{
    public static Command Create()
    {
        var metadata = new Option<string>("--metadata")
        {
            Description = "CT-RATE's metadata table (scaling and spacing of each volume).",
            Required = true
        };
        var reports = new Option<string>("--reports")
        {
            Description =
            "CT-RATE's table of reports; the column Findings_EN becomes the text.",
            Required = true
        };
        var images = new Option<string>("--images")
        {
            Description = "Folder with the volumes anywhere below it, .nii.gz or finished .npy.",
            DefaultValueFactory = _ => "."
        };
        var output = new Option<string>("--out") { Description = "The manifest.", DefaultValueFactory = _ => "manifest.json" };
        var verbose = Verb.Verbose();
        var collection = new Command("ct-rate", """
            Writes {"train": [...], "validation": [...]} of the volumes that are on the disk.

            Example:
              hsenet manifest ct-rate --metadata train_metadata.csv --reports train_reports.csv --images dataset --out manifest.json
            """)
        { metadata, reports, images, output, verbose };
        collection.Run(verbose, (parsed, _) =>
        {
            string file = parsed.GetRequiredValue(output);
            var counts = CtRateManifest.Write(parsed.GetRequiredValue(metadata), parsed.GetRequiredValue(reports),
                parsed.GetRequiredValue(images), file);
            Console.WriteLine($"{file}: {counts.Train} for training, {counts.Validation} for validation");
            if (counts.WithoutFile > 0)
                Messages.Note($"{counts.WithoutFile} reports have no volume on the disk");
            if (counts.WithoutText > 0)
                Messages.Note($"{counts.WithoutText} reports have no findings");
            return Task.FromResult(ExitCode.Done);
        });
        return new Command("manifest", "Makes manifests for 'hsenet train': one row for each study and its report.") { collection };
    }
}
