// Values of the special registers: position, sizes, lanes; clocks are the block's own instruction count.
namespace HSENet.Ptx;

static unsafe class SpecialRegisters
{
    static readonly string[] Known =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y",
        "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%lanemask_eq", "%lanemask_le", "%lanemask_lt", "%lanemask_ge", "%lanemask_gt",
        "%smid", "%nsmid", "%gridid", "%dynamic_smem_size", "%total_smem_size", "%clusterid.x", "%clusterid.y", "%clusterid.z",
        "%nclusterid.x", "%nclusterid.y", "%nclusterid.z", "%cluster_ctaid.x", "%cluster_ctaid.y", "%cluster_ctaid.z", "%cluster_nctaid.x",
        "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_ctarank", "%cluster_nctarank", "%is_explicit_cluster", "%aggr_smem_size",
        "%reserved_smem_offset_begin", "%reserved_smem_offset_end", "%reserved_smem_offset_cap", "%reserved_smem_offset_0",
        "%reserved_smem_offset_1", "%current_graph_exec", .. Enumerable.Range(0, 32).Select(n => $"%envreg{n}"),
        .. Enumerable.Range(0, 8).SelectMany(n => new[] { $"%pm{n}", $"%pm{n}_64" }),
    ];

    /// <summary>Registers that count time: they are read, not filled beforehand.</summary>
    public static bool IsClock(string name) =>
        name is "%clock" or "%clock_hi" or "%clock64" or "%globaltimer" or "%globaltimer_lo" or "%globaltimer_hi";

    public static bool IsKnown(string name) => Array.IndexOf(Known, name) >= 0;

    /// <summary>Whether the value differs between the blocks of a launch.</summary>
    public static bool OfPosition(string name) =>
        name is "%gridid" or "%ctaid.x" or "%ctaid.y" or "%ctaid.z" or "%clusterid.x" or "%clusterid.y" or "%clusterid.z";

    public static uint Value(string name, BlockState block, Warp w, int lane)
    {
        Dim3 thread = block.BlockSize.Position(w.Index * 32L + lane);
        return name switch
        {
            "%tid.x" => (uint)thread.X,
            "%tid.y" => (uint)thread.Y,
            "%tid.z" => (uint)thread.Z,
            "%ntid.x" => (uint)block.BlockSize.X,
            "%ntid.y" => (uint)block.BlockSize.Y,
            "%ntid.z" => (uint)block.BlockSize.Z,
            "%ctaid.x" or "%clusterid.x" => (uint)block.Position.X,
            "%ctaid.y" or "%clusterid.y" => (uint)block.Position.Y,
            "%ctaid.z" or "%clusterid.z" => (uint)block.Position.Z,
            "%nctaid.x" or "%nclusterid.x" => (uint)block.GridSize.X,
            "%nctaid.y" or "%nclusterid.y" => (uint)block.GridSize.Y,
            "%nctaid.z" or "%nclusterid.z" => (uint)block.GridSize.Z,
            "%laneid" => (uint)lane,
            "%warpid" => (uint)w.Index,
            "%nwarpid" => (uint)block.Warps.Length,
            "%lanemask_eq" => 1u << lane,
            "%lanemask_lt" => (1u << lane) - 1,
            "%lanemask_le" => (2u << lane) - 1,
            "%lanemask_gt" => ~((2u << lane) - 1),
            "%lanemask_ge" => ~((1u << lane) - 1),
            "%dynamic_smem_size" => (uint)block.DynamicSharedBytes,
            "%total_smem_size" or "%aggr_smem_size" => (uint)block.Shared->LoadBytes,
            "%gridid" => block.LaunchNumber,
            "%nsmid" or "%cluster_nctaid.x" or "%cluster_nctaid.y" or "%cluster_nctaid.z" or "%cluster_nctarank" => 1,
            _ => 0, // one multiprocessor, one grid, clusters of one block
        };
    }
}
