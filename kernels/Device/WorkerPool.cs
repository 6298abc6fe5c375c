// A small thread pool for host rungs: starting a piece of work costs about a microsecond, because workers spin briefly.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>A piece of work that a host rung divides into independent items.</summary>
public interface IHostWork
{
    /// <summary>Computes item <paramref name="index"/>. <paramref name="worker"/> numbers the thread, from 0, for its scratch memory.</summary>
    void Run(int index, int worker);
}

/// <summary>The caller and <c>threads − 1</c> workers share the items of one piece of work at a time.</summary>
sealed unsafe class WorkerPool : IDisposable
{
    // Long enough to bridge the gap between two launches of a decoded token, short enough not to burn an idle machine.
    const int SpinsBeforeSleep = 2000;

    readonly Thread[] _workers;
    readonly SemaphoreSlim _wake = new(0);
    readonly object _oneAtATime = new();
    delegate*<void*, int, int, void> _run;
    void* _work;
    int _count, _next, _busy, _sleeping;
    volatile int _generation;
    volatile bool _stop;
    Exception? _failure;

    public WorkerPool(int threads)
    {
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i + 1;
            _workers[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"HSENet kernel worker {worker}" };
            _workers[i].Start();
        }
    }

    public int Threads => _workers.Length + 1;

    /// <summary>Runs all items and returns when the last one is done. An exception of an item is thrown here.</summary>
    public void For<TWork>(int count, ref TWork work) where TWork : struct, IHostWork
    {
        if (_workers.Length == 0 || count <= 1)
        {
            for (int i = 0; i < count; i++)
                work.Run(i, 0);
            return;
        }
        lock (_oneAtATime)
            Share(count, &RunItem<TWork>, Unsafe.AsPointer(ref work));
    }

    static void RunItem<TWork>(void* work, int index, int worker) where TWork : struct, IHostWork =>
        Unsafe.AsRef<TWork>(work).Run(index, worker);

    void Share(int count, delegate*<void*, int, int, void> run, void* work)
    {
        _run = run;
        _work = work;
        _count = count;
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _busy, _workers.Length);
        Interlocked.Increment(ref _generation);
        int sleeping = Volatile.Read(ref _sleeping);
        if (sleeping > 0)
            _wake.Release(sleeping);
        Work(0);
        SpinWait spin = default;
        while (Volatile.Read(ref _busy) != 0)
        {
            if (spin.Count < 20)
                spin.SpinOnce(-1);
            else
                Thread.Yield();
        }
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    void Work(int worker)
    {
        try
        {
            for (int i; (i = Interlocked.Increment(ref _next) - 1) < _count;)
                _run(_work, i, worker);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            Volatile.Write(ref _next, int.MaxValue / 2);
        }
    }

    void Loop(int worker)
    {
        int seen = 0;
        while (true)
        {
            for (int spins = 0; _generation == seen && spins < SpinsBeforeSleep; spins++)
                Thread.SpinWait(10);
            if (_generation == seen)
            {
                Interlocked.Increment(ref _sleeping);
                // A start between the last look and this line has not counted us: look again before sleeping.
                if (_generation == seen && !_stop)
                    _wake.Wait();
                Interlocked.Decrement(ref _sleeping);
                if (_stop)
                    return;
                continue;
            }
            seen = _generation;
            if (_stop)
                return;
            Work(worker);
            Interlocked.Decrement(ref _busy);
        }
    }

    public void Dispose()
    {
        _stop = true;
        Interlocked.Increment(ref _generation);
        if (_workers.Length > 0)
            _wake.Release(_workers.Length);
        foreach (var worker in _workers)
            worker.Join();
        _wake.Dispose();
    }
}
