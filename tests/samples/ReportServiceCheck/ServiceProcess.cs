// The service as a process of its own, on a port that the system chooses.
using System.Diagnostics;
using System.Text.RegularExpressions;

sealed partial class ServiceProcess : IDisposable
{
    readonly Process _process;
    readonly TaskCompletionSource<Uri> _address = new();
    readonly List<string> _log = [];

    public ServiceProcess(string program, params string[] arguments)
    {
        _process = new Process { StartInfo = new("dotnet", [program, "--urls", "http://127.0.0.1:0", .. arguments]) };
        _process.StartInfo.RedirectStandardOutput = true;
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
    }

    public Task<Uri> Address => _address.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Lines that it has logged so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <summary>Memory of it that is resident, in bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public int Threads
    {
        get
        {
            _process.Refresh();
            return _process.Threads.Count;
        }
    }

    void Read(string? line)
    {
        if (line is null)
        {
            _address.TrySetException(new InvalidOperationException("the service ended: " + Log));
            return;
        }
        lock (_log)
            _log.Add(line);
        if (Listening().Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
