// Linear regression with a penalty: what can be read off a volume's coarse brightness without any training worth the name.
namespace HSENet.Phantoms;

/// <summary>Weights of a ridge regression on standardised features.</summary>
sealed class RidgeRegression
{
    readonly double[] _mean, _deviation;
    readonly double[][] _weights;

    /// <summary>Fits: minimises |X·W − Y|² + penalty·|W|², the intercept not penalised.</summary>
    /// <param name="features">[N][F].</param>
    /// <param name="targets">[N][T].</param>
    /// <param name="penalty">More than 0.</param>
    public RidgeRegression(IReadOnlyList<float[]> features, IReadOnlyList<float[]> targets, double penalty)
    {
        int count = features.Count, inputs = features[0].Length, outputs = targets[0].Length;
        _mean = new double[inputs];
        _deviation = new double[inputs];
        for (int f = 0; f < inputs; f++)
        {
            int at = f;
            _mean[f] = features.Average(row => (double)row[at]);
            _deviation[f] = Math.Sqrt(features.Average(row => Math.Pow(row[at] - _mean[at], 2))) + 1e-6;
        }
        double[][] x = [.. features.Select(Standardised)];
        var gram = new double[inputs + 1, inputs + 1];
        _weights = [.. Enumerable.Range(0, outputs).Select(_ => new double[inputs + 1])];
        for (int n = 0; n < count; n++)
            for (int a = 0; a <= inputs; a++)
            {
                for (int b = 0; b <= a; b++)
                    gram[a, b] += x[n][a] * x[n][b];
                for (int t = 0; t < outputs; t++)
                    _weights[t][a] += x[n][a] * targets[n][t];
            }
        for (int f = 0; f < inputs; f++)
            gram[f, f] += penalty;
        Factorise(gram);
        foreach (double[] column in _weights)
            Solve(gram, column);
    }

    /// <summary>The targets of a sample.</summary>
    public double[] Of(float[] features)
    {
        double[] x = Standardised(features);
        return [.. _weights.Select(column => column.Zip(x, (weight, value) => weight * value).Sum())];
    }

    double[] Standardised(float[] row) => [.. row.Select((value, f) => (value - _mean[f]) / _deviation[f]), 1];

    // Cholesky: the lower triangle becomes L with L·Lᵀ the matrix.
    static void Factorise(double[,] a)
    {
        int n = a.GetLength(0);
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = a[i, j];
                for (int k = 0; k < j; k++)
                    sum -= a[i, k] * a[j, k];
                a[i, j] = i == j ? Math.Sqrt(sum) : sum / a[j, j];
            }
    }

    static void Solve(double[,] l, double[] x)
    {
        int n = x.Length;
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
                x[i] -= l[i, k] * x[k];
            x[i] /= l[i, i];
        }
        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
                x[i] -= l[k, i] * x[k];
            x[i] /= l[i, i];
        }
    }
}
