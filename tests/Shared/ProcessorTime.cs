// Time that a thread has computed, which other programs on a busy machine do not add to.
using System.Runtime.InteropServices;

namespace HSENet.Tests;

/// <summary>The processor time of the calling thread.</summary>
internal static class ProcessorTime
{
    /// <summary>How long <paramref name="work"/> kept this thread's processor.</summary>
    public static TimeSpan Of(Action work)
    {
        TimeSpan before = OfThread();
        work();
        return OfThread() - before;
    }

    static TimeSpan OfThread()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.True(GetThreadTimes(GetCurrentThread(), out _, out _, out long kernel, out long user));
            return new TimeSpan(kernel + user);
        }
        Assert.Equal(0, ClockGetTime(OperatingSystem.IsMacOS() ? 16 : 3, out TimeSpec time)); // CLOCK_THREAD_CPUTIME_ID
        return new TimeSpan(time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public nint Seconds, Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    static extern int ClockGetTime(int clock, out TimeSpec time);

    [DllImport("kernel32")]
    static extern nint GetCurrentThread();

    [DllImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool GetThreadTimes(nint thread, out long creation, out long exit, out long kernel, out long user);
}
