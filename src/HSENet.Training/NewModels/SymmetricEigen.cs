// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations.
namespace HSENet.Training;

static class SymmetricEigen
{
    const int Sweeps = 30;
    const double Enough = 1e-22; // of the squared sum: what is left off the diagonal shows in no f32

    /// <summary>The eigenvalues, largest first, and their vectors of length 1 in the rows beneath.</summary>
    /// <param name="matrix">[n, n], symmetric; overwritten.</param>
    /// <param name="n">Rows.</param>
    public static (double[] Values, double[][] Vectors) Of(double[] matrix, int n)
    {
        double[][] a = [.. Enumerable.Range(0, n).Select(i => matrix[(i * n)..((i + 1) * n)])], vectors = new double[n][];
        for (int i = 0; i < n; i++)
            (vectors[i] = new double[n])[i] = 1;
        double all = a.Sum(row => row.Sum(value => value * value));
        for (int sweep = 0; sweep < Sweeps && Off(a) > Enough * all; sweep++)
            for (int p = 0; p < n - 1; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p][q] != 0)
                        Rotate(a, vectors, p, q);
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => a[i][i])];
        return ([.. order.Select(i => a[i][i])], [.. order.Select(i => vectors[i])]);
    }

    static double Off(double[][] a)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            for (int j = 0; j < i; j++)
                sum += 2 * a[i][j] * a[i][j];
        return sum;
    }

    // Makes a[p][q] zero: Golub and Van Loan, Matrix Computations, section 8.5.
    static void Rotate(double[][] a, double[][] vectors, int p, int q)
    {
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]),
            tangent = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)),
            cosine = 1 / Math.Sqrt(tangent * tangent + 1), sine = tangent * cosine;
        Turn(a[p], a[q], cosine, sine);
        foreach (double[] row in a)
            (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
        Turn(vectors[p], vectors[q], cosine, sine);
    }

    static void Turn(double[] first, double[] second, double cosine, double sine)
    {
        for (int i = 0; i < first.Length; i++)
            (first[i], second[i]) = (cosine * first[i] - sine * second[i], sine * first[i] + cosine * second[i]);
    }
}
