// What kernels throw: a cold class, messages that name operation, argument, expected and got.
using System.Diagnostics.CodeAnalysis;

namespace HSENet.Kernels;

/// <summary>An argument of an operation does not fit the others.</summary>
public sealed class KernelArgumentException(string operation, string argument, string expected, string got)
    : HseNetException($"{operation}: {argument}: expected {expected}, got {got}")
{
    /// <summary>Name of the operation.</summary>
    public string Operation { get; } = operation;
}

/// <summary>No rung of an operation can run what was asked for on the device.</summary>
public sealed class NoRungException(string message) : HseNetException(message);

/// <summary>The device has no room for an allocation.</summary>
public sealed class DeviceMemoryException(string device, string name, long bytes, string? limit = null)
    : HseNetException($"{device}: no room for {name} ({bytes:N0} bytes){(limit == null ? "" : $"; {limit}")}");

/// <summary>The emulator's checker found faults of a kernel: an access out of bounds, a race, a missing barrier.</summary>
public sealed class KernelFaultException(IReadOnlyList<HSENet.Ptx.EmulatorFinding> findings, long count)
    : HseNetException(count == 1 ? $"{findings[0]}" : $"{findings[0]} (and {count - 1:N0} more)")
{
    /// <summary>What was found, first things first; of many of one kind only some.</summary>
    public IReadOnlyList<HSENet.Ptx.EmulatorFinding> Findings { get; } = findings;
}

/// <summary>Checks of arguments structs.</summary>
static class Require
{
    /// <summary>A view must hold exactly <paramref name="expected"/> elements; <paramref name="shape"/> says of what.</summary>
    public static void Length(string operation, string argument, long got, long expected, string shape)
    {
        if (got != expected)
            Throw(operation, argument, $"{shape} = {expected} elements", $"{got}");
    }

    /// <summary>An optional view is empty or holds exactly <paramref name="expected"/> elements.</summary>
    public static void OptionalLength(string operation, string argument, long got, long expected, string shape)
    {
        if (got != 0 && got != expected)
            Throw(operation, argument, $"none or {shape} = {expected} elements", $"{got}");
    }

    /// <summary>A size must be at least one.</summary>
    public static void Positive(string operation, string argument, int value)
    {
        if (value < 1)
            Throw(operation, argument, "at least 1", $"{value}");
    }

    /// <summary>Kernels index with 32 bits, and the threads of the last group count past the end.</summary>
    public static void Indexable(string operation, string shape, Int128 elements)
    {
        if (elements > int.MaxValue - 1023)
            Throw(operation, shape, "at most 2³¹ − 1024 elements", $"{elements}");
    }

    /// <summary>The elements of a tensor of the given sizes, each at least one, together few enough to be indexed.</summary>
    public static long Elements(string operation, string shape, params ReadOnlySpan<(string Name, int Value)> sizes)
    {
        Int128 elements = 1;
        foreach (var (name, value) in sizes)
        {
            Positive(operation, name, value);
            elements *= value;
        }
        Indexable(operation, shape, elements);
        return (long)elements;
    }

    /// <summary>A row of int8 weights is a whole number of groups that share a scale.</summary>
    public static void ScaleGroups(string operation, string argument, long rowLength, WeightType type)
    {
        if (type == WeightType.Int8 && rowLength % Weights.ScaleGroup != 0)
            Throw(operation, argument, "a multiple of 128 for int8 weights", $"{rowLength}");
    }

    /// <summary>Dropout's share must leave something.</summary>
    public static void Rate(string operation, string argument, float value)
    {
        if (value is not (>= 0 and < 1))
            Throw(operation, argument, "at least 0 and less than 1", $"{value}");
    }

    /// <summary>Any other condition. Texts are literals: a launch must not allocate.</summary>
    public static void That([DoesNotReturnIf(false)] bool condition, string operation, string argument, string expected, long got)
    {
        if (!condition)
            Throw(operation, argument, expected, $"{got}");
    }

    /// <inheritdoc cref="That(bool, string, string, string, long)"/>
    public static void That([DoesNotReturnIf(false)] bool condition, string operation, string argument, string expected, double got)
    {
        if (!condition)
            Throw(operation, argument, expected, $"{got}");
    }

    [DoesNotReturn]
    static void Throw(string operation, string argument, string expected, string got) =>
        throw new KernelArgumentException(operation, argument, expected, got);
}
