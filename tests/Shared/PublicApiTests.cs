// The public surface of the package under test is the approved one: a change of it shows as a change of PublicApi.txt.
using System.Reflection;
using PublicApiGenerator;

namespace HSENet.Tests;

public class PublicApiTests
{
    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string tests = Assembly.GetExecutingAssembly().GetName().Name!;
        string file = Path.Combine(GoldenFolder.RepositoryRoot(), "tests", tests, "PublicApi.txt");
        var package = Assembly.Load(tests[..^".Tests".Length]);
        string surface = package.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }) + "\n";
        surface = surface.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("HSENET_APPROVE") == "1")
            File.WriteAllText(file, surface);
        Assert.True(File.Exists(file) && File.ReadAllText(file).ReplaceLineEndings("\n") == surface,
            $"{file} does not list what is public now. If the change is meant: HSENET_APPROVE=1 dotnet test tests/{tests} "
            + "--filter PublicApiTests, and look at the difference");
    }
}
