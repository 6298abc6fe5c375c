// cvt.pack: two numbers cut to a narrow type, side by side, and what was there before moved up.
namespace HSENet.Ptx;

sealed partial class DecodeTable
{
    void AddPackRules() => AddRule("cvt", i => !i.Has("pack") ? null : i.Types.Count == 2
        ? LaneRules.Binary(i, false, false, (a, b) => PackedConversion.Saturated(Narrow(i), a, b, 0))
        : LaneRules.Ternary(i, false, false, false, (a, b, c) => PackedConversion.Saturated(Narrow(i), a, b, c)));

    static IntegerFormat Narrow(PtxInstruction i) => new(i.Types[0].Bits(), i.Types[0].Word()[0] == 's');
}
