// An adapter added to its weights, a few rows at a time.
using System.Numerics;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Elements of W + scale · B·A.</summary>
sealed class MergedWeights
{
    readonly ElementReader _weights;
    readonly float[] _a, _b;
    readonly float _scale;
    readonly int _rank, _columns;

    /// <exception cref="HseNetFileException">The adapter does not fit the weights.</exception>
    public MergedWeights(string name, long[] shape, ElementReader weights, TensorEntry a, TensorEntry b, float scale)
    {
        if (a.Shape is not [var rank, var inputs] || b.Shape is not [var outputs, var columns] || shape is not [var rows, var width]
            || inputs != width || outputs != rows || columns != rank)
            throw new HseNetFileException(a.File, $"{a} and {b} do not fit {name} [{string.Join(", ", shape)}]",
                $"[r, {shape[^1]}] and [{shape[0]}, r]");
        (_weights, _scale, _rank, _columns) = (weights, scale, (int)rank, (int)width);
        (_a, _b) = (a.ToSingles(), b.ToSingles());
    }

    public void Read(long first, Span<float> destination)
    {
        _weights(first, destination);
        for (int i = 0; i < destination.Length;)
        {
            long row = (first + i) / _columns;
            int column = (int)((first + i) % _columns), count = Math.Min(_columns - column, destination.Length - i);
            var target = destination.Slice(i, count);
            for (int r = 0; r < _rank; r++)
                Add(_scale * _b[row * _rank + r], _a.AsSpan(r * _columns + column, count), target);
            i += count;
        }
    }

    static void Add(float factor, ReadOnlySpan<float> row, Span<float> target)
    {
        int c = 0;
        for (; c <= row.Length - Vector<float>.Count; c += Vector<float>.Count)
            (new Vector<float>(target[c..]) + factor * new Vector<float>(row[c..])).CopyTo(target[c..]);
        for (; c < row.Length; c++)
            target[c] += factor * row[c];
    }
}
