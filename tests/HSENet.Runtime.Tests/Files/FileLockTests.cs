// A file that several want at once is one's at a time, and nothing stays behind.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class FileLockTests
{
    [Fact]
    public void One_has_it_at_a_time_however_the_others_come()
    {
        using var folder = new TemporaryFolder();
        string file = folder.At("chest.index");
        int inside = 0, most = 0, taken = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 2000; i++)
                try
                {
                    using var held = FileLock.Take(file);
                    int now = Interlocked.Increment(ref inside);
                    if (now > 1)
                        Interlocked.Exchange(ref most, now);
                    Interlocked.Increment(ref taken);
                    Thread.SpinWait(200);
                    Interlocked.Decrement(ref inside);
                }
                catch (HseNetFileException)
                {
                    // Another has it.
                }
        }))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(0, most);
        Assert.True(taken > 0);
        Assert.Empty(Directory.GetFiles(folder.Path));
        FileLock.Take(file).Dispose();
    }

    [Fact]
    public void Who_comes_second_is_refused_and_may_have_it_afterwards()
    {
        using var folder = new TemporaryFolder();
        string file = folder.At("reports.jsonl");
        using (FileLock.Take(file))
            Assert.Equal(file, Assert.Throws<HseNetFileException>(() => FileLock.Take(file)).File);
        FileLock.Take(file).Dispose();
    }
}
