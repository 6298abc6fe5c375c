// CUlaunchConfig: a launch with attributes.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

[StructLayout(LayoutKind.Sequential)]
unsafe struct LaunchConfig
{
    public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
    public nint Stream;
    public LaunchAttribute* Attributes;
    public uint Count;

    public readonly Dim3 Grid => new((int)GridX, (int)GridY, (int)GridZ);

    public readonly Dim3 Block => new((int)BlockX, (int)BlockY, (int)BlockZ);
}

/// <summary>CUlaunchAttribute: a number, and a value in the next 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 72)]
unsafe struct LaunchAttribute
{
    public const int Bytes = 64;

    public int Id;
    public fixed int Value[17];

    // The value starts at byte 8.
    public readonly int this[int word] => Value[1 + word];
}

/// <summary>What of a launch's attributes changes what it does.</summary>
/// <param name="Cooperative">All blocks make progress together.</param>
/// <param name="Before">An event that is recorded when the launch begins; 0 for none.</param>
/// <param name="After">An event that is recorded when it is done.</param>
readonly record struct LaunchAttributes(bool Cooperative, nint Before, nint After)
{
    // CUlaunchAttributeID.
    const int CooperativeId = 2, Cluster = 4, Event = 7, CompletionEvent = 12, Updatable = 13;

    public static unsafe LaunchAttributes Read(LaunchConfig* config)
    {
        LaunchAttributes found = default;
        for (uint n = 0; n < config->Count; n++)
        {
            LaunchAttribute attribute = config->Attributes[n];
            nint handle = (nint)(((ulong)(uint)attribute[1] << 32) | (uint)attribute[0]);
            found = attribute.Id switch
            {
                CooperativeId => found with { Cooperative = attribute[0] != 0 },
                Cluster when (long)(uint)attribute[0] * (uint)attribute[1] * (uint)attribute[2] != 1 => throw new DriverException(
                    Result.NotSupported,
                    $"clusters of {attribute[0]} x {attribute[1]} x {attribute[2]} blocks; the emulator runs clusters of one block only"),
                Event => found with { Before = handle },
                CompletionEvent => found with { After = handle },
                Updatable when attribute[0] != 0 =>
                    throw new DriverException(Result.NotSupported, "nodes that kernels update are not supported by the emulated driver"),
                // Priorities, windows of the cache, domains of fences, early starts: they change when, not what.
                >= 0 and <= 14 => found,
                _ => throw new DriverException(Result.InvalidValue, $"launch attribute {attribute.Id} is not there"),
            };
        }
        return found;
    }
}
