// The GPU ladder of Linear as data: what each rung can compute, where it should be chosen, and what tests hold it to.
namespace HSENet.Kernels;

public static partial class Linear
{
    // Below these sizes a tile of tensor cores is mostly edge, and rounding x to bf16 buys nothing.
    const int TensorLeastRows = 16, TensorLeastSide = 512;

    static bool Large(LinearArguments a) =>
        a.Rows >= TensorLeastRows && a.Inputs >= TensorLeastSide && a.Outputs >= TensorLeastSide;

    static Rung<LinearArguments>[] GpuRungs() =>
    [
        .. EveryType("V1.Naive", ForwardV1<F32Weights>, ForwardV1<BF16Weights>, ForwardV1<Int8Weights>,
            static rung => rung.WithThreads(128, static a => a.Rows, static a => a.Outputs) with { Suits = static _ => false }),
        .. EveryType("V2.Coalesced", ForwardV2<F32Weights>, ForwardV2<BF16Weights>, ForwardV2<Int8Weights>, static rung => rung with
        {
            Group = 32 * CoalescedWarps,
            Launch = static a => new(a.Rows, Parts.Of(a.Outputs, CoalescedWarps)),
            Suits = static a => a.Rows < SharedTile / 2,
        }),
        .. EveryType("V3.SharedTile32", ForwardV3<F32Weights>, ForwardV3<BF16Weights>, ForwardV3<Int8Weights>, static rung => rung with
        {
            Group = SharedTileThreads,
            GroupsPerMultiprocessor = 2,
            Launch = static a => new(Parts.Of(a.Rows, SharedTile), Parts.Of(a.Outputs, SharedTile)),
            Suits = static a => a.Rows >= SharedTile / 2,
            Claims = new() { NoBankConflicts = true },
        }),
        .. EveryType("V4.RegisterTile128x128", ForwardV4<F32Vectors>, ForwardV4<BF16Vectors>, ForwardV4<Int8Vectors>,
            static rung => Quads(rung) with
            {
                Group = RegisterTileThreads,
                GroupsPerMultiprocessor = 2,
                Launch = static a => Tiles(a, RegisterTile, RegisterTile),
                Suits = static a => a.Rows >= RegisterTile / 2 && a.Outputs >= RegisterTile / 2,
                Claims = new() { NoBankConflicts = true },
            }),
        TensorCores("V5.TensorCores64x128", ForwardV5) with
        {
            Launch = static a => Tiles(a, TensorRows, TensorColumns),
            GroupsPerMultiprocessor = 3,
            Suits = static a => Large(a) && a.Outputs % 4 != 0, // elsewhere V6 is faster
        },
        Pipelined<Tile128x128>("V6.Pipelined128x128", Narrow, ForwardV6<Tile128x128>),
        Pipelined<Tile192x256>("V6.Pipelined192x256", Narrow, ForwardV6<Tile192x256>),
        .. EveryType("V7.FewRows4", ForwardFewRows<F32Vectors>, ForwardFewRows<BF16Vectors>, ForwardFewRows<Int8Vectors>,
            static rung => Vectors(rung) with
            {
                Group = 32 * FewRowsWarps,
                Launch = static a => FewRowsGrid(a, FewRows),
                Suits = static a => a.Rows < SharedTile / 2,
            }),
        .. EveryType("V7.OneRow", ForwardOneRow<F32Vectors>, ForwardOneRow<BF16Vectors>, ForwardOneRow<Int8Vectors>,
            static rung => Vectors(rung) with
            {
                Group = 32 * FewRowsWarps,
                Launch = static a => FewRowsGrid(a, 1),
                Suits = static a => a.Rows == 1,
            }),
    ];

    static IEnumerable<Rung<LinearArguments>> EveryType(string name, Action<LinearArguments> f32, Action<LinearArguments> bf16,
        Action<LinearArguments> int8, Func<Rung<LinearArguments>, Rung<LinearArguments>> with)
    {
        yield return with(Typed(name, f32, WeightType.F32));
        yield return with(Typed(name, bf16, WeightType.BF16));
        yield return with(Typed(name, int8, WeightType.Int8));
    }

    static Rung<LinearArguments> Typed(string name, Action<LinearArguments> kernel, WeightType type) =>
        Rung.Gpu(name, kernel) with { Weights = type, Accepts = a => a.W.Type == type };

    // Four neighbours in a load of up to 16 bytes.
    static Rung<LinearArguments> Quads(Rung<LinearArguments> rung) => Aligned(rung, 4);

    // 16 bytes of weights in a load.
    static Rung<LinearArguments> Vectors(Rung<LinearArguments> rung) => Aligned(rung, 16 / Weights.BytesPerElement(rung.Weights!.Value));

    static Rung<LinearArguments> Aligned(Rung<LinearArguments> rung, int count) => rung with
    {
        Accepts = a => a.W.Type == rung.Weights && a.Inputs % count == 0 && (a.X.Address | a.W.Values.Address) % 16 == 0,
    };

    static Rung<LinearArguments> TensorCores(string name, Action<LinearArguments> kernel) =>
        Aligned(Typed(name, kernel, WeightType.BF16), TensorDepth) with
        {
            Group = TensorThreads,
            Roundoff = Roundoff.TensorCores,
            Suits = Large,
            Claims = new() { TensorCores = true, NoBankConflicts = true },
        };

    // x goes to bf16 in a kernel of its own.
    static Rung<LinearArguments> Pipelined<TTile>(string name, Action<LinearArguments> narrow, Action<LinearArguments> kernel)
        where TTile : struct, IPipelineTile
    {
        Rung<LinearArguments> Staged(Rung<LinearArguments> rung) => rung with
        {
            ScratchBytes = NarrowBytes<TTile>,
            WithScratch = static (a, scratch) => a with { Scratch = scratch },
        };
        return Staged(TensorCores(name, kernel)) with
        {
            First = Staged(Typed($"{name}.Narrow", narrow, WeightType.BF16)) with
            {
                Launch = static a => new(Parts.Of(a.Rows, PipelineRows<TTile>()) * PipelineRows<TTile>(), Parts.Of(a.Inputs / 8, 128)),
            },
            Launch = static a => Tiles(a, PipelineRows<TTile>(), PipelineColumns<TTile>()) with
            {
                DynamicSharedBytes = PipelineBytes<TTile>(),
            },
            Group = 64 * TTile.Across,
            GroupsPerMultiprocessor = 4 / TTile.Across,
            // The assembler puts loads of fragments behind the multiplications that free their registers: 255 of the larger tile remain.
            Claims = new() { TensorCores = true, NoBankConflicts = true, LiveRegistersAtMost = 288 },
            Accepts = static a => a.W.Type == WeightType.BF16 && a.Inputs % TensorDepth == 0 && a.Outputs % 4 == 0
                && (a.X.Address | a.W.Values.Address | a.Y.Address | a.Bias.Address | a.Residual.Address) % 16 == 0,
        };
    }
}
