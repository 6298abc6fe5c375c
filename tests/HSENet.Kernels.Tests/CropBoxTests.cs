// Slices are marked by several threads at once: no mark of one may take back that of another.
namespace HSENet.Kernels.Tests;

public sealed class CropBoxTests
{
    [Fact]
    public void Threads_keep_each_other_s_marks()
    {
        const int size = 64;
        using var device = new HostDevice(4);
        using var memory = new CaseMemory(device);
        // Slice d holds one voxel, in row and column d.
        var x = new float[size * size * size];
        for (int d = 0; d < size; d++)
            x[(d * size + d) * size + d] = 1;
        var arguments = new CropBoxArguments
        {
            X = memory.Input(x),
            Occupied = memory.Output<int>(3 * size),
            Depth = size,
            Height = size,
            Width = size
        };
        for (int i = 0; i < 500; i++)
        {
            CropBox.Forward(device, arguments);
            Assert.DoesNotContain(0, arguments.Occupied.AsSpan().ToArray());
        }
    }
}
