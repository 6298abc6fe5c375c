// One part of a collection, for one of several machines that need no word from each other.
using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Which part of a collection a run works on: rows that stand together, so that results joined in order are those of one
/// run.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">How many parts there are.</param>
/// <param name="Source">Who said so.</param>
sealed partial record Shard(int Index, int Count, string Source)
{
    const string Kubernetes = "JOB_COMPLETION_INDEX", KubernetesCount = "JOB_COMPLETIONS", Slurm = "SLURM_ARRAY_TASK";

    /// <summary>All of it.</summary>
    public static Shard Whole { get; } = new(0, 1, "");

    /// <summary>The option of all verbs that work through a collection.</summary>
    public static Option<string?> Option() => new("--shard")
    {
        Description = "I/N: only part I of N, from 1/N to N/N; files of results are named after it, as in out.02-of-16.jsonl. By default "
            + $"an array of Slurm says it, or an indexed job of Kubernetes ({Kubernetes}, and {KubernetesCount} set to its completions); "
            + "1/1 is all of it."
    };

    /// <summary>The part that an option, or else the environment, names.</summary>
    /// <exception cref="HseNetException">It cannot be used.</exception>
    public static Shard Of(ParseResult parsed, Option<string?> option) =>
        Of(parsed.GetValue(option), Environment.GetEnvironmentVariable);

    internal static Shard Of(string? option, Func<string, string?> environment)
    {
        if (option is not null)
            return option.Split('/') is [var index, var count] && Number(index) is { } i and > 0 && Number(count) is { } n && i <= n
                ? new Shard(i - 1, n, "--shard")
                : throw new HseNetException($"--shard {option}: expected I/N with I from 1 to N, as in 2/16");
        if (environment($"{Slurm}_ID") is { Length: > 0 })
        {
            int id = Variable($"{Slurm}_ID"), first = Variable($"{Slurm}_MIN"), n = Variable($"{Slurm}_COUNT"),
                last = Variable($"{Slurm}_MAX"),
                step = Variable($"{Slurm}_STEP", 1);
            return step > 0 && last == first + (n - 1) * step && id >= first && id <= last && (id - first) % step == 0
                ? new Shard((id - first) / step, n, $"{Slurm}_ID={id} of {first} to {last}")
                : throw new HseNetException($"task {id} of Slurm's array of {n} from {first} to {last} by {step}: expected an array "
                    + "without gaps, or --shard I/N");
        }
        if (environment(Kubernetes) is { Length: > 0 })
        {
            int index = Variable(Kubernetes), n = Variable(KubernetesCount);
            return index < n ? new Shard(index, n, $"{Kubernetes}={index}")
                : throw new HseNetException($"{Kubernetes}={index}: expected less than {KubernetesCount}={n}");
        }
        return Whole;

        int Variable(string name, int? otherwise = null) => environment(name) is not { Length: > 0 } text
            ? otherwise ?? throw new HseNetException(
                $"{name} is not set, so this part's place is not known; expected it, or --shard I/N (1/1 for all)")
            : Number(text) ?? throw new HseNetException($"{name}={text}: expected a whole number, or --shard I/N");
    }

    static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>Says on stderr which part this is; nothing for the whole.</summary>
    public void Tell(int items, string what)
    {
        if (Count > 1)
            Messages.Note($"part {Index + 1} of {Count} ({Source}): {what} {Start(items) + 1} to {Start(items, 1)} of {items}");
    }

    /// <summary>This part's items.</summary>
    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> items) =>
        Count == 1 ? items : [.. items.Skip(Start(items.Count)).Take(Start(items.Count, 1) - Start(items.Count))];

    int Start(int items, int next = 0) => (int)((long)(Index + next) * items / Count);

    /// <summary>The file of this part's results, whose place among the others its name says.</summary>
    public string Name(string path)
    {
        if (Count == 1)
            return path;
        int digits = $"{Count}".Length;
        string part = string.Create(CultureInfo.InvariantCulture, $".{$"{Index + 1}".PadLeft(digits, '0')}-of-{Count}");
        return Path.ChangeExtension(path, null) + part + Path.GetExtension(path);
    }

    /// <summary>The files of all parts that <see cref="Name"/> gave names to, in order.</summary>
    /// <exception cref="HseNetFileException">There is none, one is missing, or they are of several runs.</exception>
    public static IReadOnlyList<string> Parts(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, stem = Path.GetFileNameWithoutExtension(path);
        var found = new SortedSet<(int Count, int Index)>();
        if (Directory.Exists(folder))
            foreach (string file in Directory.EnumerateFiles(folder, $"{stem}.*{Path.GetExtension(path)}"))
                if (Part().Match(Path.GetFileNameWithoutExtension(file)[stem.Length..]) is { Success: true } match)
                    found.Add((int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
                        int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
        if (found.Count == 0)
            throw new HseNetFileException(path, "has no parts beside it",
                $"what runs with --shard I/N wrote, as {new Shard(0, 2, "").Name(path)}");
        int count = found.Min.Count;
        if (found.Max.Count != count)
            throw new HseNetFileException(path, $"has parts of {count} and of {found.Max.Count} beside it", "the parts of one division");
        string[] names = [.. Enumerable.Range(0, count).Select(i => new Shard(i, count, "").Name(path))];
        return Array.Find(names, name => !File.Exists(name)) is { } missing
            ? throw new HseNetFileException(missing, "does not exist", $"all {count} parts") : names;
    }

    [GeneratedRegex(@"^\.(\d{1,6})-of-(\d{1,6})$")]
    private static partial Regex Part();
}
