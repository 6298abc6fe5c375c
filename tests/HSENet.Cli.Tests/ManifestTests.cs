// hsenet manifest: what it says, and that training reads what it wrote.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ManifestTests
{
    [Fact]
    public void Ct_rate_s_tables_become_a_manifest()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("volumes"));
        File.Copy(Hsenet.Scan, folder.At("volumes/train_1_a_1.nii.gz"));
        string metadata = folder.Write("metadata.csv",
            "VolumeName,RescaleSlope,RescaleIntercept\ntrain_1_a_1.nii.gz,1,0\ntrain_2_a_1.nii.gz,1,0\n"u8.ToArray());
        string reports = folder.Write("reports.csv",
            "VolumeName,Findings_EN\ntrain_1_a_1.nii.gz,Clear lungs.\ntrain_2_a_1.nii.gz,Nodule.\n"u8.ToArray());
        string[] arguments = ["manifest", "ct-rate", "--metadata", metadata, "--reports", reports, "--out", folder.At("m.json"),
            "--images"];
        var outcome = Hsenet.Run([.. arguments, folder.At("volumes")]);
        Assert.Equal((0, $"{folder.At("m.json")}: 1 for training, 0 for validation\n", "1 reports have no volume on the disk\n"),
            (outcome.Code, outcome.Output, outcome.Error));
        Assert.Equal("Clear lungs.", Assert.Single(Manifest.Read(folder.At("m.json"), RowContent.Report).Train).Text);
        Directory.CreateDirectory(folder.At("empty"));
        Hsenet.Run([.. arguments, folder.At("empty")]).IsRefused("empty", "2 volumes");
    }
}
