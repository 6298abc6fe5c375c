// Cases of VoxelRescale: every voxel type, rows beside the cache line, both scalings, both windows.
namespace HSENet.Kernels.Tests;

static class VoxelRescaleCases
{
    public static IEnumerable<KernelCase> All =>
    [
        .. Enum.GetValues<VoxelType>().Select((type, i) => Case(type, 2, 9 + i, 22 - i, 1000)),
        Case(VoxelType.I16, 1, 1, 1, 1), Case(VoxelType.I16, 3, 130, 8, 1), Case(VoxelType.F32, 1, 16, 24, 1),
    ];

    static KernelCase<VoxelRescaleArguments> Case(VoxelType type, int slices, int rows, int columns, double divisor) =>
        new(VoxelRescale.ForwardOperation,
        memory => new VoxelRescaleArguments
        {
            Voxels = Voxels(memory, type, slices * rows * columns),
            Values = memory.Output<double>(slices * rows * columns),
            Type = type,
            Slices = slices,
            Rows = rows,
            Columns = columns,
            FileSlope = type is VoxelType.U8 or VoxelType.I8 ? 14.7 : 0.7,
            FileIntercept = -3.3,
            Slope = 1.1,
            Intercept = -24,
            Lowest = -1000,
            Highest = divisor == 1 ? 200 : 1000,
            Divisor = divisor,
        },
        // Every rung rounds as the reference does: no bit may differ.
        a => [Expected.Of(VoxelRescale.Reference(a), _ => 0)])
        {
            Name = $"{type}, {slices} slices of {rows} × {columns}, divided by {divisor}",
            Twins = rows * columns == 1 ? [] : new()
            {
                ["rows and columns exchanged"] = static a => a with { Rows = a.Columns, Columns = a.Rows },
                ["window of the other output"] = static a => a with { Highest = a.Divisor == 1 ? 1000 : 200 },
                ["scaling of the file left out"] = static a => a with { FileSlope = 1, FileIntercept = 0 },
            },
        };

    static View<byte> Voxels(CaseMemory memory, VoxelType type, int count)
    {
        double[] values = [.. Numbers.Uniform(count, 1, 2500).Select(v => (double)v)];
        return type switch
        {
            VoxelType.U8 => memory.Input(Array.ConvertAll(values, v => (byte)(Math.Abs(v) / 10))).As<byte>(),
            VoxelType.I8 => memory.Input(Array.ConvertAll(values, v => (sbyte)(v / 20))).As<byte>(),
            VoxelType.U16 => memory.Input(Array.ConvertAll(values, v => (ushort)(Math.Abs(v) * 20))).As<byte>(),
            VoxelType.I16 => memory.Input(Array.ConvertAll(values, v => (short)v)).As<byte>(),
            VoxelType.U32 => memory.Input(Array.ConvertAll(values, v => v > 2000 ? 4_000_000_000u : (uint)Math.Abs(v))).As<byte>(),
            VoxelType.I32 => memory.Input(Array.ConvertAll(values, v => v < -2000 ? -2_000_000_000 : (int)v)).As<byte>(),
            VoxelType.F32 => memory.Input(Array.ConvertAll(values, v => (float)v)).As<byte>(),
            _ => memory.Input(Array.ConvertAll(values, v => v / 3)).As<byte>(),
        };
    }
}
