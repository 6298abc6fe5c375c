// The instructions on lanes that are run end to end, each with the function that is its meaning.
using static HSENet.Ptx.Rounding;

namespace HSENet.Ptx.Tests;

/// <summary>An instruction, its operands' types, and its meaning on their bits.</summary>
sealed record LaneCase(string Mnemonic, string Result, string[] Sources, Func<ulong[], ulong> Function)
{
    public string Text => $"{Mnemonic} {Result}: {string.Join(' ', Sources)}";
}

static partial class LaneInstructionCases
{
    static readonly FloatFormat[] Formats = [FloatFormat.Half, FloatFormat.BFloat16, FloatFormat.Single, FloatFormat.Double];

    public static IReadOnlyList<LaneCase> All { get; } =
        [.. FloatArithmeticCases(), .. FloatOtherCases(), .. IntegerCases(), .. BitCases(), .. ConversionCases(), .. ComparisonCases()];

    static LaneCase Case(string mnemonic, string result, string sources, Func<ulong[], ulong> function) =>
        new(mnemonic, result, sources.Split(' '), function);

    static ulong Halves(ulong[] s, Func<ulong[], ulong> element) =>
        element([.. s.Select(v => v & 0xffff)]) | element([.. s.Select(v => v >> 16 & 0xffff)]) << 16;

    static IEnumerable<LaneCase> FloatArithmeticCases()
    {
        (string Words, FloatMode Mode)[] modes =
        [
            ("rn", new()), ("rz", new(Zero)), ("rm", new(Down)), ("rp", new(Up)), ("rn.ftz", new(Flush: true)),
                ("rn.sat", new(Saturate: true)),
            ("rz.ftz.sat", new(Zero, Flush: true, Saturate: true)),
        ];
        foreach (FloatFormat f in Formats)
            foreach ((string words, FloatMode mode) in modes)
            {
                bool narrow = f.Bits == 16, plain = words == "rn", wide = f == FloatFormat.Double;
                if ((narrow && mode.Rounding != Nearest) || (f == FloatFormat.BFloat16 && !plain)
                    || (wide && (mode.Flush || mode.Saturate)))
                    continue;
                string t = f.Name;
                yield return Case($"add.{words}.{t}", t, $"{t} {t}", s => FloatArithmetic.Add(f, s[0], s[1], mode));
                yield return Case($"sub.{words}.{t}", t, $"{t} {t}", s => FloatArithmetic.Subtract(f, s[0], s[1], mode));
                yield return Case($"mul.{words}.{t}", t, $"{t} {t}", s => FloatArithmetic.Multiply(f, s[0], s[1], mode));
                yield return Case($"fma.{words}.{t}", t, $"{t} {t} {t}", s => FloatArithmetic.FusedMultiplyAdd(f, s[0], s[1], s[2], mode));
                if (!narrow && !mode.Saturate)
                {
                    yield return Case($"div.{words}.{t}", t, $"{t} {t}", s => FloatArithmetic.Divide(f, s[0], s[1], mode));
                    yield return Case($"rcp.{words}.{t}", t, t, s => FloatArithmetic.Reciprocal(f, s[0], mode));
                    yield return Case($"sqrt.{words}.{t}", t, t, s => FloatArithmetic.SquareRoot(f, s[0], mode));
                }
                if (narrow)
                {
                    string pair = t + "x2";
                    yield return Case($"add.{words}.{pair}", pair, $"{pair} {pair}", s =>
                        Halves(s, h => FloatArithmetic.Add(f, h[0], h[1], mode)));
                    yield return Case($"sub.{words}.{pair}", pair, $"{pair} {pair}", s =>
                        Halves(s, h => FloatArithmetic.Subtract(f, h[0], h[1], mode)));
                    yield return Case($"mul.{words}.{pair}", pair, $"{pair} {pair}", s =>
                        Halves(s, h => FloatArithmetic.Multiply(f, h[0], h[1], mode)));
                    yield return Case($"fma.{words}.{pair}", pair, $"{pair} {pair} {pair}",
                        s => Halves(s, h => FloatArithmetic.FusedMultiplyAdd(f, h[0], h[1], h[2], mode)));
                }
            }
        yield return Case("fma.rn.relu.f16", "f16", "f16 f16 f16", s =>
            FloatArithmetic.FusedMultiplyAdd(FloatFormat.Half, s[0], s[1], s[2], new(Relu: true)));
        yield return Case("fma.rn.relu.bf16x2", "bf16x2", "bf16x2 bf16x2 bf16x2",
            s => Halves(s, h => FloatArithmetic.FusedMultiplyAdd(FloatFormat.BFloat16, h[0], h[1], h[2], new(Relu: true))));
        yield return Case("mad.rn.f64", "f64", "f64 f64 f64", s =>
            FloatArithmetic.FusedMultiplyAdd(FloatFormat.Double, s[0], s[1], s[2], default));
        yield return Case("add.f32", "f32", "f32 f32", s => FloatArithmetic.Add(FloatFormat.Single, s[0], s[1], default));
        yield return Case("mul.f64", "f64", "f64 f64", s => FloatArithmetic.Multiply(FloatFormat.Double, s[0], s[1], default));
    }

    static IEnumerable<LaneCase> FloatOtherCases()
    {
        foreach (FloatFormat f in Formats)
        {
            string t = f.Name;
            yield return Case($"abs.{t}", t, t, s => FloatComparison.Abs(f, s[0], false));
            yield return Case($"neg.{t}", t, t, s => FloatComparison.Negate(f, s[0], false));
            yield return Case($"min.{t}", t, $"{t} {t}", s => FloatComparison.Min(f, s[0], s[1], false, false, false));
            yield return Case($"max.{t}", t, $"{t} {t}", s => FloatComparison.Max(f, s[0], s[1], false, false, false));
            if (f.Bits == 16)
            {
                yield return Case($"min.NaN.xorsign.abs.{t}x2", t + "x2", $"{t}x2 {t}x2", s =>
                    Halves(s, h => FloatComparison.Min(f, h[0], h[1], false, true, true)));
                yield return Case($"neg.{t}x2", t + "x2", t + "x2", s => Halves(s, h => FloatComparison.Negate(f, h[0], false)));
                foreach (string suffix in new[] { "", "x2" })
                {
                    yield return Case($"ex2.approx.{t}{suffix}", t + suffix, t + suffix, s =>
                        Every(s, h => FloatApproximation.Apply(Approximation.Exponential2, f, h[0], false)));
                    yield return Case($"tanh.approx.{t}{suffix}", t + suffix, t + suffix, s =>
                        Every(s, h => FloatApproximation.Apply(Approximation.HyperbolicTangent, f, h[0], false)));
                    ulong Every(ulong[] s, Func<ulong[], ulong> element) => suffix == "" ? element(s) : Halves(s, element);
                }
            }
            else
            {
                yield return Case($"copysign.{t}", t, $"{t} {t}", s => FloatComparison.CopySign(f, s[0], s[1]));
                foreach (FloatProperty property in Enum.GetValues<FloatProperty>())
                    yield return Case($"testp.{property.ToString().ToLowerInvariant()}.{t}", "pred", t, s =>
                        FloatComparison.Test(f, property, s[0]) ? 1u : 0);
            }
        }
        yield return Case("abs.ftz.f32", "f32", "f32", s => FloatComparison.Abs(FloatFormat.Single, s[0], true));
        yield return Case("max.ftz.NaN.f32", "f32", "f32 f32", s => FloatComparison.Max(FloatFormat.Single, s[0], s[1], true, true, false));
        yield return Case("min.xorsign.abs.f32", "f32", "f32 f32", s =>
            FloatComparison.Min(FloatFormat.Single, s[0], s[1], false, false, true));
        (string Name, Approximation Function)[] functions =
        [
            ("rcp", Approximation.Reciprocal), ("sqrt", Approximation.SquareRoot), ("rsqrt", Approximation.ReciprocalSquareRoot),
            ("ex2", Approximation.Exponential2), ("lg2", Approximation.Logarithm2), ("sin", Approximation.Sine),
                ("cos", Approximation.Cosine),
            ("tanh", Approximation.HyperbolicTangent),
        ];
        foreach ((string name, Approximation function) in functions)
            foreach (bool flush in new[] { false, true })
                yield return Case($"{name}.approx{(flush ? ".ftz" : "")}.f32", "f32", "f32", s =>
                    FloatApproximation.Apply(function, FloatFormat.Single, s[0], flush));
        yield return Case("rcp.approx.ftz.f64", "f64", "f64", s =>
            FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Double, s[0], true));
        yield return Case("rsqrt.approx.ftz.f64", "f64", "f64", s =>
            FloatApproximation.Apply(Approximation.ReciprocalSquareRoot, FloatFormat.Double, s[0], true));
        yield return Case("rsqrt.approx.f64", "f64", "f64", s =>
            FloatApproximation.Apply(Approximation.ReciprocalSquareRoot, FloatFormat.Double, s[0], false));
        yield return Case("div.approx.ftz.f32", "f32", "f32 f32", s => FloatApproximation.Divide(s[0], s[1], true));
        yield return Case("div.approx.f32", "f32", "f32 f32", s => FloatApproximation.Divide(s[0], s[1], false));
        yield return Case("div.full.f32", "f32", "f32 f32", s => FloatApproximation.DivideFullRange(s[0], s[1], false));
    }
}
