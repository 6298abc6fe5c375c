// How the memory model sees an access or a fence: strong or weak, scope, acquire and release.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    // A cluster has one block, so its scope is the block's. An atomic or a fence without a scope has the device's.
    bool IsOfBlock() => _current.Has("cta") || _current.Has("cluster");

    MemoryOrder OrderOfAccess()
    {
        MemoryOrder order = MemoryOrder.Weak;
        if (_current.Has("nc") && _current.Opcode == "ld")
            order |= MemoryOrder.NonCoherent;
        if (_current.Has("volatile") || _current.Has("mmio"))
            return order | MemoryOrder.Strong | MemoryOrder.Volatile | MemoryOrder.Device;
        bool acquires = _current.Has("acquire") || _current.Has("acq_rel"), releases = _current.Has("release") || _current.Has("acq_rel");
        if (acquires || releases || _current.Has("relaxed"))
            order |= MemoryOrder.Strong | (IsOfBlock() ? 0 : MemoryOrder.Device);
        return order | (acquires ? MemoryOrder.Acquire : 0) | (releases ? MemoryOrder.Release : 0);
    }
}
