// Final texts of ILGPU's kernels, executed: they compute what the passes promise, to the bit.
namespace HSENet.Ptx.Tests;

public class EmulatedPassTests
{
    const int Size = 64;

    [Theory]
    [InlineData("Naive", 4, 16)]
    [InlineData("Tiled", 4, 16)]
    [InlineData("RegisterTiled", 1, 0)]
    public void A_product_is_a_chain_of_fused_additions(string name, int blocks, int side)
    {
        Random random = new(7);
        float[] a = [.. Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle() - 0.5f)];
        float[] b = [.. Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle() - 0.5f)];
        float[] expected = new float[Size * Size];
        for (int row = 0; row < Size; row++)
            for (int column = 0; column < Size; column++)
                for (int k = 0; k < Size; k++)
                    expected[row * Size + column] =
                        MathF.FusedMultiplyAdd(a[row * Size + k], b[k * Size + column], expected[row * Size + column]);

        Assert.Equal(expected, Product(Final(name), a, b, blocks, side));
        Assert.NotEqual(expected, Product(Sample.Module(name), a, b, blocks, side));
    }

    static PtxModule Final(string name) => PtxFinalizer.Finalize(Sample.Module(name), new() { EntryName = "final_v1" });

    static float[] Product(PtxModule program, float[] a, float[] b, int blocks, int side)
    {
        using Kernel kernel = new(program);
        EmulatorAllocation product = kernel.Memory.Allocate(4L * Size * Size, "c");
        long count = Size * Size;
        EmulatorResult result = kernel.Launch(new Dim3(blocks, blocks), side == 0 ? 256 : new Dim3(side, side), EmulatorOptions.Default,
            kernel.Buffer("a", a), count, kernel.Buffer("b", b), count, product, count, Size, Size, Size);
        Assert.Empty(result.Findings);
        return Kernel.Values<float>(product);
    }
}
