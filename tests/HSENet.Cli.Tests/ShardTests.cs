// Which part of a collection a run works on: by option, by Slurm's array, by Kubernetes' indexed job.
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ShardTests
{
    static Shard Of(string? option, params string[] variables) => Shard.Of(option, name =>
        variables.FirstOrDefault(variable => variable.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..]);

    static readonly string[] Slurm =
        ["SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_MIN=3", "SLURM_ARRAY_TASK_MAX=9", "SLURM_ARRAY_TASK_COUNT=4",
            "SLURM_ARRAY_TASK_STEP=2"];

    [Fact]
    public void The_option_comes_before_the_environment()
    {
        Assert.Equal((1, 16), Place(Of("2/16", Slurm)));
        Assert.Equal((0, 1), Place(Of("1/1", Slurm)));
        Assert.Equal((2, 4), Place(Of(null, Slurm)));
        Assert.Equal((0, 16), Place(Of(null, "JOB_COMPLETION_INDEX=0", "JOB_COMPLETIONS=16")));
        Assert.Equal((0, 1), Place(Of(null)));
    }

    static (int, int) Place(Shard shard) => (shard.Index, shard.Count);

    [Theory]
    [InlineData("0/3"), InlineData("4/3"), InlineData("1"), InlineData("1/0"), InlineData("a/b"), InlineData("+1/3"), InlineData("1/2/3")]
    public void What_is_no_part_is_refused(string option) =>
        Assert.Contains(option, Assert.Throws<HseNetException>(() => Of(option)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_environment_that_does_not_say_all_is_refused()
    {
        foreach (string left in Slurm.Where(variable => !variable.Contains("STEP", StringComparison.Ordinal)
            && !variable.Contains("_ID", StringComparison.Ordinal)))
            Assert.Contains("--shard", Assert.Throws<HseNetException>(() => Of(null, [.. Slurm.Where(other => other != left)])).Message,
                StringComparison.Ordinal);
        // An array of 3, 7 and 9 has no equal steps.
        Assert.Throws<HseNetException>(() => Of(null, [.. Slurm.Where(v => !v.Contains("COUNT", StringComparison.Ordinal)),
            "SLURM_ARRAY_TASK_COUNT=3"]));
        Assert.Contains("JOB_COMPLETIONS", Assert.Throws<HseNetException>(() => Of(null, "JOB_COMPLETION_INDEX=3")).Message,
            StringComparison.Ordinal);
        Assert.Throws<HseNetException>(() => Of(null, "JOB_COMPLETION_INDEX=3", "JOB_COMPLETIONS=3"));
    }

    [Fact]
    public void Parts_are_all_of_it_in_order_whatever_the_numbers()
    {
        for (int items = 0; items < 20; items++)
            for (int count = 1; count < 8; count++)
            {
                int[] all = [.. Enumerable.Range(0, items)];
                int[][] parts = [.. Enumerable.Range(0, count).Select(i => new Shard(i, count, "").Of(all).ToArray())];
                Assert.Equal(all, parts.SelectMany(part => part));
                Assert.InRange(parts.Max(part => part.Length) - parts.Min(part => part.Length), 0, 1);
            }
    }

    [Fact]
    public void Files_of_parts_sort_in_order_and_are_found_when_all_are_there()
    {
        using var folder = new TemporaryFolder();
        string path = folder.At("reports.jsonl");
        Assert.Equal(path, Shard.Whole.Name(path));
        string[] names = [.. Enumerable.Range(0, 12).Select(i => new Shard(i, 12, "").Name(path))];
        Assert.Equal(folder.At("reports.02-of-12.jsonl"), names[1]);
        Assert.Equal(names, names.Order(StringComparer.Ordinal));
        foreach (string name in names)
            File.WriteAllText(name, "");
        Assert.Equal(names, Shard.Parts(path));
        File.WriteAllText(folder.At("reports.1-of-2.jsonl"), "");
        Assert.Throws<HSENet.Runtime.HseNetFileException>(() => Shard.Parts(path));
        File.Delete(folder.At("reports.1-of-2.jsonl"));
        File.Delete(names[4]);
        Assert.Contains("reports.05-of-12.jsonl", Assert.Throws<HSENet.Runtime.HseNetFileException>(() => Shard.Parts(path)).Message,
            StringComparison.Ordinal);
    }
}
