// The emulator's own errors: a launch that cannot be made or does not end.
namespace HSENet.Ptx;

/// <summary>A launch or an access from the host that cannot be done: bad sizes, memory that is gone, a kernel that never ends.</summary>
public sealed class EmulatorException(string message) : HseNetException(message);
