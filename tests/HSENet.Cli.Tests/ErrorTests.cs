// Errors of all packages: one base, and texts that speak of properties, which the program turns into its options.
using System.Reflection;
using System.Text.RegularExpressions;
using HSENet.Evaluation;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli.Tests;

public sealed partial class ErrorTests
{
    static readonly Assembly[] Packages =
        [typeof(PtxModule).Assembly, typeof(Device).Assembly, typeof(HseNetModel).Assembly, typeof(Trainer).Assembly,
            typeof(RetrievalMetrics).Assembly];

    [Fact]
    public void Every_error_of_the_packages_has_one_base()
    {
        Type[] errors = [.. Packages.SelectMany(package => package.GetTypes()).Where(type => type.IsSubclassOf(typeof(Exception)))];
        Assert.Contains(typeof(KernelFaultException), errors);
        Assert.All(errors, error => Assert.True(typeof(HseNetException).IsAssignableFrom(error), error.FullName));
    }

    [Fact]
    public void No_text_of_the_packages_names_an_option_of_the_program()
    {
        var found = from folder in (string[])["src", "kernels"]
                    from file in Directory.EnumerateFiles(Path.Combine(Hsenet.Repository, folder), "*.cs", SearchOption.AllDirectories)
                    where !file.Contains("HSENet.Cli") && !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")
                    from line in File.ReadLines(file)
                    where OptionInText().IsMatch(line) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
                        && !line.Contains("ptxas") && !line.Contains("Start(") && !line.Contains("args")
                    select $"{file}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Every_option_behind_a_property_is_one_of_the_programs_and_the_property_exists()
    {
        foreach (var (words, option) in OptionNames.All)
        {
            Assert.Matches("--[a-z]", option);
            if (PropertyName().Match(words) is { Success: true } named)
                Assert.NotNull(Packages.SelectMany(package => package.GetTypes())
                    .FirstOrDefault(type => type.Name == named.Groups[1].Value)?.GetMember(named.Groups[2].Value).FirstOrDefault());
            Assert.Equal($"x; {option}!", OptionNames.In($"x; {words}!"));
        }
    }

    [Fact]
    public void A_width_of_vectors_that_there_is_not_is_one_line_and_exit_code_2()
    {
        var outcome = Hsenet.Run("", [("HSENET_HOST_VECTORS", "1000")],
            ["bench", "gelu", "--device", "cpu", "--seconds", "0", "--shape", "Count=64"]);
        Assert.Equal(2, outcome.Code);
        Assert.Equal("hsenet: HSENET_HOST_VECTORS: expected 128, 256 or 512, got '1000'\n", outcome.Error);
    }

    [Theory]
    [InlineData("Gelu=V9", "Gelu has no rung V9; expected one of Host")]
    [InlineData("Gello=V1", "no operation is called Gello; expected one of ")]
    [InlineData("Gelu", "'Gelu': expected Operation=Rung")]
    public void A_rung_that_there_is_not_is_one_line_and_exit_code_2(string forced, string line) =>
        Hsenet.Run("", [("HSENET_FORCE_KERNEL", forced)], ["bench", "gelu", "--device", "cpu", "--seconds", "0", "--shape", "Count=64"])
            .IsRefused($"hsenet: HSENET_FORCE_KERNEL: {line}");

    [GeneratedRegex("\"[^\"]*(?<![-\\w])--[a-z]")]
    private static partial Regex OptionInText();

    [GeneratedRegex(@"(\w+)\.(\w+)")]
    private static partial Regex PropertyName();
}
