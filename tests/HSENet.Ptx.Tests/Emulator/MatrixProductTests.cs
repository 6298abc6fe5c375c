// ILGPU's own matrix products, naive, tiled and register-tiled, against sums in double.
namespace HSENet.Ptx.Tests;

public class MatrixProductTests
{
    [Theory]
    [InlineData("Naive", 16, 16, 1)]
    [InlineData("Naive", 32, 8, 1)]
    [InlineData("Naive", 20, 3, 1)]
    [InlineData("Tiled", 16, 16, 1)]
    public void Products_of_any_size_are_right(string name, int blockX, int blockY, int blockZ)
    {
        foreach (int size in new[] { 64, 33, 1 })
            Check(name, size, new Dim3((size + blockX - 1) / blockX, (size + blockY - 1) / blockY), new Dim3(blockX, blockY, blockZ),
                EmulatorOptions.Default);
    }

    [Fact]
    public void The_register_tiled_product_is_right() => Check("RegisterTiled", 128, new Dim3(2, 2), 256, EmulatorOptions.Default);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Checks_do_not_change_the_product(bool checks) =>
        Check("RegisterTiled", 64, 1, 256, new EmulatorOptions { Checks = checks });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_number_of_workers_does_not_change_the_product(int threads) =>
        Check("Tiled", 64, new Dim3(4, 4), new Dim3(16, 16), new EmulatorOptions { Threads = threads });

    [Fact]
    public void A_product_counts_its_instructions()
    {
        EmulatorResult result = Check("Naive", 16, 1, new Dim3(16, 16), EmulatorOptions.Default);

        Assert.Equal(result.WarpInstructions * 32, result.Instructions);
    }

    static EmulatorResult Check(string name, int size, Dim3 grid, Dim3 block, EmulatorOptions options)
    {
        using Kernel kernel = new(Sample.Text(name));
        Random random = new(size);
        float[] a = [.. Enumerable.Range(0, size * size).Select(_ => random.NextSingle() - 0.5f)];
        float[] b = [.. Enumerable.Range(0, size * size).Select(_ => random.NextSingle() - 0.5f)];
        EmulatorAllocation product = kernel.Memory.Allocate(4L * size * size, "c");
        long count = (long)size * size;
        EmulatorResult result = kernel.Launch(grid, block, options,
            kernel.Buffer("a", a), count, kernel.Buffer("b", b), count, product, count, size, size, size);

        Assert.Empty(result.Findings);
        float[] found = Kernel.Values<float>(product);
        for (int row = 0; row < size; row++)
            for (int column = 0; column < size; column++)
            {
                double expected = 0, magnitude = 0;
                for (int k = 0; k < size; k++)
                {
                    double term = (double)a[row * size + k] * b[k * size + column];
                    expected += term;
                    magnitude += Math.Abs(term);
                }
                // Each of the products and sums rounds once.
                double allowed = (size + 1) * Math.Pow(2, -24) * magnitude;
                Assert.True(Math.Abs(found[row * size + column] - expected) <= allowed,
                    $"{row}, {column}: {found[row * size + column]} against {expected}");
            }
        return result;
    }
}
