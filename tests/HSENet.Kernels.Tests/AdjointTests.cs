// Every backward operation passes the adjoint test against finite differences of its forward reference.
namespace HSENet.Kernels.Tests;

public sealed class AdjointTests
{
    static readonly AdjointCheck[] Checks = [.. AllCases.Adjoints];

    public static TheoryData<int, int> Inputs
    {
        get
        {
            var data = new TheoryData<int, int>();
            for (int check = 0; check < Checks.Length; check++)
                for (int input = 0; input < Checks[check].Sizes.Length; input++)
                    data.Add(check, input);
            return data;
        }
    }

    [Theory, MemberData(nameof(Inputs))]
    public void Backward_is_the_adjoint_of_the_forward_derivative(int check, int input)
    {
        double share = Checks[check].Share(input);
        Assert.True(share <= 1, $"{Checks[check]}, input {input}: {share:G3} times the allowed difference");
        Assert.True(Checks[check].Share(input, scale: 1.001) > 1,
            $"{Checks[check]}, input {input}: a gradient that is 0.1 % too large passes");
    }

    [Fact]
    public void Every_backward_operation_has_an_adjoint_check() =>
        Assert.Superset(
            KernelCatalog.Operations.Select(operation => operation.Name).Where(name => name.EndsWith(".Backward")).ToHashSet(),
            Checks.Select(check => check.Operation.Name).ToHashSet());
}
