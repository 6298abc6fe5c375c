// The GPU ladder of Linear as data: what each rung can compute, where it should be chosen, and what tests hold it to.
namespace HSENet.Kernels;

public static partial class Linear
{
    // Below these sizes a tile of tensor cores is mostly edge.
    const int TensorLeastRows = 16, TensorLeastSide = 512;

    // Of 119 instructions in the main loop of a good product with ILGPU 32 are the tensor cores'.
    static LoopClaims TensorLoop => new() { OthersPerTensor = 87.0 / 32 };

    // Where inputs are wider than weights, a lane reads its own in several loads, and each has half of a sector.
    static LoopClaims? VectorLoop<TInput>(Rung rung) where TInput : struct, IActivationFormat =>
        Activations.BytesPerElement(TInput.Type) <= Weights.BytesPerElement(rung.Weights!.Value) ? new() : null;

    // Inputs are divided where tiles of outputs alone do not fill a GPU; five rows are more than one pass of V7.
    const int SplitLeastRows = 5;

    static bool Split(LinearArguments a) => a.Rows >= SplitLeastRows && a.Inputs >= TensorLeastSide && a.Outputs >= TensorLeastSide;

    static bool Large(LinearArguments a) =>
        a.Rows >= TensorLeastRows && a.Inputs >= TensorLeastSide && a.Outputs >= TensorLeastSide;

    // In the order of the ladder, each rung for every type of x and W that it reads.
    static Rung<LinearArguments>[] GpuRungs()
    {
        Rung<LinearArguments>[] f32 = [.. AnyRungs<F32Activations>("")], bf16 = [.. AnyRungs<BF16Activations>("xbf16")];
        var tensorCores = new[]
        {
            TensorCores("V5.TensorCores64x128", ForwardV5) with
            {
                Launch = static a => Tiles(a, TensorRows, TensorColumns),
                GroupsPerMultiprocessor = 3,
                Suits = static a => Large(a) && a.Outputs % 4 != 0, // elsewhere V6 is faster
            },
            Pipelined<Tile96x128>("V6.Pipelined96x128", ForwardV6<Tile96x128>),
            Pipelined<Tile128x128>("V6.Pipelined128x128", ForwardV6<Tile128x128>),
            Pipelined<Tile144x256>("V6.Pipelined144x256", ForwardV6<Tile144x256>),
            Pipelined<Tile160x256>("V6.Pipelined160x256", ForwardV6<Tile160x256>),
            Pipelined<Tile192x256>("V6.Pipelined192x256", ForwardV6<Tile192x256>),
            SplitInputs<Tile64x128>("V8.SplitInputs64x128", ForwardV8<Tile64x128>),
            SplitInputs<Tile128x128>("V8.SplitInputs128x128", ForwardV8<Tile128x128>),
            SplitInputs<Tile144x256>("V8.SplitInputs144x256", ForwardV8<Tile144x256>),
            SplitInputs<Tile192x256>("V8.SplitInputs192x256", ForwardV8<Tile192x256>),
        };
        return [.. f32.Concat(bf16).Concat(tensorCores).OrderBy(rung => rung.Name[1])];
    }

    static IEnumerable<Rung<LinearArguments>> AnyRungs<TInput>(string suffix) where TInput : struct, IActivationFormat =>
    [
        .. EveryType("V1.Naive", ForwardV1<TInput, F32Weights>, ForwardV1<TInput, BF16Weights>, ForwardV1<TInput, Int8Weights>,
            rung => Reading<TInput>(rung, suffix).WithThreads(128, static a => a.Rows, static a => a.Outputs) with
            {
                Suits = static _ => false,
            }),
        .. EveryType("V2.Coalesced", ForwardV2<TInput, F32Weights>, ForwardV2<TInput, BF16Weights>, ForwardV2<TInput, Int8Weights>,
            rung => Reading<TInput>(rung, suffix) with
            {
                Group = 32 * CoalescedWarps,
                Launch = static a => new(a.Rows, Parts.Of(a.Outputs, CoalescedWarps)),
                Suits = static a => a.Rows < SharedTile / 2,
            }),
        .. EveryType("V3.SharedTile32", ForwardV3<TInput, F32Weights>, ForwardV3<TInput, BF16Weights>, ForwardV3<TInput, Int8Weights>,
            rung => Reading<TInput>(rung, suffix) with
            {
                Group = SharedTileThreads,
                GroupsPerMultiprocessor = 2,
                Launch = static a => new(Parts.Of(a.Rows, SharedTile), Parts.Of(a.Outputs, SharedTile)),
                Suits = static a => a.Rows >= SharedTile / 2,
                Claims = new() { NoBankConflicts = true },
            }),
        .. EveryType("V4.RegisterTile128x128", ForwardV4<TInput, F32Vectors>, ForwardV4<TInput, BF16Vectors>,
            ForwardV4<TInput, Int8Vectors>, rung => Quads(Reading<TInput>(rung, suffix)) with
            {
                Group = RegisterTileThreads,
                GroupsPerMultiprocessor = 2,
                Launch = static a => Tiles(a, RegisterTile, RegisterTile),
                Suits = static a => a.Rows >= RegisterTile / 2 && a.Outputs >= RegisterTile / 2,
                Claims = new()
                {
                    NoBankConflicts = true,
                    MainLoop = (TInput.Type, rung.Weights) == (ActivationType.F32, WeightType.F32) ? new() : null, // two lanes read a sector
                },
            }),
        .. EveryType("V7.FewRows4", ForwardFewRows<TInput, F32Vectors>, ForwardFewRows<TInput, BF16Vectors>,
            ForwardFewRows<TInput, Int8Vectors>, rung => Vectors(Reading<TInput>(rung, suffix)) with
            {
                Group = 32 * FewRowsWarps,
                Launch = static a => FewRowsGrid(a),
                Suits = static a => a.Rows < SharedTile / 2,
                Claims = new() { MainLoop = VectorLoop<TInput>(rung) },
            }),
        .. EveryType("V7.OneRow", ForwardOneRow<TInput, F32Vectors>, ForwardOneRow<TInput, BF16Vectors>,
            ForwardOneRow<TInput, Int8Vectors>, rung => Vectors(Reading<TInput>(rung, suffix)) with
            {
                Group = 32 * FewRowsWarps,
                Launch = static a => OneRowGrid(a),
                Suits = static a => a.Rows == 1,
                Claims = new() { MainLoop = VectorLoop<TInput>(rung) },
            }),
    ];

    static IEnumerable<Rung<LinearArguments>> EveryType(string name, Action<LinearArguments> f32, Action<LinearArguments> bf16,
        Action<LinearArguments> int8, Func<Rung<LinearArguments>, Rung<LinearArguments>> with)
    {
        yield return with(Rung.Gpu(name, f32) with { Weights = WeightType.F32 });
        yield return with(Rung.Gpu(name, bf16) with { Weights = WeightType.BF16 });
        yield return with(Rung.Gpu(name, int8) with { Weights = WeightType.Int8 });
    }

    static Rung<LinearArguments> Reading<TInput>(Rung<LinearArguments> rung, string suffix) where TInput : struct, IActivationFormat =>
        Typed(rung with { Suffix = suffix }, TInput.Type);

    static Rung<LinearArguments> Typed(Rung<LinearArguments> rung, ActivationType type) => rung with
    {
        Activations = type,
        Accepts = a => a.X.Type == type && a.W.Type == rung.Weights,
    };

    // Four neighbours in a load of up to 16 bytes.
    static Rung<LinearArguments> Quads(Rung<LinearArguments> rung) => Aligned(rung, 4);

    // 16 bytes of weights in a load.
    static Rung<LinearArguments> Vectors(Rung<LinearArguments> rung) => Aligned(rung, 16 / Weights.BytesPerElement(rung.Weights!.Value));

    static Rung<LinearArguments> Aligned(Rung<LinearArguments> rung, int count) => rung with
    {
        Accepts = a => rung.Accepts(a) && a.Inputs % count == 0 && (a.X.Address | a.W.Values.Address) % 16 == 0,
    };

    static Rung<LinearArguments> TensorCores(string name, Action<LinearArguments> kernel) =>
        Aligned(Typed(Rung.Gpu(name, kernel) with { Weights = WeightType.BF16 }, ActivationType.BF16), TensorDepth) with
        {
            Group = TensorThreads,
            Roundoff = Roundoff.TensorCores,
            Suits = Large,
            Claims = new() { TensorCores = true, NoBankConflicts = true, MainLoop = TensorLoop },
        };

    static Rung<LinearArguments> Pipelined<TTile>(string name, Action<LinearArguments> kernel) where TTile : struct, IPipelineTile =>
        TensorCores(name, kernel) with
        {
            Launch = static a => Tiles(a, PipelineRows<TTile>(), PipelineColumns<TTile>()) with
            {
                DynamicSharedBytes = PipelineBytes<TTile>(),
            },
            Group = PipelineThreads<TTile>(),
            GroupsPerMultiprocessor = TTile.Resident,
            // The assembler puts loads of fragments behind the multiplications that free their registers: 255 of the larger tile remain.
            Claims = new() { TensorCores = true, NoBankConflicts = true, LiveRegistersAtMost = 288, MainLoop = TensorLoop },
            Accepts = static a => a.W.Type == WeightType.BF16 && a.X.Type == ActivationType.BF16
                && a.Inputs % TensorDepth == 0 && a.Outputs % 4 == 0
                && (a.X.Address | a.W.Values.Address | a.Y.Address | a.Bias.Address | a.Residual.Address) % 16 == 0,
        };

    // The inputs in parts, and the kernel that puts the parts together.
    static Rung<LinearArguments> SplitInputs<TTile>(string name, Action<LinearArguments> kernel) where TTile : struct, IPipelineTile
    {
        static Rung<LinearArguments> Staged(Rung<LinearArguments> rung) => rung with
        {
            ScratchBytes = PartsBytes<TTile>,
            WithScratch = static (a, scratch) => a with { Scratch = scratch, PartInputs = PartInputs<TTile>(a) },
        };
        var pipelined = Pipelined<TTile>(name, kernel);
        return Staged(pipelined) with
        {
            Launch = static a => Tiles(a, PipelineRows<TTile>(), PipelineColumns<TTile>()) with
            {
                GridZ = Parts.Of(a.Inputs, PartInputs<TTile>(a)),
                DynamicSharedBytes = PipelineBytes<TTile>(),
            },
            Last = Staged(Rung.Gpu<LinearArguments>(name + ".Combine", CombineInputs)) with
            {
                Weights = WeightType.BF16,
                Activations = ActivationType.BF16,
                Group = 32 * CombineWarps,
                Launch = static a => new(ColumnBlocks(a), RowBlocks(a) / CombineWarps),
                Claims = new() { NoBankConflicts = true },
            },
            Accepts = a => pipelined.Accepts(a) && PartsBytes<TTile>(a) <= int.MaxValue,
            Suits = static a => Split(a) && PartInputs<TTile>(a) < a.Inputs,
        };
    }
}
