// The GPUs that the model of time knows, and where each figure comes from.
namespace HSENet.Ptx;

/// <summary>The table.</summary>
static class TimingGpus
{
    const int Mega = 1 << 20;

    // What is the same for all.
    static readonly (string, string)[] Common =
    [
        ("queue of 5 requests a scheduler; 10 clocks to the load-store unit; shared memory 24 clocks (2 more for 16 bytes); first-level "
            + "cache 32; constants and special registers 26; copies to shared memory 10 beyond the load",
            "Huerta and others, Dissecting and Modeling the Architecture of Modern GPU Cores, MICRO 2025 (RTX A6000)"),
        ("f32 a warp and clock, integers half, special functions an eighth",
            "CUDA C++ Programming Guide, throughput of native arithmetic instructions"),
        ("barrier 12 clocks, taken branch 8, burst of 64 bytes a clock, 4,000 clocks of saved bandwidth, launch 2 µs", "assumed"),
        ("latencies spread by 20 %", "assumed: it keeps warps from running in step"),
    ];

    /// <summary>All of them, in the order of <see cref="GpuModel.All"/>.</summary>
    public static IReadOnlyList<TimingGpu> All { get; } =
    [
        new()
        {
            Model = GpuModel.Find("a100")!,
            Architecture = "sm_80",
            Gigahertz = 1.41, LeastGigahertz = 1.2, TensorDrop = 0.1,
            Slot = 2, AddressUnit = 4, L2Latency = 230, MemoryLatency = 456,
            L1Bytes = 192 * 1024, L2Bytes = 40 * Mega, L2Share = 32, MemoryReached = 0.9,
            FloatClocks = 2, DoubleClocks = 4, TensorOperations = 512,
            Sources = [.. Common, ("multiprocessor, clock, caches, bandwidth, tensor rate", "NVIDIA A100 white paper"),
                ("latencies of L2 and memory", "arXiv 2402.13499 and 2208.11174, rounded"), ("slot of the load-store unit", "as RTX A6000"),
                ("tensor drop of the clock, share of bandwidth reached", "assumed")],
        },
        new()
        {
            Model = GpuModel.Find("h100")!,
            Architecture = "sm_90",
            Gigahertz = 1.85, LeastGigahertz = 1.4, TensorDrop = 0.45,
            Slot = 1, AddressUnit = 2, L2Latency = 280, MemoryLatency = 690,
            L1Bytes = 256 * 1024, L2Bytes = 50 * Mega, L2Share = 24,
            DoubleClocks = 2, TensorOperations = 4096 / 6.0,
            Sources = [.. Common, ("multiprocessor, caches, bandwidth", "NVIDIA H100 white paper and data sheet"),
                ("clock 1.85 GHz without load of the tensor cores", "fitted (C naive 8192)"),
                ("clock falls to 1.4 GHz at full load of the tensor cores", "assumed: the product of cuBLAS at the published rate"),
                ("slot of the load-store unit 1", "fitted (C naive 8192)"),
                ("L2 291 − 10, memory 700 − 10 clocks", "markdewing/AI_kernels, latency/README.md"),
                ("L2 24 bytes a clock and multiprocessor", "assumed"),
                    ("mma.sync 16×8×16 in 6 clocks", "assumed; nothing fitted is bound by it")],
        },
        new()
        {
            Model = GpuModel.Find("h200")!,
            Architecture = "sm_90",
            Gigahertz = 1.85, LeastGigahertz = 1.4, TensorDrop = 0.45,
            Slot = 1, AddressUnit = 2, L2Latency = 280, MemoryLatency = 690,
            L1Bytes = 256 * 1024, L2Bytes = 50 * Mega, L2Share = 24, MemoryReached = 0.896,
            DoubleClocks = 2, TensorOperations = 4096 / 6.0,
            Sources = [.. Common, ("memory 4.8 TB/s, of which a copy moves 4.3", "data sheet; measured by others"),
                ("all else", "as H100 SXM: the same multiprocessors")],
        },
        new()
        {
            Model = GpuModel.Find("rtx-a6000")!,
            Architecture = "sm_86",
            Gigahertz = 1.91, LeastGigahertz = 1.91,
            Slot = 2, AddressUnit = 4, L2Latency = 200, MemoryLatency = 440,
            L1Bytes = 128 * 1024, L2Bytes = 6 * Mega, L2Share = 16,
            TensorOperations = 256,
            Sources = [.. Common, ("multiprocessor, caches, bandwidth, tensor rate", "NVIDIA GA102 white paper, RTX A6000 data sheet"),
                ("clock 1.91 GHz", "fitted (A 1)"), ("slot 2, address unit 4 clocks", "Huerta and others"),
                ("L2 187, memory 187 + 254 clocks", "Accel-Sim, SM86_RTX3070"), ("L2 16 bytes a clock and multiprocessor", "assumed")],
        },
        new()
        {
            Model = GpuModel.Find("rtx-pro-6000")!,
            Architecture = "sm_120",
            Gigahertz = 2.30, LeastGigahertz = 1.69, TensorDrop = 1.4,
            Slot = 2, AddressUnit = 4, L2Latency = 340, MemoryLatency = 850,
            L1Bytes = 128 * 1024, L2Bytes = 128 * Mega, L2Share = 19.4,
            TensorOperations = 256,
            Sources = [.. Common, ("multiprocessor, bandwidth", "data sheet"),
                ("clock 2.30 GHz, less 1.4 times the load of the tensor cores",
                    "fitted (B base, vec) within the published 1.69 to 2.32 GHz"),
                ("slot of the load-store unit 2", "as RTX A6000"),
                    ("L2 352 − 10, memory 864 − 10 clocks", "markdewing/AI_kernels, latency/README.md"),
                ("L2 19.4 bytes a clock and multiprocessor", "ncu's 68 % at 2,475 bytes a clock of all"),
                ("tensor rate 1,024 operations a clock and multiprocessor", "measured in registers: 1,023.8")],
        },
        new()
        {
            Model = GpuModel.Find("rtx4090")!,
            Architecture = "sm_89",
            Gigahertz = 2.52, LeastGigahertz = 2.2, TensorDrop = 0.3,
            Slot = 2, AddressUnit = 4, L2Latency = 263, MemoryLatency = 531,
            L1Bytes = 128 * 1024, L2Bytes = 72 * Mega, L2Share = 16,
            TensorOperations = 128,
            Sources = [.. Common, ("multiprocessor, clock, caches, bandwidth, tensor rate", "NVIDIA Ada white paper, appendix A"),
                ("L2 273 − 10, memory 541 − 10 clocks", "arXiv 2402.13499"),
                    ("slot of the load-store unit, L2 bytes a clock", "as RTX A6000"),
                ("tensor drop of the clock", "assumed")],
        },
        new()
        {
            Model = GpuModel.Find("rtx5090")!,
            Architecture = "sm_120",
            Gigahertz = 2.407, LeastGigahertz = 2.1, TensorDrop = 0.3,
            Slot = 2, AddressUnit = 4, L2Latency = 340, MemoryLatency = 850,
            L1Bytes = 128 * 1024, L2Bytes = 96 * Mega, L2Share = 19.4,
            TensorOperations = 128,
            Sources = [.. Common, ("multiprocessor, clock, caches, bandwidth, tensor rate", "NVIDIA RTX Blackwell white paper, appendix A"),
                ("latencies, slot, L2", "as RTX PRO 6000 Blackwell"), ("tensor drop of the clock", "assumed")],
        },
    ];

    /// <summary>The parameters of a GPU; null when the table has none.</summary>
    public static TimingGpu? Find(string key) => All.FirstOrDefault(gpu => gpu.Model.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
}
