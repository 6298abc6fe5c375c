// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 weights
// Idea      a group computes 128 × 128 outputs, a warp 64 × 64 of them: half the reads of shared memory for each multiplication. W comes by
//           asynchronous copies two tiles ahead, x through registers one tile ahead, with one barrier a tile. Rows lie unpadded; a row's
//           16-byte parts are permuted (part ^ row / 2 % 4), so that eight rows of a part meet every bank once
// Numerics  as V5: x is rounded to bf16, products are exact, sums in f32 in the order of the tensor core
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int PipelineSide = 128, PipelineStages = 3, RowWords = TensorDepth / 2, RowBytes = 4 * RowWords;
    const int TileWords = PipelineSide * RowWords;

    // Shared memory: three tiles of W, two of x.
    const int PipelineX = PipelineStages * TileWords, PipelineWords = PipelineX + 2 * TileWords;

    struct WarpSums64
    {
        public FragmentRow R0, R1, R2, R3;
    }

    struct CarriedTile
    {
        public CarriedX A, B;
    }

    // Where a thread's rows begin in memory, and where they go.
    struct Places
    {
        public int X0, X1, X2, X3, X4, X5, X6, X7, W0, W1, W2, W3, ToX, ToW;
    }

    static void ForwardV6(LinearArguments a)
    {
        var shared = SharedMemory.Allocate<float>(PipelineWords);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int m0 = Grid.IdxX * PipelineSide, n0 = Grid.IdxY * PipelineSide;
        var places = PlacesOf(a, m0, n0);
        // Fragments: the permutation depends on a row's place among eight, so that all of a lane's rows share it.
        int firstRow = (warp & 1) * 64, firstColumn = (warp >> 1) * 64;
        int rowX = firstRow + (lane & 15), rowW = firstColumn + (lane & 7) + (lane >> 4) * 8;
        int fromX = rowX * RowWords + Permuted(rowX, lane >> 4), fromX8 = rowX * RowWords + Permuted(rowX, 2 + (lane >> 4));
        int fromW = rowW * RowWords + Permuted(rowW, lane >> 3 & 1), fromW8 = rowW * RowWords + Permuted(rowW, 2 + (lane >> 3 & 1));

        CopyWeights(a, shared, places, 0, 0);
        CopyWeights(a, shared, places, TileWords, TensorDepth);
        StoreTile(ref shared[PipelineX + places.ToX], CarryTile(a, places, 0));
        WarpSums64 sums = default;
        int tileW = 0, tileX = PipelineX;
        for (int k0 = 0; k0 < a.Inputs; k0 += TensorDepth)
        {
            var next = CarryTile(a, places, Math.Min(k0 + TensorDepth, a.Inputs - TensorDepth));
            TensorInstructions.WaitForAllButOne();
            Group.Barrier(); // the tiles are whole, and all have read those that are overwritten now
            CopyWeights(a, shared, places, tileW == 0 ? 2 * TileWords : tileW - TileWords, k0 + 2 * TensorDepth);
            sums = Multiply(sums, ref shared[tileX + fromX], ref shared[tileW + fromW]);
            sums = Multiply(sums, ref shared[tileX + fromX8], ref shared[tileW + fromW8]);
            tileW = tileW == 2 * TileWords ? 0 : tileW + TileWords;
            tileX = 2 * PipelineX + TileWords - tileX;
            StoreTile(ref shared[tileX + places.ToX], next);
        }

        TensorInstructions.WaitForAll();
        Group.Barrier(); // all have read the last tiles
        int slab = warp * SlabFloats, m = m0 + firstRow, n = n0 + firstColumn;
        FinishFragments(a, shared, slab, sums.R0, m, n);
        FinishFragments(a, shared, slab, sums.R1, m + SlabRows, n);
        FinishFragments(a, shared, slab, sums.R2, m + 2 * SlabRows, n);
        FinishFragments(a, shared, slab, sums.R3, m + 3 * SlabRows, n);
    }

    /// <summary>Words from a row's begin to one of its four 16-byte parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Permuted(int row, int part) => (part ^ row >> 1 & 3) << 2;

    // Eight lanes bring a row of x, 16 rows at a time; four lanes a row of W, 32 rows at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Places PlacesOf(LinearArguments a, int m0, int n0)
    {
        int partX = Group.IdxX & 7, rowX = Group.IdxX >> 3, partW = Group.IdxX & 3, rowW = Group.IdxX >> 2;
        Places places = default;
        places.X0 = RowOfX(a, m0 + rowX) + partX * 4;
        places.X1 = RowOfX(a, m0 + rowX + 16) + partX * 4;
        places.X2 = RowOfX(a, m0 + rowX + 32) + partX * 4;
        places.X3 = RowOfX(a, m0 + rowX + 48) + partX * 4;
        places.X4 = RowOfX(a, m0 + rowX + 64) + partX * 4;
        places.X5 = RowOfX(a, m0 + rowX + 80) + partX * 4;
        places.X6 = RowOfX(a, m0 + rowX + 96) + partX * 4;
        places.X7 = RowOfX(a, m0 + rowX + 112) + partX * 4;
        places.W0 = WeightRow(a, n0 + rowW) * a.Inputs + partW * 8;
        places.W1 = WeightRow(a, n0 + rowW + 32) * a.Inputs + partW * 8;
        places.W2 = WeightRow(a, n0 + rowW + 64) * a.Inputs + partW * 8;
        places.W3 = WeightRow(a, n0 + rowW + 96) * a.Inputs + partW * 8;
        places.ToX = rowX * RowWords + Permuted(rowX, partX >> 1) + (partX & 1) * 2;
        places.ToW = rowW * RowWords + Permuted(rowW, partW);
        return places;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyWeights(LinearArguments a, ArrayView<float> shared, Places places, int tile, int k0)
    {
        if (k0 < a.Inputs)
        {
            long address = a.W.Values.Address + 2L * k0;
            ref float to = ref shared[tile + places.ToW];
            CopyPart(ref to, 0, address, places.W0);
            CopyPart(ref to, 32 * RowBytes, address, places.W1);
            CopyPart(ref to, 64 * RowBytes, address, places.W2);
            CopyPart(ref to, 96 * RowBytes, address, places.W3);
        }
        TensorInstructions.Commit(); // an empty group, too: what is waited for is counted in groups
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void CopyPart(ref float to, int bytes, long address, int index) =>
        TensorInstructions.Copy(ref to, bytes, ref *(Bits4*)((ushort*)address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static CarriedTile CarryTile(LinearArguments a, Places places, int k0)
    {
        CarriedTile tile = default;
        long address = a.X.Address + 4L * k0;
        tile.A = CarryX(address, places.X0, places.X1, places.X2, places.X3);
        tile.B = CarryX(address, places.X4, places.X5, places.X6, places.X7);
        return tile;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreTile(ref float to, CarriedTile x)
    {
        VectorInstructions.StoreShared(ref to, 0, Pack(x.A.X0));
        VectorInstructions.StoreShared(ref to, 16 * RowBytes, Pack(x.A.X1));
        VectorInstructions.StoreShared(ref to, 32 * RowBytes, Pack(x.A.X2));
        VectorInstructions.StoreShared(ref to, 48 * RowBytes, Pack(x.A.X3));
        VectorInstructions.StoreShared(ref to, 64 * RowBytes, Pack(x.B.X0));
        VectorInstructions.StoreShared(ref to, 80 * RowBytes, Pack(x.B.X1));
        VectorInstructions.StoreShared(ref to, 96 * RowBytes, Pack(x.B.X2));
        VectorInstructions.StoreShared(ref to, 112 * RowBytes, Pack(x.B.X3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static WarpSums64 Multiply(WarpSums64 sums, ref float x, ref float w)
    {
        var weights = LoadWeights(ref w, 0, RowBytes);
        sums.R0 = Multiply(sums.R0, TensorInstructions.LoadMatrices(ref x, 0), weights);
        sums.R1 = Multiply(sums.R1, TensorInstructions.LoadMatrices(ref x, 16 * RowBytes), weights);
        sums.R2 = Multiply(sums.R2, TensorInstructions.LoadMatrices(ref x, 32 * RowBytes), weights);
        sums.R3 = Multiply(sums.R3, TensorInstructions.LoadMatrices(ref x, 48 * RowBytes), weights);
        return sums;
    }
}
