// hsenet preprocess as a user runs it: the files it writes, what it skips, what one bad file does.
using System.Text.Json;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PreprocessTests
{
    static string Data(string name) => Path.Combine(Hsenet.Repository, "tests", "golden", "data", name);

    [Fact]
    public void Finished_studies_are_skipped_and_damaged_ones_made_anew()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("out"), volume = Path.Combine(output, "ct_sm.npy"),
            features = Path.Combine(output, "ct_sm.slice_features.npy");
        var first = Hsenet.Run("preprocess", Hsenet.Scan, "--out", output, "--weights", Hsenet.Demo, "--json", "--device", "cpu");
        Assert.True(first.Code == 0, first.Error);
        var line = JsonDocument.Parse(first.Output).RootElement;
        Assert.Equal(volume, line.GetProperty("image").GetString());
        Assert.Equal(features, line.GetProperty("biomedclip_features").GetString());
        byte[] before = File.ReadAllBytes(volume);

        using (var stream = File.OpenWrite(volume))
            stream.SetLength(stream.Length / 2);
        string killed = TemporaryName.For(volume, int.MaxValue), living = TemporaryName.For(volume);
        File.WriteAllText(killed, "a run that was killed");
        File.WriteAllText(living, "a run that goes on");
        Assert.False(Skipped(Hsenet.Run("preprocess", Hsenet.Scan, "--out", output, "--weights", Hsenet.Demo, "--json")));
        Assert.Equal(before, File.ReadAllBytes(volume));
        Assert.Equal([volume, living, folder.At("out/ct_sm.preprocessed.json"), features],
            Directory.GetFiles(output).Order(StringComparer.Ordinal));
        Assert.True(Skipped(Hsenet.Run("preprocess", Hsenet.Scan, "--out", output, "--weights", Hsenet.Demo, "--json")));

        // The report of what was written is the report of the scan.
        Assert.Equal(Report(Hsenet.Scan), Report(volume, "--slice-features", features));
    }

    [Fact]
    public void One_bad_file_does_not_stop_the_rest()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("in/deeper"));
        File.Copy(Hsenet.Scan, folder.At("in/deeper/good.nii.gz"));
        File.Copy(Data("ct_thin.nii.gz"), folder.At("in/thin.nii.gz"));
        File.WriteAllText(folder.At("in/bad.nii"), "no volume");
        var outcome = Hsenet.Run("preprocess", folder.At("in"), "--out", folder.At("out"), "--size", "8,64,64", "--workers", "2",
            "--device", "cpu");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("bad.nii", Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => !line.Contains("good.nii.gz: turned from RAS to LPS", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal([folder.At("out/deeper/good.npy"), folder.At("out/thin.npy")],
            Directory.GetFiles(folder.At("out"), "*.npy", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Three_parts_of_a_folder_are_one_run()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("in"));
        for (int i = 0; i < 5; i++)
            File.Copy(Data("ct_thin.nii.gz"), folder.At($"in/{i}.nii.gz"));
        string[] Lines(string output, params string[] more)
        {
            var outcome = Hsenet.Run(["preprocess", folder.At("in"), "--out", folder.At(output), "--size", "4,16,16", "--workers", "1",
                "--json",
                .. more]);
            Assert.True(outcome.Code == 0, outcome.Error);
            return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => Path.GetFileName(JsonDocument.Parse(line).RootElement.GetProperty("image").GetString())!)];
        }
        string[] whole = Lines("whole");
        Assert.Equal(5, whole.Length);
        Assert.Equal(whole, ((string[])["1/3", "2/3", "3/3"]).SelectMany(part => Lines("parts", "--shard", part)));
        foreach (string name in whole)
            Assert.Equal(File.ReadAllBytes(folder.At($"whole/{name}")), File.ReadAllBytes(folder.At($"parts/{name}")));
    }

    [Fact]
    public void Two_inputs_that_would_become_one_file_are_refused()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Hsenet.Scan, folder.At("ct_sm.nii.gz"));
        Hsenet.Run("preprocess", Hsenet.Scan, folder.At("ct_sm.nii.gz"), "--out", folder.At("out")).IsRefused("ct_sm.npy");
    }

    [Theory]
    [InlineData("--size", "32,256", "--size")]
    [InlineData("--workers", "0", "--workers")]
    public void An_option_out_of_range_is_refused(string option, string value, string word)
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("preprocess", Hsenet.Scan, "--out", folder.At("out"), option, value).IsRefused(word);
    }

    // Whatever changes what is made of a scan makes it anew; what was said of it is said again when it is skipped.
    [Fact]
    public void A_volume_is_finished_only_if_it_was_made_from_this_scan_with_these_options()
    {
        using var folder = new TemporaryFolder();
        string scan = folder.At("scan.nii.gz"), table = folder.At("table.csv"), volume = folder.At("out/scan.npy");
        File.Copy(Hsenet.Scan, scan);
        File.WriteAllText(table, "VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing\nscan.nii.gz,1,0,1.5,1.5\n");
        byte[] before = [];
        foreach (string[] options in (string[][])[["--force"], ["--metadata", table], ["--orientation", "stored"], []])
        {
            var (made, notes) = Run(options);
            Assert.False(made, string.Join(' ', options));
            var (skipped, again) = Run(options);
            Assert.True(skipped, string.Join(' ', options));
            Assert.Equal(notes, again);
            before = File.ReadAllBytes(volume);
        }

        File.Copy(Data("ct_thin.nii.gz"), scan, overwrite: true);
        Assert.False(Run([]).Skipped);
        Assert.NotEqual(before, File.ReadAllBytes(volume));
        // What a killed run leaves between removing the record and writing it again.
        File.Delete(folder.At("out/scan.preprocessed.json"));
        Assert.False(Run([]).Skipped);
        File.WriteAllText(folder.At("out/scan.preprocessed.json"), "half");
        Assert.False(Run([]).Skipped);

        (bool Skipped, string[] Notes) Run(string[] options)
        {
            var outcome = Hsenet.Run(["preprocess", scan, "--out", folder.At("out"), "--size", "4,16,16", "--json", "--device", "cpu",
                .. options]);
            Assert.True(outcome.Code == 0, outcome.Error);
            string[] notes = [.. JsonDocument.Parse(outcome.Output).RootElement.GetProperty("notes").EnumerateArray()
                .Select(note => note.GetString()!)];
            Assert.All(notes, note => Assert.Contains(note, outcome.Error, StringComparison.Ordinal));
            return (Skipped(outcome), notes);
        }
    }

    static bool Skipped(Outcome outcome) => JsonDocument.Parse(outcome.Output).RootElement.GetProperty("skipped").GetBoolean();

    static string Report(params string[] arguments)
    {
        var outcome = Hsenet.Run(["report", .. arguments, "--weights", Hsenet.Demo, "--device", "cpu"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome.Output;
    }
}
