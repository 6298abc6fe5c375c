// The launches of a device while something runs.
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

sealed class LaunchLog : ILaunchObserver
{
    readonly List<(string Operation, object Arguments)> _launches = [];

    /// <summary>Runs something and gives what it launched.</summary>
    public static LaunchLog Of(Device device, Action run)
    {
        var log = new LaunchLog();
        device.Observer = log;
        try
        {
            run();
        }
        finally
        {
            device.Observer = null;
        }
        return log;
    }

    public IEnumerable<string> Operations => _launches.Select(launch => launch.Operation).Distinct();

    /// <summary>Tokens that the first layer of the decoder read, launch by launch.</summary>
    public IEnumerable<int> TokensRead(int layers) => _launches.Select(launch => launch.Arguments).OfType<RotaryEmbeddingArguments>()
        .Where((_, i) => i % layers == 0).Select(arguments => arguments.Tokens);

    public void Launching(Rung rung, object arguments) => _launches.Add((rung.Operation, arguments));

    public void Launched(Rung rung) { }
}
