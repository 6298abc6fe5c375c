// Adapters of any ranks and scales as a model folder keeps them: one rank and one scale, one pair of matrices per linear layer.
using System.Runtime.InteropServices;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>An adapter of some rows of a linear layer.</summary>
/// <param name="Place">The rows.</param>
/// <param name="A">[rank, inputs].</param>
/// <param name="B">[rows, rank].</param>
/// <param name="Scale">Of the product.</param>
readonly record struct LowRankPart(FusedModule Place, TensorEntry A, TensorEntry B, double Scale);

/// <summary>All adapters of a model.</summary>
/// <param name="Lora">Rank and alpha; null when there is none.</param>
/// <param name="Modules">By the linear layer's name in the language model.</param>
sealed record LowRankAdapters(LoraConfig? Lora, IReadOnlyDictionary<string, (TensorEntry A, TensorEntry B)> Modules)
{
    /// <summary>Brings all to the largest rank with zeros and to the most frequent scale by multiplying B: the products stay the
    /// same.</summary>
    public static LowRankAdapters Of(IReadOnlyList<LowRankPart> parts)
    {
        var layers = parts.GroupBy(part => part.Place.Module).ToArray();
        if (layers.Length == 0)
            return new LowRankAdapters(null, new Dictionary<string, (TensorEntry, TensorEntry)>());
        long rank = layers.Max(layer => layer.Sum(part => part.A.Shape[0]));
        double scale = parts.GroupBy(part => part.Scale).MaxBy(group => group.Count())!.Key;
        return new LowRankAdapters(new LoraConfig { R = (int)rank, LoraAlpha = (float)(scale * rank) },
            layers.ToDictionary(layer => layer.Key, layer => Stack([.. layer], (int)rank, scale)));
    }

    static (TensorEntry A, TensorEntry B) Stack(LowRankPart[] parts, int rank, double scale)
    {
        if (parts is [var only] && only.A.Shape[0] == rank && only.Scale == scale && only.Place.Rows == only.Place.AllRows)
            return (only.A, only.B);
        int inputs = (int)parts[0].Place.Inputs, rows = (int)parts[0].Place.AllRows, first = 0;
        float[] a = new float[(long)rank * inputs], b = new float[(long)rows * rank];
        foreach (var part in parts)
        {
            int own = (int)part.A.Shape[0];
            part.A.ToSingles(0, a.AsSpan(first * inputs, own * inputs));
            float[] values = part.B.ToSingles();
            float factor = (float)(part.Scale / scale);
            for (int row = 0; row < part.Place.Rows; row++)
                for (int r = 0; r < own; r++)
                    b[((int)part.Place.FirstRow + row) * rank + first + r] = factor * values[row * own + r];
            first += own;
        }
        return (Entry(parts[0].A, a, [rank, inputs]), Entry(parts[0].B, b, [rows, rank]));
    }

    static TensorEntry Entry(TensorEntry like, float[] values, long[] shape) =>
        new(like.Name, DataType.F32, shape, FileBytes.FromArray(like.File, MemoryMarshal.AsBytes<float>(values).ToArray()), 0);
}
