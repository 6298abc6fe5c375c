// Which rung is the fastest at which sizes: the table that the model of time made, looked up by the nearest sizes that it has.
using System.Collections.Concurrent;
using System.Globalization;

namespace HSENet.Kernels;

/// <summary>What an operation's launch is looked up by: up to three sizes and the type of the weights.</summary>
readonly record struct LaunchSizes(int First, int Second, int Third = 1, WeightType? Weights = null);

/// <summary>A line of the table.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Architecture">The architecture, 90 for sm_90.</param>
/// <param name="Weights">Type of the weights; null where there are none.</param>
/// <param name="Sizes">Sizes by their names, as in <c>Rows=277,Inputs=3072,Outputs=5120</c>.</param>
/// <param name="Rungs">Rungs with their predicted microseconds, the fastest first.</param>
sealed record RungChoice(string Operation, int Architecture, WeightType? Weights, string Sizes,
    IReadOnlyList<(string Rung, double Microseconds)> Rungs)
{
    const string Mark = "choice";

    /// <summary>The sizes as a launch has them.</summary>
    public LaunchSizes Launch { get; } = Numbers(Sizes) is [var first, var second, .. var rest]
        ? new(first, second, rest.Length > 0 ? rest[0] : 1, Weights) : throw new FormatException($"{Sizes}: expected two or three sizes");

    static int[] Numbers(string sizes) =>
        [.. sizes.Split(',').Select(size => int.Parse(size[(size.IndexOf('=') + 1)..], CultureInfo.InvariantCulture))];

    /// <summary>As a line of the file.</summary>
    public override string ToString() =>
        string.Join('\t', new[] { Mark, Operation, $"sm_{Architecture}", Weights?.ToString() ?? "-", Sizes }
        .Concat(Rungs.Select(rung => string.Create(CultureInfo.InvariantCulture, $"{rung.Rung}={rung.Microseconds:F1}"))));

    /// <summary>The lines of the file that are choices.</summary>
    public static IEnumerable<RungChoice> Read(string text)
    {
        foreach (string line in text.Split('\n'))
            if (line.Split('\t') is [Mark, var operation, var architecture, var weights, var sizes, .. var rungs])
                yield return new(operation, int.Parse(architecture["sm_".Length..], CultureInfo.InvariantCulture),
                    weights == "-" ? null : Enum.Parse<WeightType>(weights), sizes, [.. rungs.Select(rung => rung.Split('='))
                        .Select(pair => (pair[0], double.Parse(pair[1], CultureInfo.InvariantCulture)))]);
    }
}

/// <summary>The table that was built into this library.</summary>
static class RungChoices
{
    /// <summary>Name of the table's file and resource.</summary>
    public const string FileName = "choices.tsv";

    static readonly Lazy<RungChoice[]> Table = new(() => [.. RungChoice.Read(Text())]);

    /// <summary>The file's text.</summary>
    public static string Text()
    {
        using var reader = new StreamReader(typeof(RungChoices).Assembly.GetManifestResourceStream(FileName)!);
        return reader.ReadToEnd();
    }

    /// <summary>The operation's rungs for a launch, the fastest first; none where the table does not have the operation.</summary>
    public static Rung<TArguments>[] Of<TArguments>(Operation<TArguments> operation, int architecture, LaunchSizes sizes)
        where TArguments : unmanaged
    {
        var known = Known<TArguments>.Found;
        if (known.TryGetValue((operation, architecture, sizes), out var found))
            return found;
        return known[(operation, architecture, sizes)] = Nearest(operation, architecture, sizes);
    }

    static Rung<TArguments>[] Nearest<TArguments>(Operation<TArguments> operation, int architecture, LaunchSizes sizes)
        where TArguments : unmanaged
    {
        RungChoice[] rows = [.. Table.Value.Where(row => row.Operation == operation.Name && row.Weights == sizes.Weights)];
        if (rows.Length == 0)
            return [];
        // Of the architectures in the table the newest that is not newer than the device's, or the oldest.
        int from = rows.Select(row => row.Architecture).Where(known => known <= architecture)
            .DefaultIfEmpty(rows.Min(row => row.Architecture)).Max();
        var nearest = rows.Where(row => row.Architecture == from).MinBy(row => Distance(row.Launch, sizes))!;
        return [.. nearest.Rungs.SelectMany(named => operation.TypedRungs.ToArray().Where(rung =>
            rung.Name == named.Rung && rung.Target == RungTarget.Gpu && (rung.Weights == null || rung.Weights == sizes.Weights)))];
    }

    // Sizes are apart by their ratios.
    static double Distance(LaunchSizes a, LaunchSizes b) =>
        Square(a.First, b.First) + Square(a.Second, b.Second) + Square(a.Third, b.Third);

    static double Square(int a, int b) => Math.Pow(Math.Log2((double)a / b), 2);

    static class Known<TArguments> where TArguments : unmanaged
    {
        public static readonly ConcurrentDictionary<(Operation<TArguments>, int, LaunchSizes), Rung<TArguments>[]> Found = new();
    }
}
