// The GPUs whose limits a profile is held against: figures of their makers' papers, and where those are silent, of others' measurements.
namespace HSENet.Ptx;

/// <summary>What a GPU can do at most. Rates of tensor cores are dense ones with f32 (or s32) accumulation.</summary>
/// <param name="Key">Short name: <c>h200</c>.</param>
/// <param name="Name">Name for people.</param>
/// <param name="Source">Where the figures stand.</param>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
/// <param name="BoostGigahertz">Clock that the rates are given for.</param>
/// <param name="MemoryGigabytesPerSecond">Bandwidth of its memory, 10⁹ bytes a second.</param>
/// <param name="Tensor16Tera">10¹² operations a second of bf16 and f16 on tensor cores; half of it for tf32.</param>
/// <param name="Tensor8Tera">10¹² operations a second of s8 on tensor cores.</param>
/// <param name="F32LanesPerClock">f32 results of a multiprocessor in a clock.</param>
/// <param name="F64LanesPerClock">f64 results of a multiprocessor in a clock, without tensor cores.</param>
/// <param name="WarpsPerMultiprocessor">Warps that live on a multiprocessor at once.</param>
/// <param name="BlocksPerMultiprocessor">Blocks that live on a multiprocessor at once.</param>
/// <param name="SharedBytesPerMultiprocessor">Shared memory of a multiprocessor, what the system keeps of it included.</param>
public sealed record GpuModel(string Key, string Name, string Source, int Multiprocessors, double BoostGigahertz,
    double MemoryGigabytesPerSecond,
    double Tensor16Tera, double Tensor8Tera, int F32LanesPerClock, int F64LanesPerClock, int WarpsPerMultiprocessor,
        int BlocksPerMultiprocessor,
    int SharedBytesPerMultiprocessor)
{
    /// <summary>What kernels are assembled for: 90 means sm_90.</summary>
    public required int Architecture { get; init; }

    /// <summary>Instructions that the four schedulers of a multiprocessor start in a clock, on every GPU of the table.</summary>
    public const int IssuesPerClock = 4;

    /// <summary>32-bit registers of a multiprocessor, on every GPU of the table.</summary>
    public const int RegistersPerMultiprocessor = 65536;

    /// <summary>Shared memory that the system keeps of each block.</summary>
    public const int SystemSharedBytesPerBlock = 1024;

    /// <summary>Exponentials, logarithms, reciprocals and roots of a multiprocessor in a clock, on every GPU of the table.</summary>
    public const int SpecialLanesPerClock = 16;

    /// <summary>Bytes that a multiprocessor takes from the second-level cache in a clock. No maker's figure: what microbenchmarks come near
    /// to.</summary>
    public const int PortBytesPerClock = 64;

    /// <summary>32-bit integer results of a multiprocessor in a clock.</summary>
    public int IntegerLanesPerClock { get; init; } = 64;

    /// <summary>Instructions on f16 or bf16, or on pairs of them, of a multiprocessor's lanes in a clock.</summary>
    public int HalfLanesPerClock { get; init; } = 128;

    /// <summary>Share of the tensor cores' rate that <c>mma</c> reaches: on Hopper only <c>wgmma</c> reaches all of it.</summary>
    public double MmaShare { get; init; } = 1;

    /// <summary>What f16 sums gain over f32 sums on tensor cores.</summary>
    public int HalfSumsFactor { get; init; } = 1;

    /// <summary>Bytes that the second-level cache hands out in a clock; null where the maker does not say.</summary>
    public double? Level2BytesPerClock { get; init; }

    // "Dissecting the NVIDIA Hopper Architecture through Microbenchmarking and Multiple Level Analysis" (arXiv 2501.12084): mma reaches
    // 62.9 % of the peak on average over shapes and types.
    const double HopperMmaShare = 0.629;

    // Limits of multiprocessors and rates of f32, f64, integers and special functions: CUDA C++ Programming Guide, "Technical
    // Specifications per Compute Capability" and "Throughput of Native Arithmetic Instructions".
    /// <summary>All GPUs of the table.</summary>
    public static IReadOnlyList<GpuModel> All { get; } =
    [
        new("a100", "A100 SXM4 80 GB", "NVIDIA A100 Tensor Core GPU Architecture white paper; A100 80 GB data sheet",
            108, 1.41, 2039, 312, 624, 64, 32, 64, 32, 164 * 1024)
        { Architecture = 80, Level2BytesPerClock = 5120 },
        new("h100", "H100 SXM5 80 GB", "NVIDIA H100 Tensor Core GPU Architecture white paper; H100 data sheet",
            132, 1.98, 3350, 989.4, 1978.9, 128, 64, 64, 32, 228 * 1024)
        { Architecture = 90, MmaShare = HopperMmaShare },
        new("h200", "H200 SXM 141 GB", "NVIDIA H200 data sheet; its multiprocessors are those of the H100 white paper",
            132, 1.98, 4800, 989.4, 1978.9, 128, 64, 64, 32, 228 * 1024)
        { Architecture = 90, MmaShare = HopperMmaShare },
        new("rtx-a6000", "RTX A6000", "NVIDIA Ampere GA102 GPU Architecture white paper, appendix A; RTX A6000 data sheet",
            84, 1.80, 768, 154.8, 309.7, 128, 2, 48, 16, 100 * 1024)
        { Architecture = 86 },
        new("rtx-pro-6000", "RTX PRO 6000 Blackwell Max-Q", "RTX PRO 6000 Blackwell Max-Q data sheet (110 TFLOP/s of f32, 1,792 GB/s); "
            + "tensor rate: 1,024 operations a multiprocessor and clock",
            188, 2.28, 1792, 438.9, 877.8, 128, 2, 48, 24, 100 * 1024)
        { Architecture = 120, IntegerLanesPerClock = 128, HalfLanesPerClock = 64 },
        new("rtx4090", "GeForce RTX 4090", "NVIDIA Ada GPU Architecture white paper, appendix A",
            128, 2.52, 1008, 165.2, 660.6, 128, 2, 48, 24, 100 * 1024)
        { Architecture = 89, HalfLanesPerClock = 64, HalfSumsFactor = 2 },
        new("rtx5090", "GeForce RTX 5090", "NVIDIA RTX Blackwell GPU Architecture white paper, appendix A",
            170, 2.407, 1792, 209.5, 838, 128, 2, 48, 24, 100 * 1024)
        { Architecture = 120, IntegerLanesPerClock = 128, HalfLanesPerClock = 64, HalfSumsFactor = 2 },
    ];

    /// <summary>The GPU with a short name, in small or capital letters; null when the table has none.</summary>
    public static GpuModel? Find(string key) => All.FirstOrDefault(gpu => gpu.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>10¹² operations a second that a tensor-core instruction reaches with all multiprocessors.</summary>
    internal double TensorTera(PtxInstruction mma) => MmaShare * InstructionClass.MatrixType(mma) switch
    {
        "s8" or "u8" => Tensor8Tera,
        "tf32" => Tensor16Tera / 2,
        _ => Tensor16Tera * (mma.Types[0].Word() == "f16" ? HalfSumsFactor : 1),
    };
}
