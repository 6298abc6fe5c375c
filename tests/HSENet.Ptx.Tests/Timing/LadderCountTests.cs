// Kernels that others measured: instructions of their machine code, times how often warps come to each, against the profiler's count.
namespace HSENet.Ptx.Tests;

public class LadderCountTests
{
    [Theory]
    [InlineData("f16_mma_warptile_2", 128, 32768, 1.7405e9)]
    [InlineData("f16_wmma_128_3", 512, 49152, 2.7456e9)]
    public void Machine_instructions_times_executions_are_what_the_profiler_counted(string kernel, int threads, int shared, double counted)
    {
        MachineKernel launch = Launch(kernel, threads, shared, 8192);
        double executed = launch.Walk(0).Steps * (double)launch.Grid.Count * launch.WarpsPerBlock;
        Assert.InRange(executed / counted, 0.95, 1.05);
    }

    /// <summary>A square product of half floats.</summary>
    internal static MachineKernel Launch(string kernel, int threads, int shared, int size)
    {
        const int Tile = 128;
        string folder = Path.Combine(Repository(), "bench", "ladders");
        string ptx = File.ReadAllText(Path.Combine(folder, "b_f16.ptx"));
        MachineListingStore store = new();
        using (FileStream stream = File.OpenRead(Path.Combine(folder, "b_f16.sm_120.listing.gz")))
            store.Add(stream);
        MachineListing listing = store.Find(ptx, kernel, "sm_120")!;
        byte[] parameters = [.. new ulong[] { 1UL << 32, 2UL << 32, 3UL << 32 }.SelectMany(BitConverter.GetBytes),
            .. Enumerable.Repeat(BitConverter.GetBytes(size), 3).SelectMany(bytes => bytes)];
        return new MachineKernel(new MachineProgram(listing), new Dim3(size / Tile, size / Tile), new Dim3(threads), parameters, shared,
            null);
    }

    static string Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder != null && !File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
            folder = folder.Parent;
        return folder!.FullName;
    }
}
