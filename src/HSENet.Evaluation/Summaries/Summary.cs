// What an evaluation comes to: figures with intervals, and tables by group.

namespace HSENet.Evaluation;

/// <summary>A figure over all samples.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Of the samples as they are.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end.</param>
internal readonly record struct Figure(string Name, double Value, double Low, double High);

/// <summary>Figures of parts of the samples.</summary>
/// <param name="Name">What the parts are.</param>
/// <param name="Columns">The figures.</param>
/// <param name="Rows">Each part's.</param>
internal sealed record FigureTable(string Name, IReadOnlyList<string> Columns, IReadOnlyList<(string Name, double[] Values)> Rows);

/// <summary>The result of an evaluation.</summary>
/// <param name="Task">What was evaluated.</param>
/// <param name="Samples">How many.</param>
/// <param name="Studies">Of how many studies.</param>
/// <param name="Bootstrap">How the intervals were drawn.</param>
/// <param name="Figures">Over all samples.</param>
/// <param name="Tables">By group.</param>
/// <param name="Notes">What a reader should know about the figures.</param>
internal sealed record Summary(string Task, int Samples, int Studies, Bootstrap Bootstrap, IReadOnlyList<Figure> Figures,
    IReadOnlyList<FigureTable> Tables, IReadOnlyList<string> Notes)
{
    /// <summary>The value of a figure.</summary>
    public double this[string name] => Figures.First(figure => figure.Name == name).Value;
}
