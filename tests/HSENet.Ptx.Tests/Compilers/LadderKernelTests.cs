// Kernels that CUDA's compiler wrote: wmma, arrays of pointers in local memory, generic stores. They run as they are.
namespace HSENet.Ptx.Tests;

public class LadderKernelTests
{
    const int Size = 128;

    [Theory]
    [InlineData("f16_wmma_64_2", 64, 512, 16_384)]
    [InlineData("f16_wmma_128_3", 128, 512, 49_152)]
    [InlineData("f16_mma_vec", 128, 512, 16_384)]
    public void A_product_of_halves_is_right_and_nothing_is_found(string name, int tile, int threads, int shared)
    {
        (float[] a, float[] b) = Factors();
        using EmulatorModule module = EmulatorModule.Load(Sample.Text("ladder_f16"));
        using EmulatorMemory memory = new();
        EmulatorAllocation x = memory.Allocate<Half>([.. a.Select(value => (Half)value)], "a"),
            y = memory.Allocate<Half>([.. b.Select(value => (Half)value)], "b"), product = memory.Allocate(Size * Size * 4, "c");
        Check(a, b, product, new Emulator(memory).Launch(module.Kernel(name), new Dim3(Size / tile, Size / tile), threads, shared,
            Kernel.Bytes(x, y, product, Size, Size, Size), new EmulatorOptions { Races = true, Profile = true }));
    }

    [Fact]
    public void A_product_of_floats_is_right_and_nothing_is_found()
    {
        (float[] a, float[] b) = Factors();
        using Kernel kernel = new(Sample.Text("ladder_f32"));
        EmulatorAllocation product = kernel.Buffer("c", new float[Size * Size]);
        Check(a, b, product, kernel.Launch(1, 256, new EmulatorOptions { Races = true },
            Size, Size, Size, 1f, kernel.Buffer("a", a), kernel.Buffer("b", b), 0f, product));
    }

    static (float[] A, float[] B) Factors()
    {
        Random random = new(Size);
        float[] Some() => [.. Enumerable.Range(0, Size * Size).Select(_ => (float)(Half)(random.NextSingle() - 0.5f))];
        return (Some(), Some());
    }

    static void Check(float[] a, float[] b, EmulatorAllocation product, EmulatorResult result)
    {
        Assert.Empty(result.Findings);
        float[] found = Kernel.Values<float>(product);
        for (int row = 0; row < Size; row++)
            for (int column = 0; column < Size; column++)
            {
                double expected = 0;
                for (int k = 0; k < Size; k++)
                    expected += (double)a[row * Size + k] * b[k * Size + column];
                Assert.Equal(expected, found[row * Size + column], 1e-5);
            }
    }
}
