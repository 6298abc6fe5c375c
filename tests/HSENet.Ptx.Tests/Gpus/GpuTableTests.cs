// The table of GPUs: each figure has a source, figures fit each other and what the makers print, and a wrong table is refused.
using System.Text;

namespace HSENet.Ptx.Tests;

public class GpuTableTests
{
    [Theory]
    [InlineData("a100", 311.9, 19.5)]
    [InlineData("h100", 989.4, 66.9)]
    [InlineData("h200", 989.4, 66.9)]
    [InlineData("rtx-a6000", 154.8, 38.7)]
    [InlineData("rtx-pro-6000", 438.9, 109.7)]
    [InlineData("rtx4090", 165.2, 82.6)]
    [InlineData("rtx5090", 209.5, 104.8)]
    public void Rates_and_clocks_give_the_peaks_that_data_sheets_print(string key, double tensor, double f32)
    {
        GpuModel gpu = GpuModel.Find(key)!;
        Assert.Equal(tensor, gpu.TensorTera, 0.1);
        Assert.Equal(f32, gpu.F32Tera, 0.1);
    }

    [Fact]
    public void Every_figure_has_a_source_and_figures_fit_each_other()
    {
        Assert.Equal(7, GpuModel.All.Count);
        foreach (GpuModel gpu in GpuModel.All)
        {
            Assert.All(gpu.Figures, figure => Assert.False(string.IsNullOrWhiteSpace(figure.Source)));
            Assert.Equal(gpu.Figures.Count, gpu.Figures.Select(figure => figure.Name).Distinct().Count());
            Assert.True(gpu.L1Latency < gpu.L2Latency + gpu.ToUnit && gpu.L2Latency < gpu.MemoryLatency, gpu.Key);
            Assert.InRange(gpu.SustainedTensorGigahertz, 1, gpu.SustainedGigahertz);
            Assert.InRange(gpu.AttainableMemoryGigabytesPerSecond, 0.85 * gpu.MemoryGigabytesPerSecond, gpu.MemoryGigabytesPerSecond);
            Assert.InRange(gpu.MmaOperationsPerClock, gpu.TensorOperationsPerClock / 2, gpu.TensorOperationsPerClock);
            Assert.InRange(gpu.AttainableL2BytesPerClock, gpu.MemoryBytesPerClock, gpu.PortBytesPerClock);
            Assert.True(gpu.SharedBytesPerMultiprocessor <= gpu.L1Bytes, gpu.Key);
        }
    }

    [Fact]
    public void Bounds_and_predictions_take_tensor_cores_to_have_one_rate()
    {
        // mma.sync on Hopper: 62.9 % of 4,096 operations, a product of 16×8×16 in 6.36 clocks of a scheduler.
        GpuModel gpu = GpuModel.Find("h200")!;
        Assert.Equal(0.629, gpu.MmaOperationsPerClock / gpu.TensorOperationsPerClock, 0.001);
        Assert.Equal(6.36, TimingRig.ClocksOf([], ["HMMA.16816.F32.BF16 R4, R8, R12, R4"], gpu), 0.05);
        Assert.Equal(12.72 / 2, TimingRig.ClocksOf([], ["HMMA.1688.F32.TF32 R4, R8, R12, R4"], gpu), 0.05);
        Assert.Equal(16, TimingRig.ClocksOf([], ["IMMA.16832.S8.S8 R4, R8, R12, R4"], GpuModel.Find("rtx4090")!), 0.1);
        Assert.Equal(16, TimingRig.ClocksOf([], ["HMMA.16816.F16 R4, R8, R12, R4"], GpuModel.Find("rtx4090")!), 0.1);
    }

    [Fact]
    public void The_clock_under_load_allows_what_was_measured_and_falls_with_operations_however_they_are_asked_for()
    {
        // pranjalssh/fast.cu: 808 TFLOP/s of bf16 at 8192³ on an H100, by wgmma; mma.sync makes 62.9 % of the operations in the same time.
        GpuModel hopper = GpuModel.Find("h100")!, blackwell = GpuModel.Find("rtx-pro-6000")!;
        Assert.InRange(hopper.Multiprocessors * hopper.TensorOperationsPerClock * hopper.SustainedTensorGigahertz / 1e3, 808, 830);
        Assert.Equal(0.629, (hopper.Clock(0) - hopper.Clock(1)) / hopper.TensorDropGigahertz, 0.001);
        Assert.Equal(2.3 - 1.4 / 4, blackwell.Clock(0.25), 1e-9);
        Assert.Equal(1.69, blackwell.Clock(1), 1e-9);
    }

    [Fact]
    public void A_figure_without_a_source_one_that_nothing_takes_and_a_missing_one_are_refused()
    {
        string table = new StreamReader(typeof(GpuModel).Assembly.GetManifestResourceStream("gpus.json")!).ReadToEnd();
        Assert.Equal(7, Parse(table).Count);
        Refused("\"issues\": [4, \"guide\"]", "\"issues\": [4, \"hearsay\"]", "hearsay");
        Refused("\"issues\": [4, \"guide\"]", "\"issues\": [4, \"guide\"], \"colour\": [1, \"guide\"]", "colour");
        Refused("\"l2_latency\": [280, \"chase\", \"291 less 10\"],", "", "h100: 'l2_latency' is missing");

        void Refused(string of, string by, string word)
        {
            Assert.Contains(of, table, StringComparison.Ordinal);
            Assert.Contains(word, Assert.Throws<FormatException>(() => Parse(table.Replace(of, by, StringComparison.Ordinal))).Message,
                StringComparison.Ordinal);
        }
    }

    static IReadOnlyList<GpuModel> Parse(string table) => GpuTable.Parse(new MemoryStream(Encoding.UTF8.GetBytes(table)));
}
