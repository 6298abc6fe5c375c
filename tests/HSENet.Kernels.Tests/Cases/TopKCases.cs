// Cases of TopK: fewer scores than are asked for, equal scores, columns left out, what is not a number, rows beside the group's size.
namespace HSENet.Kernels.Tests;

static class TopKCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1), Case(1, 1000, 10), Case(3, 257, 5), Case(2, 64, 64), Case(1, 5, 9), Case(2, 130, 7, levels: true),
        Case(2, 300, 12, wanted: 3), Case(1, 40, 20, wanted: 3), Case(2, 129, 6, odd: true), Case(1, 6, 4, odd: true),
        Case(2, 9000, 7), Case(2, 4200, 9, levels: true), Case(1, 5000, 3, wanted: 3), Case(1, 4100, 70),
    ];

    static KernelCase<TopKArguments> Case(int rows, int columns, int top, bool levels = false, int wanted = 0, bool odd = false)
    {
        float[] scores = Numbers.Uniform(rows * columns, 1);
        if (levels)
            scores = Array.ConvertAll(scores, score => score > 0.3f ? 1f : score > -0.3f ? 0f : -0f);
        if (odd)
            scores = [.. scores.Select((score, i) => i % 3 == 0 ? float.NaN : score)];
        byte[] chosen = [.. Enumerable.Range(0, wanted > 0 ? columns : 0).Select(i => (byte)(i % wanted == 0 ? 1 : 0))];
        return new(TopK.ForwardOperation,
            memory => new TopKArguments
            {
                Scores = memory.Input(scores),
                Wanted = chosen.Length > 0 ? memory.Input(chosen) : default,
                Values = memory.Output(rows * top),
                Indices = memory.Output<int>(rows * top),
                Rows = rows,
                Columns = columns,
                Top = top,
            },
            Expect)
        {
            Name = $"{top} of {rows} × {columns}{(levels ? ", two different" : "")}{(wanted > 0 ? $", every {wanted}rd wanted" : "")}"
                + (odd ? ", some no number" : ""),
            Twins = columns == 1 ? [] : new()
            {
                ["the first column left out"] = static a =>
                    a with { Scores = a.Scores.Slice(1, a.Scores.Length - 1), Columns = a.Columns - 1 },
                ["the smallest first"] = static a => Negated(a),
            },
        };
    }

    static TopKArguments Negated(TopKArguments a)
    {
        for (int i = 0; i < a.Scores.Length; i++)
            a.Scores[i] = -a.Scores[i];
        return a;
    }

    static Expected[] Expect(TopKArguments a)
    {
        var (values, indices) = TopK.Reference(a);
        return [Expected.Of(values, _ => 0), Expected.Of(Array.ConvertAll(indices, i => (double)i), _ => 0)];
    }
}
