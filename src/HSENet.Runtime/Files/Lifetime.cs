// Counts who uses something, so that it is freed when its owner disposed it and nobody reads it any more.
namespace HSENet.Runtime;

/// <summary>The life of an object that several threads may use while another disposes it.</summary>
/// <param name="owner">What messages call it.</param>
/// <param name="free">Called once: at the disposal, or when the last use ends after it.</param>
sealed class Lifetime(object owner, Action free) : IDisposable
{
    readonly Lock _gate = new();
    int _users;
    bool _disposed;

    /// <exception cref="ObjectDisposedException">The owner was disposed.</exception>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, owner);

    /// <summary>Keeps it until the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The owner was disposed.</exception>
    public Using Use()
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            _users++;
            return new Using(this);
        }
    }

    /// <summary>No use begins any more; frees as soon as none is left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_users > 0)
                return; // the last of them frees
        }
        free();
    }

    void End()
    {
        lock (_gate)
            if (--_users > 0 || !_disposed)
                return;
        free();
    }

    /// <summary>One use.</summary>
    public readonly struct Using(Lifetime? life) : IDisposable
    {
        public void Dispose() => life?.End();
    }
}
