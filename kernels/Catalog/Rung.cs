// One implementation of an operation, as data: what it runs on, what it accepts, how it is launched, what is claimed of it.
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>What executes a rung.</summary>
public enum RungTarget
{
    /// <summary>A host method on vectors.</summary>
    Host,

    /// <summary>A GPU kernel: PTX, on a CUDA device or in the emulator.</summary>
    Gpu,
}

/// <summary>Grid of a launch; the group size is a constant of the rung, because PTX is made with it.</summary>
public readonly record struct LaunchShape(int GridX, int GridY = 1, int GridZ = 1, int DynamicSharedBytes = 0);

/// <summary>The relative errors of a rung's single steps.</summary>
/// <param name="Factor">Of what one product hands to another inside the rung: 0 where it stays f32.</param>
/// <param name="Sum">Of one product and addition.</param>
public readonly record struct Roundoff(double Factor, double Sum)
{
    /// <summary>Everything in f32, rounded to nearest: 2⁻²⁴.</summary>
    public static readonly Roundoff F32 = new(0, 1.0 / (1 << 24));

    /// <summary>Sums of tensor cores, which cut where others round (2⁻²³).</summary>
    public static readonly Roundoff TensorCores = new(0, 1.0 / (1 << 23));

    /// <summary>The same, with a factor between two products that is rounded to bf16 (2⁻⁸).</summary>
    public static readonly Roundoff TensorCoresTwice = new(1.0 / (1 << 8), 1.0 / (1 << 23));
}

/// <summary>What tests check of a rung's main loop at sizes of whole tiles, beside that it has no bank conflict.</summary>
public sealed record LoopClaims
{
    /// <summary>The share by which the sectors of an access to global memory may exceed the bytes that its lanes ask for.</summary>
    public double ExcessSectors { get; init; } = 0.05;

    /// <summary>Other instructions of the machine for each instruction of the tensor cores, at most, as the committed table of machine
    /// code has them; null where none is claimed.</summary>
    public double? OthersPerTensor { get; init; }
}

/// <summary>What tests check of a GPU rung's final PTX.</summary>
public sealed record RungClaims
{
    /// <summary>Bytes of local memory per thread; 0 unless the rung says why it needs some.</summary>
    public int LocalBytes { get; init; }

    /// <summary>Whether tensor-core instructions must be present.</summary>
    public bool TensorCores { get; init; }

    /// <summary>Whether the profiler must count no shared-memory bank conflict.</summary>
    public bool NoBankConflicts { get; init; }

    /// <summary>Largest estimated number of live 32-bit registers; 255 is what a thread can have.</summary>
    public int LiveRegistersAtMost { get; init; } = 255;

    /// <summary>What is checked of the loop in which most instructions are executed; null where nothing is claimed of it.</summary>
    public LoopClaims? MainLoop { get; init; }
}

/// <summary>One implementation of an operation.</summary>
public abstract record Rung
{
    /// <summary>"Host" or "V1.Naive": the version, then the technique.</summary>
    public required string Name { get; init; }

    /// <summary>What executes it.</summary>
    public required RungTarget Target { get; init; }

    /// <summary>The operation it belongs to; set by the operation.</summary>
    public string Operation { get; internal set; } = "";

    /// <summary>Storage type of the weights it reads; null when it reads none.</summary>
    public WeightType? Weights { get; init; }

    /// <summary>Storage type of the activations that it reads and writes; null when it takes any.</summary>
    public ActivationType? Activations { get; init; }

    /// <summary>Distinguishes entries of one rung beyond the weight type (a data type, a fused epilogue); part of the entry name.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>Threads of a group (CUDA: block).</summary>
    public int Group { get; init; } = 128;

    /// <summary>PTX target: "sm_80" runs from that architecture on, "sm_90a" on exactly that one.</summary>
    public string Architecture { get; init; } = "sm_80";

    /// <summary>The lowest version of PTX that has its instructions: it decides which drivers take the text.</summary>
    public Version PtxVersion { get; init; } = new(7, 0);

    /// <summary>Groups that should fit on a multiprocessor at once, which limits registers; 0 leaves it to the assembler.</summary>
    public int GroupsPerMultiprocessor { get; init; }

    /// <summary>The roundings of its arithmetic, from which a case derives the error that it allows.</summary>
    public Roundoff Roundoff { get; init; } = Roundoff.F32;

    /// <summary>What tests check of its PTX.</summary>
    public RungClaims Claims { get; init; } = new();

    /// <summary>Final PTX of what is no kernel of the catalogue, as when an instruction is tried alone; null where it travels with the
    /// package.</summary>
    internal string? Text { get; init; }

    /// <summary>Whether its text runs on an architecture (90: sm_90): on newer ones too, unless a letter makes the target exact.</summary>
    public bool RunsOn(int architecture)
    {
        int target = int.Parse(Architecture.AsSpan("sm_".Length).TrimEnd('a'), NumberStyles.None, CultureInfo.InvariantCulture);
        return Architecture.EndsWith('a') ? target == architecture : target <= architecture;
    }

    /// <summary>The kernel's C# method, which ILGPU compiles.</summary>
    public abstract MethodInfo Method { get; }

    /// <summary>All kernels that a launch starts, in their order: this one, and those before and after it.</summary>
    internal abstract IEnumerable<Rung> Stages { get; }

    /// <summary>The rung that this kernel is a stage of; null for that in the ladder.</summary>
    internal Rung? StageOf { get; set; }

    /// <summary>The rung in the ladder: it, or what it is a stage of.</summary>
    internal Rung Ladder => StageOf ?? this;

    /// <summary>A rung equals itself alone.</summary>
    public virtual bool Equals(Rung? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    /// <summary>The entry's name.</summary>
    public sealed override string ToString() => EntryName;

    /// <summary>Size of its arguments struct in bytes, as the driver takes it.</summary>
    internal abstract int ArgumentBytes { get; }

    /// <summary>Entry name in PTX, as profilers show it: <c>layernorm_v1_naive_f32</c>.</summary>
    public string EntryName
    {
        get
        {
            string type = Weights?.ToString() ?? Activations?.ToString() ?? (Suffix.Length == 0 ? "f32" : "");
            return string.Join('_', new[] { Operation, Name, Suffix, type }.Where(part => part.Length > 0)).Replace('.', '_')
                .ToLowerInvariant();
        }
    }

    /// <summary>A host rung.</summary>
    public static Rung<TArguments> Host<TArguments>(string name, Action<HostDevice, TArguments> kernel) where TArguments : unmanaged =>
        new() { Name = name, Target = RungTarget.Host, HostKernel = kernel };

    /// <summary>A GPU rung; <c>Launch</c> must be set.</summary>
    public static Rung<TArguments> Gpu<TArguments>(string name, Action<TArguments> kernel) where TArguments : unmanaged =>
        new() { Name = name, Target = RungTarget.Gpu, GpuKernel = kernel };
}

/// <summary>One implementation of an operation with the given arguments struct.</summary>
public sealed record Rung<TArguments> : Rung where TArguments : unmanaged
{
    /// <summary>The host method.</summary>
    internal Action<HostDevice, TArguments>? HostKernel { get; init; }

    /// <summary>The GPU kernel's C# body.</summary>
    internal Action<TArguments>? GpuKernel { get; init; }

    /// <summary>Shapes and types that it can compute; all that the operation allows by default.</summary>
    public Func<TArguments, bool> Accepts { get; init; } = static _ => true;

    /// <summary>Of what it can compute, where it should be chosen over the rungs before it; everywhere by default.</summary>
    public Func<TArguments, bool> Suits { get; init; } = static _ => true;

    /// <summary>Grid and dynamic shared memory for the arguments.</summary>
    public Func<TArguments, LaunchShape>? Launch { get; init; }

    /// <summary>A kernel that is launched before this one, with what it starts itself, on the same arguments.</summary>
    internal Rung<TArguments>? First { get; init; }

    /// <summary>A kernel that is launched after this one, with what it starts itself, on the same arguments.</summary>
    internal Rung<TArguments>? Last { get; init; }

    /// <summary>Bytes of device memory that pass from one stage to the next; their content is lost after the launch.</summary>
    internal Func<TArguments, long>? ScratchBytes { get; init; }

    /// <summary>The arguments with that memory.</summary>
    internal Func<TArguments, View<byte>, TArguments>? WithScratch { get; init; }

    /// <summary>The rung with a thread for each of as many things as <paramref name="threads"/> says, in groups of
    /// <paramref name="group"/>.</summary>
    internal Rung<TArguments> WithThreads(int group, Func<TArguments, long> threads) =>
        this with { Group = group, Launch = a => new(Parts.Of(threads(a), group)) };

    /// <summary>The same for rows in x and, in y, as many threads for each row as <paramref name="columns"/> says.</summary>
    internal Rung<TArguments> WithThreads(int group, Func<TArguments, int> rows, Func<TArguments, int> columns) =>
        this with { Group = group, Launch = a => new(rows(a), Parts.Of(columns(a), group)) };

    /// <inheritdoc/>
    public override MethodInfo Method => (HostKernel as Delegate ?? GpuKernel!).Method;

    /// <inheritdoc/>
    internal override IEnumerable<Rung> Stages => [.. First?.Stages ?? [], this, .. Last?.Stages ?? []];

    internal override unsafe int ArgumentBytes => sizeof(TArguments);
}
