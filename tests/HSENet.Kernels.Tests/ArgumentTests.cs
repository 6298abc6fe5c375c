// What holds for the arguments of every operation: tensors that are too short are refused, and fields stand in one order.
using System.Reflection;

namespace HSENet.Kernels.Tests;

public sealed class ArgumentTests
{
    public static TheoryData<string> OperationNames => [.. KernelCatalog.Operations.Select(operation => operation.Name)];

    [Theory, MemberData(nameof(OperationNames))]
    public void Half_of_any_tensor_is_refused(string operation)
    {
        // An optional tensor, or one that may be longer than needed, is held to its length by one case at least.
        var fields = AllCases.Cases.Where(@case => @case.Operation.Name == operation).SelectMany(@case => @case.Halved()).ToLookup(half => half.Field, half => half.Refused);
        Assert.NotEmpty(fields);
        foreach (var field in fields)
            Assert.True(field.Any(refused => refused), $"{operation} takes half of {field.Key}");
    }

    [Theory, MemberData(nameof(OperationNames))]
    public void Tensors_come_first_then_sizes_then_constants(string operation)
    {
        var arguments = KernelCatalog.Operations.Single(found => found.Name == operation).GetType().GetGenericArguments().Single();
        int[] order = [.. arguments.GetFields().Select(Rank)];
        Assert.Equal(order.Order(), order);
    }

    static int Rank(FieldInfo field) =>
        field.FieldType == typeof(Weights) || (field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(View<>)) ? 0
        : field.FieldType == typeof(int) || field.FieldType.IsEnum ? 1
        : 2;
}
