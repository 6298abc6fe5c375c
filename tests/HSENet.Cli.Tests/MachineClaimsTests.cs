// What rungs claim of their machine code, against the committed table of what CUDA's assembler makes of them.
using System.Globalization;
using System.Text.RegularExpressions;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli.Tests;

public sealed partial class MachineClaimsTests
{
    [GeneratedRegex(@"(\d+): [^;]*?Tensor (\d+)")]
    private static partial Regex TensorLoop();

    [Fact]
    public void Main_loops_have_as_few_other_instructions_for_each_of_the_tensor_cores_as_claimed()
    {
        int compared = 0;
        foreach (Rung rung in KernelCatalog.GpuRungs.Where(rung => rung.Claims.MainLoop?.OthersPerTensor != null))
            foreach (MachineRow row in MachineFiles.Committed.Rows.Where(row => row.Kernel == rung.EntryName))
            {
                var loops = TensorLoop().Matches(row.Loops);
                Assert.True(loops.Count > 0, $"{rung.EntryName} for {row.Architecture} has no loop with tensor instructions");
                foreach (Match loop in loops)
                {
                    int all = Number(loop.Groups[1]), tensor = Number(loop.Groups[2]);
                    Assert.True((double)(all - tensor) / tensor <= rung.Claims.MainLoop!.OthersPerTensor,
                        $"{rung.EntryName} for {row.Architecture}: {all} instructions, {tensor} of them of the tensor cores");
                    compared++;
                }
            }
        Assert.True(compared > 0);
    }

    [Fact]
    public void No_kernel_of_the_table_spills_or_has_a_stack_that_is_not_claimed() => Assert.All(MachineFiles.Committed.Rows, row =>
    {
        Assert.Equal(0, row.SpillBytes);
        Assert.Equal(KernelCatalog.GpuRungs.FirstOrDefault(rung => rung.EntryName == row.Kernel)?.Claims.LocalBytes ?? 0, row.StackBytes);
    });

    static int Number(Group digits) => int.Parse(digits.Value, CultureInfo.InvariantCulture);
}
