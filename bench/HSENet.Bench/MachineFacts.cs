// Where and with what a result was measured.
using HSENet.Bench.Peers;
using HSENet.Kernels;

namespace HSENet.Bench;

sealed record MachineFacts
{
    public required string Cpu { get; init; }
    public required string Flags { get; init; }
    public required int Processors { get; init; }
    public required int Threads { get; init; }
    public required int VectorBits { get; init; }
    public required string System { get; init; }
    public required string Runtime { get; init; }
    public required IReadOnlyList<string> Peers { get; init; }
    public required string Commit { get; init; }
    public required string Date { get; init; }
    public required string LoadAtStart { get; init; }
    public string LoadAtEnd { get; set; } = "";

    public static MachineFacts Collect(HostDevice device, IEnumerable<IPeer> peers) => new()
    {
        Cpu = Machine.Cpu,
        Flags = Machine.Flags,
        Processors = Environment.ProcessorCount,
        Threads = device.Threads,
        VectorBits = device.VectorBits,
        System = Machine.System,
        Runtime = Machine.Runtime,
        Peers = [.. peers.Select(peer => peer.Description)],
        Commit = Machine.Commit,
        Date = Machine.Now,
        LoadAtStart = Machine.Load,
    };
}
