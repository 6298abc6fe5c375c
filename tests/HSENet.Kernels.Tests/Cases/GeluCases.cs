// Cases of Gelu and its backward: counts beside the vectors, the parts and the blocks; around 0 and where erf is ±1.
namespace HSENet.Kernels.Tests;

static class GeluCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Forward(1, 1), Forward(300, 3), Forward(4099, 30), Forward(1604, 9),
        Backward(1, 1), Backward(300, 3), Backward(4099, 30),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(Gelu.BackwardOperation, [9], 9,
            (memory, x) => Gelu.Reference(new() { X = memory.Input(x[0]), Count = 9 }),
            (memory, x, gradY) => [Gelu.BackwardReference(
                new() { X = memory.Input(x[0]), GradY = memory.Input(gradY), Count = 9 })]) { Spread = 2 },
    ];

    static KernelCase<GeluArguments> Forward(int count, float spread) => new(Gelu.ForwardOperation,
        memory => new GeluArguments { X = memory.Input(Numbers.Uniform(count, 1, spread)), Y = memory.Output(count), Count = count },
        // erf errs by 2.01 U, its argument's rounding adds 0.73 U, the sum with 1 up to 2 U; x/2 of it, and two roundings of y.
        static a =>
        {
            double[] y = Gelu.Reference(a);
            return [Expected.Of(y, i => Numbers.U * (2.5 * Math.Abs(a.X[i]) + 2 * Math.Abs(y[i])))];
        })
    {
        Name = $"{count} elements, spread {spread}",
        Twins = new() { ["shifted by one"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) } },
    };

    static KernelCase<GeluBackwardArguments> Backward(int count, float spread) => new(Gelu.BackwardOperation,
        memory => new GeluBackwardArguments
        {
            X = memory.Input(Numbers.Uniform(count, 1, spread)),
            GradY = memory.Input(Numbers.Uniform(count, 2)),
            GradX = memory.Output(count),
            Count = count,
        },
        // Φ errs by half of the 4.8 U above; the density by 3.4 U of exp, the roundings of its argument, x²/2 times what it is, and four
        // products; the sum and the last product round once each. An exponential below the smallest normal number is 0.
        static a =>
        {
            double[] gradX = Gelu.BackwardReference(a);
            return [Expected.Of(gradX, i =>
            {
                double x = a.X[i], density = Math.Abs(x) * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
                return Math.Abs(a.GradY[i]) * (Numbers.U * (2.4 + (x * x + 8) * density) + 1e-37) + 2 * Numbers.U * Math.Abs(gradX[i]);
            })];
        })
    {
        Name = $"{count} elements, spread {spread}",
        Twins = new()
        {
            ["shifted by one"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
            ["gradient shifted by one"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
        },
    };
}
