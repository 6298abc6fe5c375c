// Integer and bit instructions, conversions and comparisons of the end-to-end cases.
namespace HSENet.Ptx.Tests;

static partial class LaneInstructionCases
{
    static IEnumerable<LaneCase> IntegerCases()
    {
        foreach (int bits in new[] { 16, 32, 64 })
            foreach (bool signed in new[] { false, true })
            {
                IntegerFormat type = new(bits, signed);
                string t = (signed ? "s" : "u") + bits;
                yield return Case($"add.{t}", t, $"{t} {t}", s => IntegerArithmetic.Add(type, s[0], s[1], false));
                yield return Case($"sub.{t}", t, $"{t} {t}", s => IntegerArithmetic.Subtract(type, s[0], s[1], false));
                yield return Case($"mul.lo.{t}", t, $"{t} {t}", s => IntegerArithmetic.MultiplyLow(type, s[0], s[1]));
                yield return Case($"mul.hi.{t}", t, $"{t} {t}", s => IntegerArithmetic.MultiplyHigh(type, s[0], s[1]));
                yield return Case($"mad.lo.{t}", t, $"{t} {t} {t}", s =>
                    IntegerArithmetic.Add(type, IntegerArithmetic.MultiplyLow(type, s[0], s[1]), s[2], false));
                yield return Case($"mad.hi.{t}", t, $"{t} {t} {t}", s =>
                    IntegerArithmetic.Add(type, IntegerArithmetic.MultiplyHigh(type, s[0], s[1]), s[2], false));
                yield return Case($"div.{t}", t, $"{t} {t}", s => IntegerArithmetic.Divide(type, s[0], s[1]));
                yield return Case($"rem.{t}", t, $"{t} {t}", s => IntegerArithmetic.Remainder(type, s[0], s[1]));
                yield return Case($"min.{t}", t, $"{t} {t}", s => IntegerArithmetic.Min(type, s[0], s[1]));
                yield return Case($"max.{t}", t, $"{t} {t}", s => IntegerArithmetic.Max(type, s[0], s[1]));
                yield return Case($"sad.{t}", t, $"{t} {t} {t}", s => IntegerArithmetic.SumOfAbsoluteDifference(type, s[0], s[1], s[2]));
                if (bits < 64)
                {
                    string wide = (signed ? "s" : "u") + 2 * bits;
                    yield return Case($"mul.wide.{t}", wide, $"{t} {t}", s => IntegerArithmetic.MultiplyWide(type, s[0], s[1]));
                    yield return Case($"mad.wide.{t}", wide, $"{t} {t} {wide}",
                        s => IntegerArithmetic.Add(new(2 * bits, signed), IntegerArithmetic.MultiplyWide(type, s[0], s[1]), s[2], false));
                }
                if (signed)
                {
                    yield return Case($"abs.{t}", t, t, s => IntegerArithmetic.Abs(type, s[0]));
                    yield return Case($"neg.{t}", t, t, s => IntegerArithmetic.Negate(type, s[0]));
                }
            }
        IntegerFormat int32 = new(32, true);
        yield return Case("add.sat.s32", "s32", "s32 s32", s => IntegerArithmetic.Add(int32, s[0], s[1], true));
        yield return Case("sub.sat.s32", "s32", "s32 s32", s => IntegerArithmetic.Subtract(int32, s[0], s[1], true));
        yield return Case("mad.hi.sat.s32", "s32", "s32 s32 s32", s =>
            IntegerArithmetic.Add(int32, IntegerArithmetic.MultiplyHigh(int32, s[0], s[1]), s[2], true));
        yield return Case("min.relu.s32", "s32", "s32 s32", s => IntegerArithmetic.Min(int32, s[0], s[1], true));
        yield return Case("max.relu.s32", "s32", "s32 s32", s => IntegerArithmetic.Max(int32, s[0], s[1], true));
        yield return Case("add.u16x2", "b32", "b32 b32", s => Halves(s, h => IntegerArithmetic.Add(new(16, false), h[0], h[1], false)));
        yield return Case("min.s16x2", "b32", "b32 b32", s => Halves(s, h => IntegerArithmetic.Min(new(16, true), h[0], h[1])));
        yield return Case("max.relu.s16x2", "b32", "b32 b32", s => Halves(s, h => IntegerArithmetic.Max(new(16, true), h[0], h[1], true)));
        foreach (bool high in new[] { false, true })
            foreach (bool signed in new[] { false, true })
            {
                string part = high ? "hi" : "lo", t = signed ? "s32" : "u32";
                yield return Case($"mul24.{part}.{t}", t, $"{t} {t}", s => IntegerArithmetic.Multiply24(signed, high, s[0], s[1]));
                yield return Case($"mad24.{part}.{t}", t, $"{t} {t} {t}", s =>
                    IntegerArithmetic.Add(new(32, signed), IntegerArithmetic.Multiply24(signed, high, s[0], s[1]), s[2], false));
                foreach (bool signedB in new[] { false, true })
                {
                    string u = signedB ? "s32" : "u32";
                    yield return Case($"dp2a.{part}.{t}.{u}", "b32", "b32 b32 b32", s =>
                        IntegerArithmetic.DotHalfWords(signed, signedB, high, s[0], s[1], s[2]));
                    if (high)
                        yield return Case($"dp4a.{t}.{u}", "b32", "b32 b32 b32", s =>
                            IntegerArithmetic.DotBytes(signed, signedB, s[0], s[1], s[2]));
                }
            }
        yield return Case("mad24.hi.sat.s32", "s32", "s32 s32 s32", s =>
            IntegerArithmetic.Add(int32, IntegerArithmetic.Multiply24(true, true, s[0], s[1]), s[2], true));
    }

    static IEnumerable<LaneCase> BitCases()
    {
        foreach (int bits in new[] { 16, 32, 64 })
        {
            string t = "b" + bits;
            yield return Case($"and.{t}", t, $"{t} {t}", s => s[0] & s[1]);
            yield return Case($"or.{t}", t, $"{t} {t}", s => s[0] | s[1]);
            yield return Case($"xor.{t}", t, $"{t} {t}", s => s[0] ^ s[1]);
            yield return Case($"not.{t}", t, t, s => ~s[0]);
            yield return Case($"cnot.{t}", t, t, s => s[0] == 0 ? 1u : 0);
            yield return Case($"shl.{t}", t, $"{t} b32", s => BitFields.ShiftLeft(bits, s[0], (uint)s[1]));
            foreach (string kind in new[] { "b", "u", "s" })
                yield return Case($"shr.{kind}{bits}", t, $"{t} b32", s => BitFields.ShiftRight(new(bits, kind == "s"), s[0], (uint)s[1]));
            yield return Case($"selp.{t}", t, $"{t} {t} pred", s => s[2] != 0 ? s[0] : s[1]);
            yield return Case($"slct.{t}.s32", t, $"{t} {t} s32", s => (int)s[2] >= 0 ? s[0] : s[1]);
            yield return Case($"slct.ftz.{t}.f32", t, $"{t} {t} f32", s =>
                BitConverter.UInt32BitsToSingle((uint)FloatFormat.Single.Flush(s[2])) >= 0 ? s[0] : s[1]);
            if (bits == 16)
                continue;
            yield return Case($"brev.{t}", t, t, s => BitFields.Reverse(bits, s[0]));
            yield return Case($"popc.{t}", "b32", t, s => BitFields.CountOnes(bits, s[0]));
            yield return Case($"clz.{t}", "b32", t, s => BitFields.CountLeadingZeros(bits, s[0]));
            yield return Case($"bfi.{t}", t, $"{t} {t} b32 b32", s => BitFields.Insert(bits, s[0], s[1], (uint)s[2], (uint)s[3]));
            foreach (string kind in new[] { "u", "s" })
            {
                IntegerFormat type = new(bits, kind == "s");
                yield return Case($"bfe.{kind}{bits}", t, $"{t} b32 b32", s => BitFields.Extract(type, s[0], (uint)s[1], (uint)s[2]));
                yield return Case($"bfind.{kind}{bits}", "b32", t, s => BitFields.FindHighest(type, s[0], false));
                yield return Case($"bfind.shiftamt.{kind}{bits}", "b32", t, s => BitFields.FindHighest(type, s[0], true));
            }
        }
        yield return Case("fns.b32", "b32", "b32 b32 s32", s => BitFields.FindNth((uint)s[0], (uint)s[1], (int)s[2]));
        foreach (string mode in new[] { "clamp", "wrap" })
        {
            bool clamp = mode == "clamp";
            yield return Case($"bmsk.{mode}.b32", "b32", "b32 b32", s => BitFields.Ones((uint)s[0], (uint)s[1], clamp));
            yield return Case($"szext.{mode}.s32", "b32", "b32 b32", s => BitFields.Extend(true, (uint)s[0], (uint)s[1], clamp));
            yield return Case($"szext.{mode}.u32", "b32", "b32 b32", s => BitFields.Extend(false, (uint)s[0], (uint)s[1], clamp));
            yield return Case($"shf.l.{mode}.b32", "b32", "b32 b32 b32", s =>
                BitFields.FunnelLeft((uint)s[0], (uint)s[1], (uint)s[2], clamp));
            yield return Case($"shf.r.{mode}.b32", "b32", "b32 b32 b32", s =>
                BitFields.FunnelRight((uint)s[0], (uint)s[1], (uint)s[2], clamp));
        }
        foreach (uint table in new uint[] { 0x00, 0x96, 0xe8, 0xca, 0xff })
            yield return Case("lop3.b32", "b32", $"b32 b32 b32 imm={table}", s =>
                BitFields.Logic((uint)s[0], (uint)s[1], (uint)s[2], table));
        string[] suffixes = ["", ".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16"];
        foreach ((int n, string suffix) in suffixes.Index())
            yield return Case($"prmt.b32{suffix}", "b32", "b32 b32 b32", s =>
                BitFields.Permute((uint)s[0], (uint)s[1], (uint)s[2], (PermuteMode)n));
    }

    static IEnumerable<LaneCase> ConversionCases()
    {
        string[] integers = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"], floats = ["f16", "bf16", "f32", "f64"];
        foreach (string to in integers)
        {
            IntegerFormat target = Integer(to);
            foreach (string from in integers)
            {
                IntegerFormat source = Integer(from);
                yield return Case($"cvt.{to}.{from}", to, from, s =>
                    (ulong)target.Extend(Conversion.IntegerToInteger(target, source, s[0], false)));
                yield return Case($"cvt.sat.{to}.{from}", to, from, s =>
                    (ulong)target.Extend(Conversion.IntegerToInteger(target, source, s[0], true)));
            }
            foreach (string from in floats)
            {
                FloatFormat source = FloatSamples.Named(from).Format;
                foreach ((string word, Rounding rounding) in new[] { ("rni", Rounding.Nearest), ("rzi", Rounding.Zero),
                    ("rmi", Rounding.Down), ("rpi", Rounding.Up) })
                    yield return Case($"cvt.{word}.{to}.{from}", to, from, s =>
                        (ulong)target.Extend(Conversion.FloatToInteger(target, source, s[0], rounding, false)));
            }
        }
        foreach (string to in floats)
        {
            FloatFormat target = FloatSamples.Named(to).Format;
            foreach ((string word, Rounding rounding) in new[] { ("rn", Rounding.Nearest), ("rz", Rounding.Zero), ("rm", Rounding.Down),
                ("rp", Rounding.Up) })
            {
                foreach (string from in integers)
                    yield return Case($"cvt.{word}.{to}.{from}", to, from, s =>
                        Conversion.IntegerToFloat(target, Integer(from), s[0], new(rounding)));
                foreach (string from in floats.Where(from => from != to))
                    yield return Case($"cvt.{word}.{to}.{from}", to, from, s =>
                        Conversion.FloatToFloat(target, FloatSamples.Named(from).Format, s[0], new(rounding)));
                yield return Case($"cvt.{word}i.{to}.{to}", to, to, s => Conversion.FloatToIntegral(target, s[0], new(rounding)));
            }
        }
        yield return Case("cvt.f64.f32", "f64", "f32", s => Conversion.FloatToFloat(FloatFormat.Double, FloatFormat.Single, s[0], default));
        yield return Case("cvt.rn.ftz.sat.f32.f64", "f32", "f64", s =>
            Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Double, s[0], new(Flush: true, Saturate: true)));
        yield return Case("cvt.rn.relu.bf16.f32", "bf16", "f32", s =>
            Conversion.FloatToFloat(FloatFormat.BFloat16, FloatFormat.Single, s[0], new(Relu: true)));
        yield return Case("cvt.rz.satfinite.f16.f32", "f16", "f32", s =>
            Conversion.FloatToFloat(FloatFormat.Half, FloatFormat.Single, s[0], new(Rounding.Zero, Finite: true)));
        yield return Case("cvt.rna.tf32.f32", "b32", "f32", s => PackedConversion.ToTensorFloat32(s[0], new(Rounding.NearestAway)));
        yield return Case("cvt.rn.tf32.f32", "b32", "f32", s => PackedConversion.ToTensorFloat32(s[0], default));
        foreach ((string name, FloatFormat f) in new[] { ("f16x2", FloatFormat.Half), ("bf16x2", FloatFormat.BFloat16) })
        {
            yield return Case($"cvt.rn.{name}.f32", name, "f32 f32", s => PackedConversion.Pair(f, s[0], s[1], default));
            yield return Case($"cvt.rz.relu.satfinite.{name}.f32", name, "f32 f32", s =>
                PackedConversion.Pair(f, s[0], s[1], new(Rounding.Zero, Relu: true, Finite: true)));
        }
        foreach ((string name, FloatFormat f) in new[] { ("e4m3x2", FloatFormat.E4M3), ("e5m2x2", FloatFormat.E5M2) })
        {
            yield return Case($"cvt.rn.satfinite.{name}.f32", name, "f32 f32", s =>
                PackedConversion.Pair(f, s[0], s[1], new(Finite: true)));
            yield return Case($"cvt.rn.satfinite.relu.{name}.f16x2", name, "f16x2", s =>
                PackedConversion.PairToPair(f, FloatFormat.Half, s[0], new(Relu: true, Finite: true)));
            yield return Case($"cvt.rn.f16x2.{name}", "f16x2", name, s => PackedConversion.PairToPair(FloatFormat.Half, f, s[0], default));
        }
    }

    static IEnumerable<LaneCase> ComparisonCases()
    {
        (string Word, Comparison Meaning)[] ordered =
        [
            ("eq", Comparison.Equal), ("ne", Comparison.NotEqual), ("lt", Comparison.Less), ("le", Comparison.LessOrEqual),
            ("gt", Comparison.Greater), ("ge", Comparison.GreaterOrEqual),
        ];
        (string Word, Comparison Meaning)[] unsigned =
            [("lo", Comparison.Less), ("ls", Comparison.LessOrEqual), ("hi", Comparison.Greater), ("hs", Comparison.GreaterOrEqual)];
        (string Word, Comparison Meaning)[] floating =
        [
            .. ordered, ("equ", Comparison.EqualU), ("neu", Comparison.NotEqualU), ("ltu", Comparison.LessU),
                ("leu", Comparison.LessOrEqualU),
            ("gtu", Comparison.GreaterU), ("geu", Comparison.GreaterOrEqualU), ("num", Comparison.BothNumbers), ("nan", Comparison.AnyNaN),
        ];
        foreach (string t in new[] { "u16", "s16", "u32", "s32", "u64", "s64" })
            foreach ((string word, Comparison meaning) in t[0] == 'u' ? [.. ordered, .. unsigned] : ordered)
                yield return Case($"setp.{word}.{t}", "pred", $"{t} {t}", s =>
                    IntegerArithmetic.Compare(Integer(t), meaning, s[0], s[1]) ? 1u : 0);
        foreach (FloatFormat f in Formats)
            foreach ((string word, Comparison meaning) in floating)
                yield return Case($"setp.{word}.{f.Name}", "pred", $"{f.Name} {f.Name}", s =>
                    FloatComparison.Compare(f, meaning, s[0], s[1], false) ? 1u : 0);
        yield return Case("setp.lt.ftz.f32", "pred", "f32 f32", s =>
            FloatComparison.Compare(FloatFormat.Single, Comparison.Less, s[0], s[1], true) ? 1u : 0);
        yield return Case("setp.ge.and.s64", "pred", "s64 s64 pred", s => (long)s[0] >= (long)s[1] && s[2] != 0 ? 1u : 0);
        yield return Case("setp.neu.or.f64", "pred", "f64 f64 pred", s => s[2] != 0
            || FloatComparison.Compare(FloatFormat.Double, Comparison.NotEqualU, s[0], s[1], false) ? 1u : 0);
        yield return Case("set.gt.u32.s32", "u32", "s32 s32", s => (int)s[0] > (int)s[1] ? uint.MaxValue : 0);
        yield return Case("set.lt.f32.f64", "f32", "f64 f64", s =>
            FloatComparison.Compare(FloatFormat.Double, Comparison.Less, s[0], s[1], false) ? 0x3f800000u : 0);
        yield return Case("set.leu.s32.f32", "s32", "f32 f32", s =>
            FloatComparison.Compare(FloatFormat.Single, Comparison.LessOrEqualU, s[0], s[1], false) ? uint.MaxValue : 0);
        yield return Case("set.eq.f16.f16", "f16", "f16 f16", s =>
            FloatComparison.Compare(FloatFormat.Half, Comparison.Equal, s[0], s[1], false) ? 0x3c00u : 0);
        yield return Case("set.lt.bf16x2.bf16x2", "bf16x2", "bf16x2 bf16x2",
            s => Halves(s, h => FloatComparison.Compare(FloatFormat.BFloat16, Comparison.Less, h[0], h[1], false) ? 0x3f80u : 0));
        yield return Case("set.lt.and.f32.s32", "f32", "s32 s32 pred", s => (int)s[0] < (int)s[1] && s[2] != 0 ? 0x3f800000u : 0);
        yield return Case("set.ge.xor.u32.u32", "u32", "u32 u32 pred", s => (uint)s[0] >= (uint)s[1] != (s[2] != 0) ? uint.MaxValue : 0);
    }

    static IntegerFormat Integer(string type) =>
        new(int.Parse(type[1..], System.Globalization.CultureInfo.InvariantCulture), type[0] == 's');
}
