// The phantom in the repository is the one that its command draws, and small enough to be there.
using System.Text.Json;
using HSENet.Evaluation;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Phantoms.Tests;

public sealed class ExampleTests
{
    // The last of: hsenet phantom --count 33 --seed 777 --out FOLDER --matrix 96,96,48 --picture --split 0,0,1
    const int Number = 32;

    static readonly PhantomSetOptions Options = new()
    {
        Count = Number + 1,
        Seed = 777,
        Matrix = (96, 96, 48),
        Pictures = true,
        Split = (0, 0, 1),
    };

    [Fact]
    public unsafe void The_example_is_what_its_command_draws()
    {
        string scan = Path.Combine(GoldenFolder.RepositoryRoot(), "src", "HSENet.Phantoms", "example", "000032.nii.gz");
        Assert.InRange(new FileInfo(scan).Length, 100_000, 1_000_000);
        var phantom = new Phantom(Options.Seed, Number, Options.Kinds, Options.Matrix);
        short[] drawn = StoredVolume<short>.Of(phantom.Scan, Array.ConvertAll(phantom.Draw().Values, value => (short)value)).Voxels;
        using var stored = VolumeFile.Read(scan, new VolumeReadOptions());
        Assert.Equal(phantom.Scan.Orientation, stored.Orientation!.Code);
        var voxels = new ReadOnlySpan<short>(stored.Pointer, (int)stored.Count);
        // Other processors round a sine differently.
        int others = 0;
        for (int i = 0; i < voxels.Length; i++)
            others += Math.Abs(voxels[i] - drawn[i]) > 1 ? 1 : 0;
        Assert.True(voxels.Length == drawn.Length && others < voxels.Length / 1000, $"{others} of {voxels.Length} voxels differ");
    }

    [Fact]
    public void Its_truth_is_what_its_report_says()
    {
        string file = Path.Combine(GoldenFolder.RepositoryRoot(), "src", "HSENet.Phantoms", "example", "000032.json");
        using var truth = JsonDocument.Parse(File.ReadAllBytes(file));
        Assert.Equal(new PhantomRecord(new Phantom(Options.Seed, Number, Options.Kinds, Options.Matrix), Options).Truth("test"),
            File.ReadAllBytes(file));
        var said = FindingParser.Parse(truth.RootElement.GetProperty("report").GetString()!);
        Assert.Equal(2, said.Count);
        Finding nodule = said.Single(finding => finding.Kind == FindingKind.Nodule);
        Finding pneumothorax = said.Single(finding => finding.Kind == FindingKind.Pneumothorax);
        Assert.Equal((Side.Right, Lobe.Lower, 23.0), (nodule.Side, nodule.Lobe, nodule.Millimetres!.Value));
        Assert.Equal((Side.Right, 24.0), (pneumothorax.Side, pneumothorax.Millimetres!.Value));
    }
}
