// An operation: checks arguments, chooses the rung, launches it.
namespace HSENet.Kernels;

/// <summary>An operation with its ladder of rungs.</summary>
public abstract class Operation
{
    private protected Operation(string name, IReadOnlyList<Rung> rungs)
    {
        Name = name;
        Rungs = rungs;
        foreach (var rung in rungs)
            foreach (var stage in rung.Stages)
                (stage.Operation, stage.StageOf) = (name, stage == rung ? null : rung);
    }

    /// <summary>"LayerNorm", or "LayerNorm.Backward".</summary>
    public string Name { get; }

    /// <summary>All rungs, from the first to the fastest.</summary>
    public IReadOnlyList<Rung> Rungs { get; }
}

/// <summary>An operation whose rungs take <typeparamref name="TArguments"/>: one blittable struct for every device.</summary>
public sealed class Operation<TArguments> : Operation where TArguments : unmanaged
{
    readonly Action<TArguments> _check;
    readonly Rung<TArguments>[] _rungs;

    /// <summary>An operation.</summary>
    /// <param name="name">Name in the catalogue.</param>
    /// <param name="check">Throws <see cref="KernelArgumentException"/> for arguments that do not fit each other.</param>
    /// <param name="rungs">In the order of the ladder: the last that can run the arguments and suits them is the default.</param>
    public Operation(string name, Action<TArguments> check, params Rung<TArguments>[] rungs) : base(name, rungs)
    {
        _check = check;
        _rungs = rungs;
    }

    /// <summary>What the table of choices knows a launch by; null where the last rung that suits is the choice.</summary>
    internal Func<TArguments, LaunchSizes>? Sizes { get; init; }

    /// <summary>The rungs with their arguments type.</summary>
    public ReadOnlySpan<Rung<TArguments>> TypedRungs => _rungs;

    /// <summary>Checks the arguments, chooses a rung and launches it; does not wait.</summary>
    /// <exception cref="KernelArgumentException">The arguments do not fit each other.</exception>
    /// <exception cref="NoRungException">No rung can run them on this device.</exception>
    public void Launch(Device device, in TArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(device);
        _check(arguments);
        var rung = Choose(device, arguments);
        if (device is not RehearsalDevice)
            ForcedRungs.For(Name)?.Launched(rung);
        Start(device, rung, arguments);
    }

    /// <summary>Checks the arguments and launches the given rung; does not wait.</summary>
    /// <exception cref="KernelArgumentException">The arguments do not fit each other.</exception>
    /// <exception cref="NoRungException">The rung cannot run them on this device.</exception>
    public void Launch(Device device, Rung<TArguments> rung, in TArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(rung);
        _check(arguments);
        rung = (Rung<TArguments>)rung.Ladder; // a stage runs with the others
        if (!CanRun(device, rung, arguments))
            throw new NoRungException($"{Name}: {rung.Name} cannot run these arguments on {device.Name}");
        Start(device, rung, arguments);
    }

    /// <summary>Whether a device can run a rung with these arguments.</summary>
    internal static bool CanRun(Device device, Rung<TArguments> rung, in TArguments arguments) =>
        device.CanRun(rung) && rung.Accepts(arguments)
        && (rung.Launch == null || rung.Launch(arguments).DynamicSharedBytes <= device.SharedBytesPerGroup);

    static void Start(Device device, Rung<TArguments> rung, in TArguments arguments)
    {
        if (device.Observer is not { } observer)
        {
            Stages(device, rung, arguments);
            return;
        }
        observer.Launching(rung, arguments);
        Stages(device, rung, arguments);
        observer.Launched(rung);
    }

    static void Stages(Device device, Rung<TArguments> rung, in TArguments arguments)
    {
        if (rung.ScratchBytes == null)
        {
            InOrder(device, rung, arguments);
            return;
        }
        lock (device.ScratchLock) // no other launch comes between the stages
        {
            var staged = rung.WithScratch!(arguments, device.Scratch(rung.ScratchBytes(arguments)));
            InOrder(device, rung, staged);
        }
    }

    static void InOrder(Device device, Rung<TArguments> rung, in TArguments arguments)
    {
        if (rung.First is { } first)
            InOrder(device, first, arguments);
        device.Launch(rung, arguments);
        if (rung.Last is { } last)
            InOrder(device, last, arguments);
    }

    /// <summary>Throws for arguments that do not fit each other.</summary>
    public void Check(in TArguments arguments) => _check(arguments);

    /// <summary>The forced rung where it can run the arguments; otherwise, of those that can and that suit the shape, the one that the
    /// table of choices has for it, or the last.</summary>
    /// <exception cref="NoRungException">None can.</exception>
    public Rung<TArguments> Choose(Device device, in TArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(device);
        var forced = ForcedRungs.For(Name);
        if (forced == null && Sizes != null && device.Architecture > 0)
            foreach (var rung in RungChoices.Of(this, device.Architecture, Sizes(arguments)))
                if (CanRun(device, rung, arguments) && rung.Suits(arguments))
                    return rung;
        Rung<TArguments>? chosen = null, able = null;
        for (int i = _rungs.Length - 1; i >= 0; i--)
        {
            var rung = _rungs[i];
            if (!CanRun(device, rung, arguments))
                continue;
            if (forced == null ? rung.Suits(arguments) : forced.Names(rung))
                return rung;
            able ??= rung;
            if (chosen == null && rung.Suits(arguments))
                chosen = rung;
        }
        return chosen ?? able ?? throw new NoRungException($"{Name}: no rung for these arguments on {device.Name}");
    }
}
