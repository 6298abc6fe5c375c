// hsenet ptx assemble without an assembler, and what was committed of it.
using HSENet.Ptx;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxAssembleTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_folder_without_the_assembler_and_mixed_up_options_are_refused()
    {
        string none = _folder.At(".");
        Hsenet.Run("ptx", "assemble", "--all", "--cuda", none).IsRefused("--cuda", "ptxas");
        Hsenet.Run("ptx", "assemble").IsRefused("--kernel", "--all");
        Hsenet.Run("ptx", "assemble", "--kernel", "Linear", "--all").IsRefused("--kernel", "--all");
        Hsenet.Run("ptx", "assemble", "--kernel", "Linear", "--out", none).IsRefused("--out");
        Hsenet.Run("ptx", "assemble", "--kernel", "Linear", "--arch", "hopper").IsRefused("hopper", "sm_90");
    }

    [Fact]
    public void Where_there_is_no_assembler_one_line_says_what_to_install() =>
        Hsenet.Run("", [("CUDA_HOME", ""), ("PATH", _folder.At("."))], ["ptx", "assemble", "--all"])
            .IsRefused("nvidia-cuda-toolkit", "CUDA_HOME");

    [Fact]
    public void The_committed_listings_are_those_of_the_committed_table()
    {
        MachineTable table = MachineFiles.Committed;
        using Stream stream = typeof(MachineFiles).Assembly.GetManifestResourceStream("machine.sm_90.listing.gz")!;
        Assert.InRange(stream.Length, 1, 2 << 20);
        MachineListingStore store = new();
        store.Add(stream);
        MachineRow[] listed = [.. table.Rows.Where(row => row.Architecture == "sm_90")];
        Assert.Equal(listed.Length, store.Count);
        Assert.All(table.Rows, row => Assert.Equal((0, 0), (row.StackBytes, row.SpillBytes)));
        foreach (Kernels.Rung rung in Kernels.KernelCatalog.GpuRungs)
        {
            string ptx = Kernels.KernelTexts.Get(rung);
            // A kernel that has changed since has neither: .ci/machine tells of it.
            MachineRow? row = listed.FirstOrDefault(row =>
                row.Kernel == rung.EntryName && row.Key == MachineListing.Key(ptx, rung.EntryName));
            MachineListing? listing = store.Find(ptx, rung.EntryName, "sm_90");
            Assert.Equal((row?.Registers, row?.Instructions), (listing?.Registers, listing?.Instructions.Count));
        }
    }

    public void Dispose() => _folder.Dispose();
}
