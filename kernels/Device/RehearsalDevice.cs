// A device that computes nothing: it remembers which rungs another device would be asked for, and how much scratch they take.
namespace HSENet.Kernels;

/// <summary>Runs the host's side of a work with the choices of <paramref name="real"/>. Memory has addresses but no bytes; downloads are
/// zeros.</summary>
sealed class RehearsalDevice(Device real) : Device
{
    // Far from 0, so that a view of an optional argument is not taken for none.
    long _next = 1L << 40;

    /// <summary>The rungs that were launched.</summary>
    public HashSet<Rung> Rungs { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>The most scratch that one of them takes.</summary>
    public long ScratchBytes { get; private set; }

    public override string Name => real.Name;

    public override DeviceKind Kind => real.Kind;

    internal override int Architecture => real.Architecture;

    internal override int SharedBytesPerGroup => real.SharedBytesPerGroup;

    public override DeviceMemory Allocate(long bytes, string name)
    {
        var memory = new NoMemory(new View<byte>(_next, bytes));
        _next += (bytes + 255) / 256 * 256;
        return memory;
    }

    public override DeviceMemory Import(nint address, long bytes, string name) => Allocate(bytes, name);

    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination) => CheckCopy(source.Length, destination.Length);

    public override void Download(View<byte> source, Span<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        destination.Clear();
    }

    public override void Copy(View<byte> source, View<byte> destination) => CheckCopy(source.Length, destination.Length);

    public override void Clear(View<byte> destination) { }

    public override void Synchronize() { }

    public override bool CanRun(Rung rung) => real.CanRun(rung);

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments)
    {
        LaunchCancellation.ThrowIfCancellationRequested();
        Rungs.Add(rung);
    }

    internal override View<byte> Scratch(long bytes)
    {
        ScratchBytes = Math.Max(ScratchBytes, bytes);
        return new View<byte>(_next, bytes);
    }

    public override void Dispose() { }

    sealed class NoMemory(View<byte> bytes) : DeviceMemory
    {
        public override View<byte> Bytes { get; } = bytes;

        public override void Dispose() { }
    }
}
