// A line starts at once: what takes long to describe is described only where the line names it, and then whole.
using System.CommandLine;

namespace HSENet.Cli.Tests;

public sealed class StartTests
{
    static readonly RootCommand Whole = Program.Root();

    [Fact]
    public void The_list_of_verbs_has_each_with_its_words_and_arguments_but_not_the_options_of_training()
    {
        var list = Program.Root(["--help"]);
        Assert.Equal(Whole.Subcommands.Select(Words), list.Subcommands.Select(Words));
        Assert.Empty(Find(list, "train").Options);
        Assert.Empty(Find(list, "ptx").Subcommands);
    }

    [Theory]
    [InlineData("train", "train", "--help")]
    [InlineData("ptx", "ptx", "profile", "--help")]
    [InlineData("ptx", "[suggest:4]", "ptx ")]
    public void A_verb_that_the_line_names_is_whole(string verb, params string[] line)
    {
        Command expected = Find(Whole, verb), found = Find(Program.Root(line), verb);
        Assert.True(expected.Options.Count + expected.Subcommands.Count > 5);
        Assert.Equal(expected.Options.Select(Text), found.Options.Select(Text));
        Assert.Equal(expected.Subcommands.Select(Words), found.Subcommands.Select(Words));
    }

    [Fact]
    public void The_programs_help_has_each_verb_with_its_arguments_and_words_and_a_verbs_help_its_options()
    {
        string list = Hsenet.Run("--help").Output;
        Assert.All(Whole.Subcommands, verb => Assert.Contains(
            $"  {string.Join(' ', [verb.Name, .. verb.Arguments.Select(argument => $"<{argument.Name}>")])}  ", list, StringComparison.Ordinal));
        Assert.All(Whole.Subcommands, verb =>
            Assert.Contains($"  {verb.Description!.Split(['\r', '\n'])[0]}{Environment.NewLine}", list, StringComparison.Ordinal));
        Assert.Contains("--version", list, StringComparison.Ordinal);
        Assert.Contains("--stop", Hsenet.Run("report", "--help").Output, StringComparison.Ordinal);
    }

    static Command Find(RootCommand root, string verb) => root.Subcommands.Single(command => command.Name == verb);

    static string Words(Command command) =>
        $"{command.Name} {command.Description} {string.Join(' ', command.Arguments.Select(argument => argument.Name))}";

    static string Text(Option option) => $"{option.Name} {option.Description}";
}
