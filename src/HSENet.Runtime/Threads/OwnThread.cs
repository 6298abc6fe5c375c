// Work that takes long, or that waits in the middle, on a thread of its own: the shared ones stay free for what is short.
namespace HSENet.Runtime;

/// <summary>Starts work beside the caller. The pool has as many threads as the machine has cores at first, and timers, cancellations and
/// answers of a service need them: on two cores two readers that wait for slow clients would stop everything else.</summary>
static class OwnThread
{
    /// <summary>Runs the work on a new thread.</summary>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">What is cancelled before it has begun is not begun; later the work itself has to look.</param>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellation = default) => Task.Factory.StartNew(work, cancellation,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
