// Comparisons, min, max, signs and testp on all pairs of edge values, and all 16-bit values for one operand
namespace HSENet.Ptx.Tests;

public class FloatComparisonTests
{
    public static TheoryData<string> Formats => ["f16", "bf16", "f32", "f64"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Comparisons_are_ordered_or_true_for_nan(string name)
    {
        ReferenceFormat f = FloatSamples.Named(name);
        List<ulong> samples = FloatSamples.Of(f, 10);
        foreach (ulong a in samples)
            foreach (ulong b in samples)
            {
                bool unordered = f.IsNaN(a) || f.IsNaN(b);
                int order = unordered ? 0 : Order(f, a, b);
                void Check(Comparison ordered, Comparison orUnordered, bool expected)
                {
                    Assert.Equal(!unordered && expected, FloatComparison.Compare(f.Format, ordered, a, b, false));
                    Assert.Equal(unordered || expected, FloatComparison.Compare(f.Format, orUnordered, a, b, false));
                }
                Check(Comparison.Equal, Comparison.EqualU, order == 0);
                Check(Comparison.NotEqual, Comparison.NotEqualU, order != 0);
                Check(Comparison.Less, Comparison.LessU, order < 0);
                Check(Comparison.LessOrEqual, Comparison.LessOrEqualU, order <= 0);
                Check(Comparison.Greater, Comparison.GreaterU, order > 0);
                Check(Comparison.GreaterOrEqual, Comparison.GreaterOrEqualU, order >= 0);
                Assert.Equal(!unordered, FloatComparison.Compare(f.Format, Comparison.BothNumbers, a, b, false));
                Assert.Equal(unordered, FloatComparison.Compare(f.Format, Comparison.AnyNaN, a, b, false));
            }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Extremes_prefer_numbers_and_order_zeros(string name)
    {
        ReferenceFormat f = FloatSamples.Named(name);
        List<ulong> samples = FloatSamples.Of(f, 10);
        foreach (ulong a in samples)
            foreach (ulong b in samples)
                foreach (bool propagate in new[] { false, true })
                {
                    Assert.Equal(Expected(f, a, b, propagate, min: true), FloatComparison.Min(f.Format, a, b, false, propagate, false));
                    Assert.Equal(Expected(f, a, b, propagate, min: false), FloatComparison.Max(f.Format, a, b, false, propagate, false));
                    ulong sign = (a ^ b) & f.SignBit, absA = a & ~f.SignBit, absB = b & ~f.SignBit;
                    ulong smaller = Expected(f, absA, absB, propagate, min: true), larger = Expected(f, absA, absB, propagate, min: false);
                    Assert.Equal(f.IsNaN(smaller) ? smaller : smaller | sign, FloatComparison.Min(f.Format, a, b, false, propagate, true));
                    Assert.Equal(f.IsNaN(larger) ? larger : larger | sign, FloatComparison.Max(f.Format, a, b, false, propagate, true));
                }
    }

    static ulong Expected(ReferenceFormat f, ulong a, ulong b, bool propagate, bool min)
    {
        if (f.IsNaN(a) && f.IsNaN(b) || propagate && (f.IsNaN(a) || f.IsNaN(b)))
            return f.NaN;
        if (f.IsNaN(a) || f.IsNaN(b))
            return f.IsNaN(a) ? b : a;
        int order = Order(f, a, b);
        if (order == 0 && a != b) // two zeros
            return min ? f.SignBit : 0;
        return (order < 0) == min ? a : b;
    }

    static int Order(ReferenceFormat f, ulong a, ulong b)
    {
        if (f.IsFinite(a) && f.IsFinite(b))
        {
            Fraction x = f.Value(a), y = f.Value(b);
            return (x.Numerator * y.Denominator).CompareTo(y.Numerator * x.Denominator);
        }
        double Rank(ulong bits) => f.IsFinite(bits) ? 0 : f.IsNegative(bits) ? -1 : 1;
        return Rank(a).CompareTo(Rank(b));
    }

    [Fact]
    public void Flushing_makes_subnormals_equal_to_zero()
    {
        Assert.True(FloatComparison.Compare(FloatFormat.Single, Comparison.Equal, 0x007fffff, 0x80000001, true));
        Assert.False(FloatComparison.Compare(FloatFormat.Single, Comparison.Equal, 0x007fffff, 0x80000001, false));
        Assert.Equal(0x80000000ul, FloatComparison.Min(FloatFormat.Single, 0x80000001, 0, true, false, false));
        Assert.Equal(0x8000ul, FloatComparison.Negate(FloatFormat.Half, 0x0001, true));
        Assert.Equal(0ul, FloatComparison.Abs(FloatFormat.Single, 0x80000001, true));
        Assert.Equal(1ul, FloatComparison.Abs(FloatFormat.Single, 0x80000001, false));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Signs_change_alone(string name)
    {
        ReferenceFormat f = FloatSamples.Named(name);
        foreach (ulong a in FloatSamples.Of(f, 10))
        {
            Assert.Equal(a % f.SignBit, FloatComparison.Abs(f.Format, a, false));
            Assert.Equal(f.IsNegative(a) ? a - f.SignBit : a + f.SignBit, FloatComparison.Negate(f.Format, a, false));
            Assert.Equal(f.SignBit | f.Format.One, FloatComparison.CopySign(f.Format, a | f.SignBit, f.Format.One));
            Assert.Equal(a % f.SignBit, FloatComparison.CopySign(f.Format, 0, a));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Properties_count_zeros_as_normal(string name)
    {
        ReferenceFormat f = FloatSamples.Named(name);
        IEnumerable<ulong> samples = f.Format.Bits == 16 ? Enumerable.Range(0, 65536).Select(a => (ulong)a) : FloatSamples.Of(f, 300);
        foreach (ulong a in samples)
        {
            bool nan = f.IsNaN(a), finite = f.IsFinite(a);
            ulong magnitude = a % f.SignBit;
            bool subnormal = magnitude > 0 && magnitude < 1UL << f.MantissaBits;
            Assert.Equal(finite, FloatComparison.Test(f.Format, FloatProperty.Finite, a));
            Assert.Equal(!finite && !nan, FloatComparison.Test(f.Format, FloatProperty.Infinite, a));
            Assert.Equal(!nan, FloatComparison.Test(f.Format, FloatProperty.Number, a));
            Assert.Equal(nan, FloatComparison.Test(f.Format, FloatProperty.NotANumber, a));
            Assert.Equal(finite && !subnormal, FloatComparison.Test(f.Format, FloatProperty.Normal, a));
            Assert.Equal(subnormal, FloatComparison.Test(f.Format, FloatProperty.Subnormal, a));
        }
    }
}
