// Memory of the host device, whatever its size: aligned, writable to its ends, nobody else's.
namespace HSENet.Kernels.Tests;

public class HostMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData((8 << 20) - 1)]
    [InlineData(8 << 20)]
    [InlineData((8 << 20) + 4097)]
    public unsafe void Blocks_of_every_size_are_writable_to_their_ends_and_apart(int bytes)
    {
        using var device = new HostDevice(1);
        const int Blocks = 5;
        for (int round = 0; round < 2; round++)
        {
            var blocks = new DeviceMemory[Blocks];
            for (int i = 0; i < Blocks; i++)
            {
                blocks[i] = device.Allocate(bytes, "x");
                Assert.Equal(0, blocks[i].Bytes.Address % 256);
                Content(blocks[i]).Fill((byte)(i + 1));
            }
            blocks[1].Dispose();
            blocks[3].Dispose();
            foreach (int i in (int[])[0, 2, 4])
            {
                Assert.Equal(-1, Content(blocks[i]).IndexOfAnyExcept((byte)(i + 1)));
                blocks[i].Dispose();
            }
        }

        Span<byte> Content(DeviceMemory memory) => new((void*)memory.Bytes.Address, bytes);
    }

    [Fact]
    public void More_than_the_system_has_is_refused()
    {
        using var device = new HostDevice(1);
        Assert.Throws<DeviceMemoryException>(() => device.Allocate(1L << 60, "x"));
    }
}
