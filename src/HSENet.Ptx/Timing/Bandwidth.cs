// A stream of bytes of limited rate, of which an unused share may be saved for a burst.
namespace HSENet.Ptx;

/// <summary>Says when bytes that are asked for have passed.</summary>
/// <param name="mean">Bytes a clock over a long time.</param>
/// <param name="burst">Bytes a clock at most.</param>
/// <param name="saved">Clocks for which an unused share is kept.</param>
sealed class Bandwidth(double mean, double burst, double saved)
{
    double _mean = double.NegativeInfinity, _burst = double.NegativeInfinity;

    /// <summary>When bytes that are asked for at a time are through.</summary>
    public double Take(double bytes, double now)
    {
        _mean = Math.Max(_mean, now - saved) + bytes / mean;
        _burst = Math.Max(_burst, now) + bytes / burst;
        return Math.Max(_mean, _burst);
    }
}
