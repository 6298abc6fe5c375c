// Work that gives a result for each number, on so many threads at most.
using System.Runtime.ExceptionServices;

namespace HSENet.Ptx;

static class ParallelResults
{
    /// <summary>The results of 0 to <paramref name="count"/> − 1, in order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="threads">Threads that work on them at most.</param>
    /// <param name="work">Makes one; what it throws ends the others.</param>
    public static T[] Each<T>(int count, int threads, Func<int, T> work)
    {
        T[] results = new T[count];
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, n => results[n] = work(n));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); // callers expect what the work throws
        }
        return results;
    }

    /// <summary>The same on all cores, for work that no device bounds.</summary>
    public static T[] Each<T>(int count, Func<int, T> work) => Each(count, Environment.ProcessorCount, work);
}
