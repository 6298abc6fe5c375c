// One line on stderr that is rewritten while long work runs; silent when stderr is no terminal.
using System.Diagnostics;

namespace HSENet.Cli;

/// <summary>Shows what is being done, and the time left where a share is known.</summary>
sealed class ProgressLine : IDisposable
{
    readonly Stopwatch _clock = Stopwatch.StartNew();
    readonly bool _interactive = !Console.IsErrorRedirected;
    long _shownAt = -1000;
    int _width;

    /// <summary>Rewrites the line, at most ten times a second while a share grows.</summary>
    public void Show(string text, double? share = null)
    {
        if (!_interactive || (share is > 0 and < 1 && _clock.ElapsedMilliseconds - _shownAt < 100))
            return;
        _shownAt = _clock.ElapsedMilliseconds;
        if (share is > 0.02 and < 1)
            text += $", {TimeSpan.FromSeconds(_clock.Elapsed.TotalSeconds * (1 - share.Value) / share.Value):m\\:ss} left";
        Console.Error.Write($"\r{text.PadRight(_width)}");
        _width = text.Length;
    }

    /// <summary>Other work begins, whose time left is counted from now on.</summary>
    public void Restart()
    {
        _clock.Restart();
        _shownAt = -1000;
    }

    /// <summary>Removes the line, so that other output starts on a clean one.</summary>
    public void Clear()
    {
        if (_width > 0)
            Console.Error.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
    }

    public void Dispose() => Clear();
}

/// <summary>Calls back on the reporting thread: <see cref="Progress{T}"/> would post to the pool, out of order.</summary>
sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
