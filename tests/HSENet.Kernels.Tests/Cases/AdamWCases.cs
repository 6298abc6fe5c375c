// Cases of AdamW: first and later steps, with and without copy, counts beside the vectors, the parts and the blocks.
namespace HSENet.Kernels.Tests;

static class AdamWCases
{
    public static IEnumerable<KernelCase> All => [Case(1, 1, rounded: true), Case(300, 1, rounded: false), Case(5003, 20, rounded: true)];

    static KernelCase<AdamWArguments> Case(int count, int step, bool rounded) => new(AdamW.ForwardOperation,
        memory =>
        {
            var a = new AdamWArguments
            {
                Values = memory.InOut(Numbers.Uniform(count, 1)),
                Gradient = memory.Input(Numbers.Uniform(count, 2, spread: 1e-3f)),
                FirstMoment = memory.InOut(Numbers.Uniform(count, 3, spread: step == 1 ? 0 : 1e-3f)),
                SecondMoment = memory.InOut(Numbers.Uniform(count, 4, spread: step == 1 ? 0 : 4e-7f, centre: step == 1 ? 0 : 5e-7f)),
                Count = count,
                LearningRate = 0.01,
                Beta1 = 0.9,
                Beta2 = 0.999,
                Epsilon = 1e-8,
                WeightDecay = 0.1,
                Correction1 = 1 - Math.Pow(0.9, step),
                Correction2 = 1 - Math.Pow(0.999, step),
                GradientScale = 0.75,
            };
            return rounded ? a with { Rounded = memory.Output<ushort>(count).As<byte>() } : a;
        },
        Expect)
    {
        Name = $"{count} elements, step {step}{(rounded ? " rounded" : "")}",
        Twins = new()
        {
            ["no weight decay"] = static a => a with { WeightDecay = 0 },
            ["gradient not scaled"] = static a => a with { GradientScale = 1 },
            // 1 − β₂ shows where it is all of the second moment.
            ["second moment's decay in single precision, or 0.99"] = a => a with { Beta2 = step == 1 ? 0.999f : 0.99 },
            ["corrected by one step more"] = static a => a with { Correction1 = 1 - (1 - a.Correction1) * a.Beta1 },
        },
    };

    // Moments: the scaled gradient, 1 − β, difference, product, sum. The step: twice the root's argument halved, root, division, ε, √c₂ and
    // lr/c₁ with two roundings each, two products; the weight: its factor and the sum.
    static Expected[] Expect(AdamWArguments a)
    {
        var (values, first, second) = AdamW.Reference(a);
        double[] error = new double[a.Count], step = new double[a.Count];
        for (int i = 0; i < a.Count; i++)
        {
            error[i] = Numbers.U * (Math.Abs(first[i])
                + 4 * (1 - a.Beta1) * (Math.Abs(a.Gradient[i] * a.GradientScale) + Math.Abs(a.FirstMoment[i])));
            step[i] = a.LearningRate / a.Correction1 / (Math.Sqrt(second[i] / a.Correction2) + a.Epsilon);
        }
        var expected = new List<Expected>
        {
            Expected.Of(values, Allowed),
            Expected.Of(first, i => error[i]),
            Expected.Of(second, i => 6 * Numbers.U * second[i]),
        };
        // The copy of a weight that lies within its error of the middle of two bf16 may be either.
        if (!a.Rounded.IsEmpty)
            expected.Add(new([.. values.Select(value => (double)Numbers.ToBFloat16((float)value))],
                [.. values.Select((value, i) =>
                    Numbers.ToBFloat16((float)(value - Allowed(i))) == Numbers.ToBFloat16((float)(value + Allowed(i))) ? 0 : 1.0)]));
        return [.. expected];

        double Allowed(int i) => step[i] * (error[i] + 12 * Numbers.U * Math.Abs(first[i]))
            + Numbers.U * (2 * Math.Abs(a.Values[i]) + Math.Abs(values[i]));
    }
}
