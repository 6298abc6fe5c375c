// A case of an operation, written once for any rung on any device.
using System.Collections.Concurrent;

namespace HSENet.Kernels.Tests;

/// <summary>What an output must be: values from the double reference, and the error that arithmetic allows for each element.</summary>
public sealed record Expected(double[] Values, double[] Allowed)
{
    /// <summary>An output whose bound is a function of the element's index.</summary>
    public static Expected Of(double[] values, Func<int, double> allowed) => new(values, [.. values.Select((_, i) => allowed(i))]);
}

/// <summary>A case without its arguments type.</summary>
public abstract class KernelCase
{
    /// <summary>Where references read their arguments.</summary>
    private protected static readonly HostDevice ReferenceHost = new(1);

    public required string Name { get; init; }

    /// <summary>Sizes at the edges of tiles that only tensor cores have. In the emulator, which takes seconds for them lane by lane, other
    /// rungs run them with <c>HSENET_LONG=1</c> only.</summary>
    public bool ForTensorCores { get; init; }

    public abstract Operation Operation { get; }

    /// <summary>Names of the broken twins, each of which the case must be able to tell from the right result.</summary>
    public abstract IEnumerable<string> TwinNames { get; }

    /// <summary>Whether the rung can run this case.</summary>
    public abstract bool Accepts(Rung rung);

    /// <summary>Runs the rung and returns the worst error as a share of its bound; fails above 1.</summary>
    public abstract double Run(Device device, Rung rung);

    /// <summary>Every tensor of the arguments that is there: its field's name, and whether half of it is refused.</summary>
    public abstract IEnumerable<(string Field, bool Refused)> Halved();

    /// <summary>Bytes of managed memory that a launch takes after the first ones.</summary>
    public abstract long AllocatedBytes(Device device, Rung rung);

    /// <summary>The error of a broken twin as a share of the bound; must be above 1.</summary>
    public abstract double Twin(string name);

    /// <summary>Names of the arguments that a broken twin changes.</summary>
    public abstract IEnumerable<string> Changed(string twin);

    public override string ToString() => $"{Operation.Name} {Name}";
}

/// <summary>A case of an operation.</summary>
/// <param name="operation">The operation.</param>
/// <param name="build">Makes the arguments from buffers; deterministic, called once per device.</param>
/// <param name="expect">Reference and bounds for the outputs in the order in which <paramref name="build"/> asked for them, given the
/// roundings of the rung; arguments lie in host memory.</param>
public sealed class KernelCase<TArguments>(Operation<TArguments> operation, Func<CaseMemory, TArguments> build,
    Func<TArguments, Roundoff, Expected[]> expect)
    : KernelCase where TArguments : unmanaged
{
    // By the roundings of rungs, many of which run the same case.
    readonly ConcurrentDictionary<Roundoff, Lazy<Expected[]>> _expected = [];

    /// <summary>A case of an operation whose rungs all compute in f32.</summary>
    public KernelCase(Operation<TArguments> operation, Func<CaseMemory, TArguments> build, Func<TArguments, Expected[]> expect)
        : this(operation, build, (arguments, _) => expect(arguments)) { }

    /// <summary>Changes of the arguments that stand for typical mistakes: a dropped element, an index off by one, a missing
    /// scale.</summary>
    public Dictionary<string, Func<TArguments, TArguments>> Twins { get; init; } = [];

    public override Operation Operation => operation;

    public override IEnumerable<string> TwinNames => Twins.Keys;

    public override bool Accepts(Rung rung)
    {
        using var memory = new CaseMemory(ReferenceHost);
        return rung is Rung<TArguments> typed && typed.Accepts(build(memory));
    }

    public override double Run(Device device, Rung rung)
    {
        var expected = Right(rung.Roundoff);
        using var memory = new CaseMemory(device);
        var arguments = build(memory);
        operation.Check(arguments);
        operation.Launch(device, (Rung<TArguments>)rung, arguments);
        device.Synchronize();
        memory.CheckGuards();
        var outputs = memory.Outputs();
        Assert.Equal(expected.Length, outputs.Count);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Values.Length, outputs[i].Length);
            for (int j = 0; j < outputs[i].Length; j++)
            {
                double share = Share(outputs[i][j], expected[i], j);
                if (!(share <= 1))
                    Assert.Fail($"{this}, {rung.Name}: output {i}, element {j}: got {outputs[i][j]:R}, expected "
                        + $"{expected[i].Values[j]:R}, {share:G3} times the allowed error");
                worst = Math.Max(worst, share);
            }
        }
        return worst;
    }

    public override long AllocatedBytes(Device device, Rung rung)
    {
        using var memory = new CaseMemory(device);
        var arguments = build(memory);
        var typed = (Rung<TArguments>)rung;
        operation.Launch(device, typed, arguments);
        long least = long.MaxValue;
        for (int i = 0; i < 5; i++) // the least: a thread that goes to sleep for the first time allocates in the base library
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            operation.Check(arguments);
            operation.Launch(device, typed, arguments);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    public override IEnumerable<(string Field, bool Refused)> Halved()
    {
        using var memory = new CaseMemory(ReferenceHost);
        object whole = build(memory);
        foreach (var field in typeof(TArguments).GetFields())
            if (Half(field.GetValue(whole)!) is { } half)
            {
                object broken = (TArguments)whole; // a copy
                field.SetValue(broken, half);
                bool refused = false;
                try
                {
                    operation.Check((TArguments)broken);
                }
                catch (KernelArgumentException failure)
                {
                    refused = failure.Operation.StartsWith(operation.Name, StringComparison.Ordinal);
                }
                yield return (field.Name, refused);
            }
    }

    static object? Half(object tensor) => tensor switch
    {
        View<float> { Length: > 1 } view => view.Slice(0, view.Length / 2),
        Activations { Length: > 1 } activations => activations.Slice(0, activations.Length / 2),
        View<byte> { Length: > 1 } view => view.Slice(0, view.Length / 2),
        View<int> { Length: > 1 } view => view.Slice(0, view.Length / 2),
        Weights { Length: > 1, Type: not WeightType.Int8 } weights => weights.Rows(0, weights.Length / 2, 1),
        _ => null,
    };

    public override double Twin(string name)
    {
        var right = Right(Roundoff.F32);
        var broken = OnHost(arguments => expect(Twins[name](arguments), Roundoff.F32));
        return right.Zip(broken).Max(pair =>
            Enumerable.Range(0, Math.Min(pair.First.Values.Length, pair.Second.Values.Length))
            .Max(j => Share(pair.Second.Values[j], pair.First, j)));
    }

    public override IEnumerable<string> Changed(string twin)
    {
        using var memory = new CaseMemory(ReferenceHost);
        object right = build(memory), broken = Twins[twin]((TArguments)right);
        return [.. typeof(TArguments).GetFields().Where(field => !field.GetValue(right)!.Equals(field.GetValue(broken)))
            .Select(field => field.Name)];
    }

    Expected[] Right(Roundoff roundoff) =>
        _expected.GetOrAdd(roundoff, _ => new(() => OnHost(arguments => expect(arguments, roundoff)))).Value;

    Expected[] OnHost(Func<TArguments, Expected[]> function)
    {
        using var memory = new CaseMemory(ReferenceHost);
        return function(build(memory));
    }

    static double Share(double got, Expected expected, int j)
    {
        double error = Math.Abs(got - expected.Values[j]);
        return error == 0 ? 0 : double.IsNaN(error) ? double.PositiveInfinity : error / expected.Allowed[j];
    }
}
