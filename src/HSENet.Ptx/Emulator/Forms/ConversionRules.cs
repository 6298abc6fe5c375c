// The table's rules of cvt.
namespace HSENet.Ptx;

sealed partial class DecodeTable
{
    void AddConversionRules() => AddRule("cvt", Convert);

    static Form? Convert(PtxInstruction i)
    {
        if (i.Types is not [PtxType to, PtxType from])
            return null;
        FloatMode mode = LaneRules.Mode(i);
        if (i.Operands.Count == 3)
            return LaneRules.Float(to) is { } pair && LaneRules.IsPacked(to) && from == PtxType.F32
                ? LaneRules.Binary(i, false, false, (a, b) => PackedConversion.Pair(pair, a, b, mode)) : null;
        if (ConvertOne(i, to, from, mode) is not { } function)
            return null;
        return LaneRules.Unary(i, LaneRules.IsWide(to), LaneRules.IsWide(from), a => LaneRules.Result(to, function(a)));
    }

    static Func<ulong, ulong>? ConvertOne(PtxInstruction i, PtxType to, PtxType from, FloatMode mode)
    {
        FloatFormat? toFloat = LaneRules.Float(to), fromFloat = LaneRules.Float(from);
        IntegerFormat? toInteger = LaneRules.Integer(to), fromInteger = LaneRules.Integer(from);
        if (fromInteger is { } source)
        {
            if (toInteger is { } target)
                return a => Conversion.IntegerToInteger(target, source, a, mode.Saturate);
            return toFloat == null ? null : a => Conversion.IntegerToFloat(toFloat, source, a, mode);
        }
        if (fromFloat == null)
            return null;
        ulong mask = fromFloat.SignBit | fromFloat.MagnitudeMask;
        if (toInteger is { } integer)
            return a => Conversion.FloatToInteger(integer, fromFloat, a & mask, mode.Rounding, mode.Flush);
        if (toFloat == null || LaneRules.IsPacked(to) != LaneRules.IsPacked(from))
            return null;
        if (LaneRules.IsPacked(to))
            return a => PackedConversion.PairToPair(toFloat, fromFloat, a, mode);
        if (to == PtxType.Tf32)
            return a => PackedConversion.ToTensorFloat32(a, mode);
        bool integral = i.Has("rni") || i.Has("rzi") || i.Has("rmi") || i.Has("rpi");
        if (!integral)
            return a => Conversion.FloatToFloat(toFloat, fromFloat, a & mask, mode);
        return to == from ? a => Conversion.FloatToIntegral(toFloat, a & mask, mode) : null;
    }
}
