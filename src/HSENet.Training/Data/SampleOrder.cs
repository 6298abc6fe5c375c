// Which samples come when: every epoch in an order of its own that follows from the seed, cut into batches.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A sample's place in a run.</summary>
/// <param name="Epoch">Pass over the samples, from 0.</param>
/// <param name="Row">Index of the sample in its list.</param>
readonly record struct SamplePlace(long Epoch, int Row);

/// <summary>The batches of a run by number, so that a resumed run goes on anywhere. The last batch of an epoch may be smaller.</summary>
/// <param name="rows">Number of samples.</param>
/// <param name="batch">Samples in a batch.</param>
/// <param name="seed">Seed of the orders; null keeps the order of the list.</param>
sealed class SampleOrder(int rows, int batch, long? seed)
{
    long _epoch = -1;
    int[] _order = [];

    /// <summary>Batches in an epoch.</summary>
    public long BatchesPerEpoch => (rows + batch - 1) / batch;

    /// <summary>The samples of a batch.</summary>
    public SamplePlace[] At(long number)
    {
        var (epoch, within) = Math.DivRem(number, BatchesPerEpoch);
        if (epoch != _epoch)
            (_epoch, _order) = (epoch, seed is { } drawn ? new SeededDraws(drawn, "order", epoch).Order(rows)
                : [.. Enumerable.Range(0, rows)]);
        int start = checked((int)(within * batch));
        return [.. _order[start..Math.Min(rows, start + batch)].Select(row => new SamplePlace(epoch, row))];
    }
}
