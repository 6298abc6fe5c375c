// A small thread pool for host rungs: starting a piece of work costs about a microsecond, because workers look for more before they sleep.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace HSENet.Kernels;

/// <summary>A piece of work that a host rung divides into independent items.</summary>
public interface IHostWork
{
    /// <summary>Computes item <paramref name="index"/>. <paramref name="worker"/> numbers the thread, from 0, for its scratch
    /// memory.</summary>
    void Run(int index, int worker);
}

/// <summary>Work of a host rung that is written once for every width of vectors.</summary>
interface IHostVectorWork
{
    /// <summary>Computes item <paramref name="index"/> with vectors of type <typeparamref name="TVector"/>.</summary>
    void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>;
}

/// <summary>
/// The caller and <c>threads − 1</c> workers share the items of one piece of work at a time. The caller waits for items, not for
/// workers: one that sleeps, or comes too late for an item, costs nothing.
/// </summary>
/// <remarks>
/// The number of items and the next one to hand out lie in one 64-bit word. Who adds one to it and gets a number below the count has
/// an item of the work that is described beside it: that work cannot end, and so not be replaced, before this item is done.
/// </remarks>
sealed unsafe class WorkerPool : IDisposable
{
    // Bridges the gap between two launches of a decoded token; then a worker sleeps, and an idle machine is idle.
    static readonly long LookTicks = Stopwatch.Frequency / 20_000;

    readonly Thread[] _workers;
    readonly SemaphoreSlim[] _wake;
    readonly int[] _asleep;
    readonly SemaphoreSlim _done = new(0);
    readonly object _oneAtATime = new();
    delegate*<void*, int, int, void> _run;
    void* _work;
    Exception? _failure;
    CancellationToken _cancellation;
    volatile bool _stop;
    Line _items, _left; // left: items not yet done, and 2³¹ more while the caller sleeps

    /// <summary>A number with a cache line pair of its own, so that handing out items and counting them do not disturb each
    /// other.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Line
    {
        [FieldOffset(128)]
        public long Value;
    }

    const long CallerSleeps = 1L << 32;

    public WorkerPool(int threads)
    {
        _workers = new Thread[threads - 1];
        _wake = new SemaphoreSlim[threads - 1];
        _asleep = new int[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i;
            _wake[i] = new SemaphoreSlim(0);
            _workers[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"HSENet kernel worker {worker + 1}" };
            _workers[i].Start();
        }
    }

    public int Threads => _workers.Length + 1;

    /// <summary>Runs all items and returns when the last one is done. An exception of an item is thrown here. Items must not call
    /// this.</summary>
    public void For<TWork>(int count, ref TWork work) where TWork : struct, IHostWork
    {
        lock (_oneAtATime)
        {
            ObjectDisposedException.ThrowIf(_stop, typeof(HostDevice));
            _cancellation = Device.LaunchCancellation;
            if (_workers.Length > 0 && count > 1)
                Share(count, &RunItem<TWork>, Unsafe.AsPointer(ref work));
            else
                for (int i = 0; i < count; i++)
                {
                    _cancellation.ThrowIfCancellationRequested();
                    work.Run(i, 0);
                }
        }
    }

    static void RunItem<TWork>(void* work, int index, int worker) where TWork : struct, IHostWork =>
        Unsafe.AsRef<TWork>(work).Run(index, worker);

    void Share(int count, delegate*<void*, int, int, void> run, void* work)
    {
        _run = run;
        _work = work;
        Volatile.Write(ref _left.Value, count);
        // A full fence: the sleepers that are looked for next have seen these items, or are seen asleep.
        Interlocked.Exchange(ref _items.Value, (long)count << 32);
        Wake(0, 1);
        Work(0);
        WaitForItems();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    bool HasItems => Count(Volatile.Read(ref _items.Value)) > 0;

    /// <summary>Items not handed out.</summary>
    static int Count(long items) => (int)(items >> 32) - (int)items;

    /// <summary>Works until no item is left to hand out.</summary>
    void Work(int worker)
    {
        long done = 0;
        while (HasItems)
        {
            long items = Interlocked.Increment(ref _items.Value) - 1;
            if (Count(items) <= 0)
                break;
            try
            {
                _cancellation.ThrowIfCancellationRequested();
                _run(_work, (int)items, worker);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
                // What was not handed out is not run.
                done += Math.Max(0, Count(Interlocked.Exchange(ref _items.Value, 0)));
            }
            done++;
        }
        if (done > 0 && Interlocked.Add(ref _left.Value, -done) == CallerSleeps)
            _done.Release();
    }

    void WaitForItems()
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _left.Value) != 0)
        {
            Thread.SpinWait(4);
            if (Stopwatch.GetTimestamp() - start < LookTicks)
                continue;
            // A long item of another thread: sleep, unless it has just ended.
            if (Interlocked.Add(ref _left.Value, CallerSleeps) != CallerSleeps)
                _done.Wait();
            return;
        }
    }

    /// <summary>Wakes sleepers from <paramref name="first"/> on, as long as there are items. Each wakes two more: the caller pays for
    /// one.</summary>
    void Wake(int first, int count)
    {
        for (int i = first; i < _asleep.Length && count > 0 && HasItems; i++)
            if (Volatile.Read(ref _asleep[i]) == 1 && Interlocked.Exchange(ref _asleep[i], 0) == 1)
            {
                _wake[i].Release();
                count--;
            }
    }

    void Loop(int worker)
    {
        while (!_stop)
        {
            long start = Stopwatch.GetTimestamp();
            while (!HasItems && Stopwatch.GetTimestamp() - start < LookTicks)
                Thread.SpinWait(4);
            if (!HasItems)
            {
                Interlocked.Exchange(ref _asleep[worker], 1);
                // Items that came before this line may not have seen a sleeper: look again before sleeping.
                if (HasItems || _stop)
                {
                    if (Interlocked.Exchange(ref _asleep[worker], 0) == 0)
                        _wake[worker].Wait(); // it was woken all the same: take that, or the next sleep would end at once
                }
                else
                    _wake[worker].Wait();
                Wake(worker + 1, 2);
            }
            Work(worker + 1);
        }
    }

    /// <summary>Lets the workers end, without waiting for them.</summary>
    public void Stop()
    {
        _stop = true;
        foreach (var wake in _wake)
            wake.Release();
    }

    public void Dispose()
    {
        lock (_oneAtATime) // the work that is running ends first
        {
            Stop();
            foreach (var worker in _workers)
                worker.Join();
            foreach (var wake in _wake)
                wake.Dispose();
            _done.Dispose();
        }
    }
}
