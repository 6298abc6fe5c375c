// The table's lines of integer instructions, moves and logic on predicates.
namespace HSENet.Ptx;

sealed partial class DecodeTable
{
    void AddIntegers()
    {
        Add("mov.b32 mov.u32 mov.s32 mov.f32 mov.b16 mov.u16 mov.s16", Form.VectorUnary<Copy32>());
        Add("mov.b64 mov.u64 mov.s64 mov.f64 cvta.global.u64 cvta.to.global.u64 cvta.const.u64 cvta.to.const.u64", Form.Move64());
        Add("mov.pred", Form.Predicates<Or32>(1));
        Add("and.pred", Form.Predicates<And32>(2));
        Add("or.pred", Form.Predicates<Or32>(2));
        Add("xor.pred", Form.Predicates<Xor32>(2));
        Add("not.pred", Form.Predicates<NotAnd32>(1));
        Add("selp.b32 selp.u32 selp.s32 selp.f32 selp.b16 selp.u16 selp.s16", Form.Select<uint>());
        Add("selp.b64 selp.u64 selp.s64 selp.f64", Form.Select<ulong>());

        Add("add.s32 add.u32", Form.Vector<Add32>());
        Add("add.s64 add.u64", Form.Vector64<Add64>());
        Add("sub.s32 sub.u32", Form.Vector<Subtract32>());
        Add("sub.s64 sub.u64", Form.Vector64<Subtract64>());
        Add("mul.lo.s32 mul.lo.u32 mul.s32 mul.u32", Form.Vector<MultiplyLow32>());
        Add("mul.lo.s64 mul.lo.u64", Form.Vector64<MultiplyLow64>());
        Add("mul.hi.u32", Form.Binary<MultiplyHighUnsigned32, uint>());
        Add("mul.hi.s32", Form.Binary<MultiplyHighSigned32, uint>());
        Add("mul.hi.u64", Form.Binary<MultiplyHighUnsigned64, ulong>());
        Add("mul.hi.s64", Form.Binary<MultiplyHighSigned64, ulong>());
        Add("mul.wide.u32", Form.MultiplyWide<MultiplyWideUnsigned>(signed: false));
        Add("mul.wide.s32", Form.MultiplyWide<MultiplyWideSigned>(signed: true));
        Add("mad.lo.s32 mad.lo.u32", Form.VectorTernary<MultiplyAdd32>());
        Add("mad.lo.s64 mad.lo.u64", Form.VectorTernary64<MultiplyAdd64>());
        Add("mad.hi.u32", Form.Ternary<MultiplyAddHighUnsigned32, uint, uint, uint, uint>());
        Add("mad.hi.s32", Form.Ternary<MultiplyAddHighSigned32, uint, uint, uint, uint>());
        Add("mad.wide.u32", Form.Ternary<MultiplyAddWideUnsigned, uint, uint, ulong, ulong>());
        Add("mad.wide.s32", Form.Ternary<MultiplyAddWideSigned, uint, uint, ulong, ulong>());
        Add("div.u32", Form.Binary<DivideUnsigned32, uint>());
        Add("div.s32", Form.Binary<DivideSigned32, uint>());
        Add("div.u64", Form.Binary<DivideUnsigned64, ulong>());
        Add("div.s64", Form.Binary<DivideSigned64, ulong>());
        Add("rem.u32", Form.Binary<RemainderUnsigned32, uint>());
        Add("rem.s32", Form.Binary<RemainderSigned32, uint>());
        Add("rem.u64", Form.Binary<RemainderUnsigned64, ulong>());
        Add("rem.s64", Form.Binary<RemainderSigned64, ulong>());
        Add("abs.s32", Form.Unary<Absolute32, uint, uint>());
        Add("abs.s64", Form.Unary<Absolute64, ulong, ulong>());
        Add("neg.s32", Form.VectorUnary<Negate32>());
        Add("neg.s64", Form.Unary<Negate64, ulong, ulong>());
        Add("min.s32", Form.Vector<MinSigned32>());
        Add("min.u32", Form.Vector<MinUnsigned32>());
        Add("max.s32", Form.Vector<MaxSigned32>());
        Add("max.u32", Form.Vector<MaxUnsigned32>());
        Add("min.s64", Form.Binary<MinSigned64, ulong>());
        Add("min.u64", Form.Binary<MinUnsigned64, ulong>());
        Add("max.s64", Form.Binary<MaxSigned64, ulong>());
        Add("max.u64", Form.Binary<MaxUnsigned64, ulong>());

        Add("and.b32 and.b16", Form.Vector<And32>());
        Add("or.b32 or.b16", Form.Vector<Or32>());
        Add("xor.b32 xor.b16", Form.Vector<Xor32>());
        Add("not.b32", Form.VectorUnary<Not32>());
        Add("and.b64", Form.Vector64<And64>());
        Add("or.b64", Form.Vector64<Or64>());
        Add("xor.b64", Form.Binary<Xor64, ulong>());
        Add("not.b64", Form.Unary<Not64, ulong, ulong>());
        Add("shl.b32", Form.Vector<ShiftLeft32>());
        Add("shl.b64", Form.Binary<ShiftLeft64, ulong, uint, ulong>());
        Add("shr.u32 shr.b32", Form.Vector<ShiftRightUnsigned32>());
        Add("shr.s32", Form.Vector<ShiftRightSigned32>());
        Add("shr.u64 shr.b64", Form.Binary<ShiftRightUnsigned64, ulong, uint, ulong>());
        Add("shr.s64", Form.Binary<ShiftRightSigned64, ulong, uint, ulong>());
        Add("popc.b32", Form.Unary<PopulationCount32, uint, uint>());
        Add("popc.b64", Form.Unary<PopulationCount64, ulong, uint>());
        Add("clz.b32", Form.Unary<LeadingZeros32, uint, uint>());
        Add("clz.b64", Form.Unary<LeadingZeros64, ulong, uint>());
        Add("cvt.u64.u32", Form.VectorWiden<ZeroExtend>());
        Add("cvt.s64.s32 cvt.u64.s32", Form.VectorWiden<SignExtend>());
    }
}
