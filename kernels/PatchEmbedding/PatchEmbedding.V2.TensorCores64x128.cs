// Computes  y[p,c] = Σₖ patch[p,k] · W[c,k] + bias[c] + position[p,c]   for bf16 weights and voxels rounded to bf16
// Idea      tensor cores: a group computes 64 patches of 128 outputs, as a tile of Linear's V5, but reads the patches where they lie in
//           the image: two lines of 16 voxels are a step of 32. They are rounded on the way to shared memory, and the voxels and weights
//           of the next step are under way while this one is multiplied. Patches of several images stand in one grid
// Numerics  products of two bf16 are exact; sums in f32 in the order of the tensor core, which cuts: 2⁻²³ each
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    const int TileRows = 64, TileColumns = 128, TileDepth = 32, TileThreads = 128, LineVoxels = 16;

    // Two bf16 are a word: 32 values are 16 words, and 4 more keep rows in different banks.
    const int TileStride = 20, TileBytes = 4 * TileStride;

    // Eight voxels of two patches and eight weights of four outputs.
    struct Carried
    {
        public Float4 X0, X1, X2, X3;
        public Bits4 W0, W1, W2, W3;
    }

    static Rung<PatchEmbeddingArguments> TensorCores() => Rung.Gpu<PatchEmbeddingArguments>("V2.TensorCores64x128", ForwardV2) with
    {
        Group = TileThreads,
        Weights = WeightType.BF16,
        Activations = ActivationType.BF16,
        GroupsPerMultiprocessor = 3,
        Roundoff = Roundoff.TensorCoresTwice,
        Launch = static a => new(Parts.Of((long)a.Images * a.Patches, TileRows), Parts.Of(a.Outputs, TileColumns)),
        Accepts = static a => a.Factors == ActivationType.BF16 && a.W.Type == WeightType.BF16 && a.Position.Type != WeightType.Int8
            && a.PatchWidth == LineVoxels && a.PatchHeight % 2 == 0 && a.Outputs % 4 == 0
            && (a.Image.Address | a.W.Values.Address | a.Bias.Address | a.Position.Values.Address | a.Y.Address) % 16 == 0,
        // Pixels are asked for as they lie in the image: an eighth more sectors than whole ones would be.
        Claims = new() { TensorCores = true, NoBankConflicts = true, MainLoop = new() { ExcessSectors = 0.125 } },
    };

    static void ForwardV2(PatchEmbeddingArguments a)
    {
        var shared = SharedMemory.Allocate<float>(TileThreads / 32 * Linear.SlabFloats); // more than the two tiles
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        // Four lanes bring a row, eight values each; rows that are stored together are four apart, where banks differ.
        int part = lane & 3, row = warp * 8 + (lane >> 3) + (lane >> 2 & 1) * 4;
        int toX = row * TileStride + part * 4, toW = toX + TileRows * TileStride;
        int m0 = Grid.IdxX * TileRows, n0 = Grid.IdxY * TileColumns;
        int inPatch = (part >> 1) * a.Width + (part & 1) * 8;
        int x0 = FirstVoxel(a, m0 + row) + inPatch, x1 = FirstVoxel(a, m0 + row + 32) + inPatch;
        int w0 = OutputRow(a, n0 + row) + part * 8, w1 = OutputRow(a, n0 + row + 32) + part * 8;
        int w2 = OutputRow(a, n0 + row + 64) + part * 8, w3 = OutputRow(a, n0 + row + 96) + part * 8;
        // Warps 2 down and 2 across.
        int firstRow = (warp & 1) * 32, firstColumn = (warp >> 1) * 64;
        int fromX = (firstRow + (lane & 15)) * TileStride + (lane >> 4) * 4;
        int fromW = (TileRows + firstColumn + (lane & 7) + (lane >> 4) * 8) * TileStride + (lane >> 3 & 1) * 4;

        FragmentRow upper = default, lower = default;
        int line = 0, slice = 0, voxel = 0;
        var carried = Carry(a, x0, x1, w0, w1, w2, w3);
        for (int k = TileDepth; k <= a.PatchLength; k += TileDepth)
        {
            Group.Barrier(); // all have read the tiles before
            StoreEight(ref shared[toX], 0, carried.X0, carried.X1);
            StoreEight(ref shared[toX], 32 * TileBytes, carried.X2, carried.X3);
            VectorInstructions.StoreShared(ref shared[toW], 0, carried.W0);
            VectorInstructions.StoreShared(ref shared[toW], 32 * TileBytes, carried.W1);
            VectorInstructions.StoreShared(ref shared[toW], 64 * TileBytes, carried.W2);
            VectorInstructions.StoreShared(ref shared[toW], 96 * TileBytes, carried.W3);
            Group.Barrier(); // the tiles are whole
            // Two lines on: at the end of a slice to the next one, behind the last to the next channel. Lines and slices are even in
            // number and whole.
            voxel += 2 * a.Width;
            line += 2;
            if (line == a.PatchHeight)
            {
                line = 0;
                voxel += (a.Height - a.PatchHeight) * a.Width;
                slice++;
                if (slice == a.PatchDepth)
                {
                    slice = 0;
                    voxel += (a.Depth - a.PatchDepth) * a.Height * a.Width;
                }
            }
            // Behind the last step the first one again, which nobody uses.
            int nextX = k < a.PatchLength ? voxel : 0, nextW = k < a.PatchLength ? k : 0;
            carried = Carry(a, x0 + nextX, x1 + nextX, w0 + nextW, w1 + nextW, w2 + nextW, w3 + nextW);
            var weights = Fragments.LoadColumns(ref shared[fromW], 0, TileBytes);
            upper = Fragments.Multiply(upper, TensorInstructions.LoadMatrices(ref shared[fromX], 0), weights);
            lower = Fragments.Multiply(lower, TensorInstructions.LoadMatrices(ref shared[fromX], 16 * TileBytes), weights);
            weights = Fragments.LoadColumns(ref shared[fromW], TileDepth, TileBytes); // 16 values on
            upper = Fragments.Multiply(upper, TensorInstructions.LoadMatrices(ref shared[fromX], TileDepth), weights);
            lower = Fragments.Multiply(lower, TensorInstructions.LoadMatrices(ref shared[fromX], TileDepth + 16 * TileBytes), weights);
        }
        Group.Barrier(); // all have read the last tiles
        Finish(a, shared, warp * Linear.SlabFloats, upper, m0 + firstRow, n0 + firstColumn);
        Finish(a, shared, warp * Linear.SlabFloats, lower, m0 + firstRow + Linear.SlabRows, n0 + firstColumn);
    }

    // Of a patch of any image; beyond the last it is that one again, whose sums nobody stores.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int FirstVoxel(PatchEmbeddingArguments a, int row)
    {
        int patches = a.Patches, patch = Math.Min(row, a.Images * patches - 1);
        var (d, h, w) = a.Volume.Corner(patch % patches);
        return ((patch / patches * a.Channels * a.Depth + d) * a.Height + h) * a.Width + w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int OutputRow(PatchEmbeddingArguments a, int output) => Math.Min(output, a.Outputs - 1) * a.PatchLength;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Carried Carry(PatchEmbeddingArguments a, int x0, int x1, int w0, int w1, int w2, int w3)
    {
        Carried carried = default;
        carried.X0 = WeightVectors.Inputs(a.Image, x0);
        carried.X1 = WeightVectors.Inputs(a.Image, x0 + 4);
        carried.X2 = WeightVectors.Inputs(a.Image, x1);
        carried.X3 = WeightVectors.Inputs(a.Image, x1 + 4);
        carried.W0 = BF16Vectors.Load(a.W, w0);
        carried.W1 = BF16Vectors.Load(a.W, w1);
        carried.W2 = BF16Vectors.Load(a.W, w2);
        carried.W3 = BF16Vectors.Load(a.W, w3);
        return carried;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreEight(ref float at, int bytes, Float4 first, Float4 second)
    {
        Bits2 low = Fragments.Pack(first), high = Fragments.Pack(second);
        Bits4 eight = default;
        eight.X = low.X;
        eight.Y = low.Y;
        eight.Z = high.X;
        eight.W = high.Y;
        VectorInstructions.StoreShared(ref at, bytes, eight);
    }

    /// <summary>Bias, position and store of 16 × 64 sums of a warp, four neighbours a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Finish(PatchEmbeddingArguments a, ArrayView<float> shared, int slab, FragmentRow sums, int firstRow, int firstColumn)
    {
        Linear.SpreadFragments(shared, slab, sums);
        Warp.Barrier(); // all lanes have written the slab
        int lane = Group.IdxX & 31, column = (lane & 15) * 4, n = firstColumn + column, patches = a.Patches;
        for (int row = lane >> 4; row < Linear.SlabRows; row += 2)
        {
            Float4 y = VectorInstructions.LoadShared(ref shared[slab + row * Linear.SlabStride + column], 0);
            int m = firstRow + row, image = m / patches, patch = m - image * patches;
            if (n < a.Outputs && image < a.Images)
                Put(a, (image * (a.LeadingRows + patches) + a.LeadingRows + patch) * a.Outputs + n, patch * a.Outputs + n, n, y);
        }
        Warp.Barrier(); // all lanes have read it
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(PatchEmbeddingArguments a, int to, int position, int n, Float4 y)
    {
        Float4 bias = WeightVectors.Inputs(a.Bias, n);
        Float4 place = a.Position.Type == WeightType.F32 ? F32Vectors.Quad(a.Position, position) : BF16Vectors.Quad(a.Position, position);
        y.X += bias.X + place.X;
        y.Y += bias.Y + place.Y;
        y.Z += bias.Z + place.Z;
        y.W += bias.W + place.W;
        WeightVectors.Store(a.Y, to, y);
    }
}
