// Reads host memory in several ways: which is the fastest depends on the machine, and the fastest is what its memory gives.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>One way of reading memory on all threads of a device.</summary>
/// <param name="Name">How it reads.</param>
/// <param name="Read">Reads all values; the sums, 16 floats for each thread, keep the loops from being empty.</param>
sealed record HostSweep(string Name, Action<HostDevice, View<float>, View<float>> Read)
{
    const int Run = 32 * 1024; // floats: what a one-row product reads at a time

    /// <summary>The ways: in short runs that are handed out or in one part for each thread, as one stream or several, with the hardware's
    /// prefetch alone or lines asked for ahead.</summary>
    public static IReadOnlyList<HostSweep> Ways { get; } =
    [
        Of<One, Hardware>("runs, one stream", inParts: false), Of<One, Near>("runs, one stream, 1 KB ahead", inParts: false),
        Of<One, Far>("runs, one stream, 8 KB ahead", inParts: false), Of<Two, Hardware>("runs, two streams", inParts: false),
        Of<Four, Hardware>("runs, four streams", inParts: false), Of<Four, Near>("runs, four streams, 1 KB ahead", inParts: false),
        Of<One, Hardware>("a part for each thread, one stream", inParts: true),
        Of<Four, Hardware>("a part for each thread, four streams", inParts: true),
        Of<One, Passing>("a part for each thread, one stream, 2 KB ahead past the caches", inParts: true),
    ];

    static HostSweep Of<TStreams, TAhead>(string name, bool inParts) where TStreams : struct, INumberOf where TAhead : struct, IAhead =>
        new(name, (device, values, sums) =>
        {
            int run = inParts ? Parts.Of(values.Length, device.Threads * 16) * 16 : Run;
            device.ForVectors(Parts.Of(values.Length, run), new Sweep<TStreams, TAhead>(values, sums, run));
        });

    interface INumberOf
    {
        static abstract int Count { get; }
    }

    readonly struct One : INumberOf
    {
        public static int Count => 1;
    }

    readonly struct Two : INumberOf
    {
        public static int Count => 2;
    }

    readonly struct Four : INumberOf
    {
        public static int Count => 4;
    }

    interface IAhead
    {
        // Floats from what is read to what is asked for; 0 for nothing.
        static abstract int Distance { get; }

        static abstract bool PastCaches { get; }
    }

    readonly struct Hardware : IAhead
    {
        public static int Distance => 0;

        public static bool PastCaches => false;
    }

    readonly struct Near : IAhead
    {
        public static int Distance => 256;

        public static bool PastCaches => false;
    }

    readonly struct Far : IAhead
    {
        public static int Distance => 2048;

        public static bool PastCaches => false;
    }

    readonly struct Passing : IAhead
    {
        public static int Distance => 512;

        public static bool PastCaches => true;
    }

    readonly unsafe struct Sweep<TStreams, TAhead>(View<float> values, View<float> sums, int run) : IHostVectorWork
        where TStreams : struct, INumberOf where TAhead : struct, IAhead
    {
        const int Step = 32; // floats of a stream at a time: two cache lines

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long length = Math.Min(run, values.Length - (long)index * run), part = length / TStreams.Count / Step * Step;
            float* p = values.Pointer + (long)index * run;
            TVector a = default, b = default, c = default, d = default;
            for (float* end = p + part; p < end; p += Step)
            {
                a += Lines<TVector>(p);
                if (TStreams.Count > 1)
                    b += Lines<TVector>(p + part);
                if (TStreams.Count > 2)
                {
                    c += Lines<TVector>(p + 2 * part);
                    d += Lines<TVector>(p + 3 * part);
                }
            }
            sums[worker * 16] = TVector.Sum(a + b + (c + d));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static TVector Lines<TVector>(float* p) where TVector : unmanaged, IHostVector<TVector>
        {
            if (Sse.IsSupported && TAhead.Distance > 0 && !TAhead.PastCaches)
            {
                Sse.Prefetch0(p + TAhead.Distance);
                Sse.Prefetch0(p + TAhead.Distance + 16);
            }
            if (Sse.IsSupported && TAhead.PastCaches)
            {
                Sse.PrefetchNonTemporal(p + TAhead.Distance);
                Sse.PrefetchNonTemporal(p + TAhead.Distance + 16);
            }
            var sum = TVector.Load(p) + TVector.Load(p + TVector.Count);
            for (int i = 2 * TVector.Count; i < Step; i += 2 * TVector.Count)
                sum += TVector.Load(p + i) + TVector.Load(p + i + TVector.Count);
            return sum;
        }
    }
}
