// Which class was wanted and which was named: precision, recall and F1 of each, as scikit-learn's classification_report defines them.

namespace HSENet.Evaluation;

/// <summary>Counts over <see cref="AnswerMetrics.Classes"/>; what divides by nothing is 0.</summary>
internal sealed class ClassTable
{
    static readonly int Classes = AnswerMetrics.Classes.Count;

    /// <summary>Names of <see cref="Average"/>. The micro averages of precision, recall and F1 are all the accuracy: each sample has one
    /// class.</summary>
    public static readonly string[] Averages = ["class_accuracy", "class_macro_precision", "class_macro_recall", "class_macro_f1",
        "class_weighted_precision", "class_weighted_recall", "class_weighted_f1"];

    readonly int[] _right = new int[Classes], _wanted = new int[Classes], _named = new int[Classes];

    public static int IndexOf(string name) => AnswerMetrics.Classes.TakeWhile(other => other != name).Count();

    public static ClassTable Of(int[] wanted, int[] named, int[] samples)
    {
        var table = new ClassTable();
        foreach (int sample in samples)
        {
            table._wanted[wanted[sample]]++;
            table._named[named[sample]]++;
            if (wanted[sample] == named[sample])
                table._right[wanted[sample]]++;
        }
        return table;
    }

    /// <summary>Accuracy; means over the classes that were wanted or named, each alike (macro) or by how often it was wanted
    /// (weighted).</summary>
    public double[] Average()
    {
        int[] present = [.. Enumerable.Range(0, Classes).Where(i => _wanted[i] + _named[i] > 0)];
        double samples = _wanted.Sum();
        double[][] rows = [.. present.Select(Row)];
        return [_right.Sum() / samples, .. Enumerable.Range(0, 3).Select(column => rows.Average(row => row[column])),
            .. Enumerable.Range(0, 3).Select(column => rows.Zip(present, (row, i) => row[column] * _wanted[i]).Sum() / samples)];
    }

    /// <summary>Every class that was wanted or named.</summary>
    public FigureTable Table() => new("class", ["precision", "recall", "f1", "support"],
        [.. Enumerable.Range(0, Classes).Where(i => _wanted[i] + _named[i] > 0)
            .Select(i => (AnswerMetrics.Classes[i], (double[])[.. Row(i), _wanted[i]]))]);

    double[] Row(int i)
    {
        double precision = Share(_right[i], _named[i]), recall = Share(_right[i], _wanted[i]);
        return [precision, recall, Share(2 * precision * recall, precision + recall)];
    }

    static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
