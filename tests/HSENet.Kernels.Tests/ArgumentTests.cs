// What holds for the arguments of every operation: tensors that are too short are refused, and fields stand in one order.
using System.Globalization;
using System.Reflection;

namespace HSENet.Kernels.Tests;

public sealed class ArgumentTests
{
    public static TheoryData<string> OperationNames => [.. KernelCatalog.Operations.Select(operation => operation.Name)];

    [Theory, MemberData(nameof(OperationNames))]
    public void Half_of_any_tensor_is_refused(string operation)
    {
        // An optional tensor, or one that may be longer than needed, is held to its length by one case at least.
        var fields = AllCases.Cases.Where(@case => @case.Operation.Name == operation).SelectMany(@case => @case.Halved())
            .ToLookup(half => half.Field, half => half.Refused);
        Assert.NotEmpty(fields);
        foreach (var field in fields)
            Assert.True(field.Any(refused => refused), $"{operation} takes half of {field.Key}");
    }

    [Theory, MemberData(nameof(OperationNames))]
    public void Tensors_come_first_then_sizes_then_constants(string operation)
    {
        var arguments = KernelCatalog.Operations.Single(found => found.Name == operation).GetType().GetGenericArguments().Single();
        // What a launch fills in is its own: the memory between stages, and how they divide the work.
        int[] order = [.. arguments.GetFields()
            .Where(field => field.FieldType != typeof(View<byte>) && field.Name != nameof(LinearArguments.PartInputs)).Select(Rank)];
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public void A_backward_takes_over_every_argument_of_its_forward_and_a_packer_every_size_of_its_grid()
    {
        object forward = new AttentionArguments();
        // Scratch is the launch's own; no rung of the backward reads the logarithms of the forward's sums.
        foreach (var (field, i) in typeof(AttentionArguments).GetFields().Where(field => field.Name
            is not (nameof(AttentionArguments.Scratch) or nameof(AttentionArguments.LogSumExp))).Select((field, i) => (field, i)))
            field.SetValue(forward, field.FieldType == typeof(Activations) ? new Activations(new View<float>(i + 1, i + 1))
                : Convert.ChangeType(i + 1, field.FieldType, CultureInfo.InvariantCulture));
        Assert.Equal(forward, new AttentionBackwardArguments { Forward = (AttentionArguments)forward }.Forward);

        var grid = new WindowGrid((2, 3, 5), (7, 11, 13));
        Assert.Equal(grid, new WindowGrid(2, 3, 5, 7, 11, 13));
        Assert.All([new WindowCentroidArguments { Grid = grid }.Grid, new WindowCentroidBackwardArguments { Grid = grid }.Grid,
            new WindowAttentionArguments { Grid = grid }.Grid, new WindowAttentionBackwardArguments { Grid = grid }.Grid],
            kept => Assert.Equal(grid, kept));
        var centroid = new WindowCentroidArguments { Grid = grid };
        Assert.Equal((2, 13), (centroid.GridDepth, centroid.WindowWidth));
    }

    [Fact]
    public void Sizes_that_cannot_be_indexed_are_refused_by_their_shape()
    {
        var failure = Assert.Throws<KernelArgumentException>(() =>
            Linear.ForwardOperation.Check(new LinearArguments { Rows = 70_000, Inputs = 70_000, Outputs = 1 }));
        Assert.Equal("Linear: M × K: expected at most 2³¹ − 1024 elements, got 4900000000", failure.Message);
        Assert.Contains("Rows: expected at least 1, got 0",
            Assert.Throws<KernelArgumentException>(() => Linear.ForwardOperation.Check(new LinearArguments { Inputs = 1, Outputs = 1 }))
            .Message);
        Assert.Contains("Epsilon: expected more than 0, got -0.5",
            Assert.Throws<KernelArgumentException>(() => LayerNorm.ForwardOperation.Check(Norm(-0.5f))).Message);
    }

    [Fact]
    public void A_rung_is_launched_only_where_it_can_run_and_only_on_arguments_that_fit()
    {
        using var host = new HostDevice(1);
        using var emulator = new EmulatorDevice();
        Rung<LayerNormArguments> hostRung = LayerNorm.ForwardOperation.TypedRungs[0], gpuRung = LayerNorm.ForwardOperation.TypedRungs[1];
        Assert.Contains("V1.Naive", Assert.Throws<NoRungException>(() => LayerNorm.ForwardOperation.Launch(host, gpuRung, Norm(1)))
            .Message);
        Assert.Contains("emulator", Assert.Throws<NoRungException>(() => LayerNorm.ForwardOperation.Launch(emulator, hostRung, Norm(1)))
            .Message);
        Assert.Throws<KernelArgumentException>(() => LayerNorm.ForwardOperation.Launch(host, hostRung, Norm(0)));
    }

    static LayerNormArguments Norm(float epsilon)
    {
        var one = new View<float>(0, 1); // never read
        return new LayerNormArguments { X = one, Gamma = one, Beta = one, Y = one, Rows = 1, Channels = 1, Epsilon = epsilon };
    }

    static int Rank(FieldInfo field) =>
        field.FieldType == typeof(Weights) || field.FieldType == typeof(Activations)
            || (field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(View<>)) ? 0
        : field.FieldType == typeof(int) || field.FieldType.IsEnum ? 1
        : 2;
}
