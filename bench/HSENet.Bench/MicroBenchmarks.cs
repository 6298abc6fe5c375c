// Small pieces of the host rungs under BenchmarkDotNet: a launch, elementary functions on vectors.
using BenchmarkDotNet.Attributes;
using HSENet.Kernels;

namespace HSENet.Bench;

/// <summary>Empty pieces of work, one item for each thread.</summary>
public class LaunchBenchmarks
{
    HostDevice _device = null!;

    [Params(2, 8, 64)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Start() => _device = new HostDevice(Threads);

    [GlobalCleanup]
    public void Stop() => _device.Dispose();

    [Benchmark]
    public void Launch() => _device.For(Threads, new Nothing());

    readonly struct Nothing : IHostWork
    {
        public void Run(int index, int worker) { }
    }
}

/// <summary>4096 values in the first level cache, at the widest vectors of AVX-512 and of AVX2, and one by one.</summary>
public unsafe class ElementaryFunctionBenchmarks
{
    const int Count = 4096;
    readonly float[] _x = [.. Enumerable.Range(0, Count).Select(static i => (i - Count / 2) / 256f)], _y = new float[Count];

    [Benchmark]
    public void Exp_512() => Exp<Wide512>();

    [Benchmark]
    public void Exp_256() => Exp<Wide256>();

    [Benchmark(Baseline = true)]
    public void Exp_scalar()
    {
        for (int i = 0; i < Count; i++)
            _y[i] = MathF.Exp(_x[i]);
    }

    [Benchmark]
    public void Gelu_512() => Gelu<Wide512>();

    [Benchmark]
    public void Gelu_256() => Gelu<Wide256>();

    void Exp<TVector>() where TVector : unmanaged, IHostVector<TVector>
    {
        fixed (float* x = _x, y = _y)
            for (int i = 0; i < Count; i += TVector.Count)
                TVector.Store(y + i, HostMath.Exp(TVector.Load(x + i)));
    }

    void Gelu<TVector>() where TVector : unmanaged, IHostVector<TVector>
    {
        fixed (float* x = _x, y = _y)
            for (int i = 0; i < Count; i += TVector.Count)
                TVector.Store(y + i, HostMath.Gelu(TVector.Load(x + i)));
    }
}
