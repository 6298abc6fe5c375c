// Comparisons of 64 bits, and the table's lines of setp.
namespace HSENet.Ptx;

readonly struct LessSigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => (long)a < (long)b;
}

readonly struct LessUnsigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a < b;
}

readonly struct LessOrEqualSigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => (long)a <= (long)b;
}

readonly struct LessOrEqualUnsigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a <= b;
}

readonly struct GreaterSigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => (long)a > (long)b;
}

readonly struct GreaterUnsigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a > b;
}

readonly struct GreaterOrEqualSigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => (long)a >= (long)b;
}

readonly struct GreaterOrEqualUnsigned64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a >= b;
}

readonly struct Equal64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a == b;
}

readonly struct NotEqual64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => a != b;
}

sealed partial class DecodeTable
{
    void AddComparisons()
    {
        Add("setp.eq.s32 setp.eq.u32 setp.eq.b32", Form.VectorTest<Equal32>());
        Add("setp.ne.s32 setp.ne.u32 setp.ne.b32", Form.VectorTest<NotEqual32>());
        Add("setp.lt.s32", Form.VectorTest<LessSigned32>());
        Add("setp.le.s32", Form.VectorTest<LessOrEqualSigned32>());
        Add("setp.gt.s32", Form.VectorTest<GreaterSigned32>());
        Add("setp.ge.s32", Form.VectorTest<GreaterOrEqualSigned32>());
        Add("setp.lt.u32 setp.lo.u32", Form.VectorTest<LessUnsigned32>());
        Add("setp.le.u32 setp.ls.u32", Form.VectorTest<LessOrEqualUnsigned32>());
        Add("setp.gt.u32 setp.hi.u32", Form.VectorTest<GreaterUnsigned32>());
        Add("setp.ge.u32 setp.hs.u32", Form.VectorTest<GreaterOrEqualUnsigned32>());
        Add("setp.eq.s64 setp.eq.u64 setp.eq.b64", Form.Test<Equal64, ulong>());
        Add("setp.ne.s64 setp.ne.u64 setp.ne.b64", Form.Test<NotEqual64, ulong>());
        Add("setp.lt.s64", Form.Test<LessSigned64, ulong>());
        Add("setp.le.s64", Form.Test<LessOrEqualSigned64, ulong>());
        Add("setp.gt.s64", Form.Test<GreaterSigned64, ulong>());
        Add("setp.ge.s64", Form.Test<GreaterOrEqualSigned64, ulong>());
        Add("setp.lt.u64 setp.lo.u64", Form.Test<LessUnsigned64, ulong>());
        Add("setp.le.u64 setp.ls.u64", Form.Test<LessOrEqualUnsigned64, ulong>());
        Add("setp.gt.u64 setp.hi.u64", Form.Test<GreaterUnsigned64, ulong>());
        Add("setp.ge.u64 setp.hs.u64", Form.Test<GreaterOrEqualUnsigned64, ulong>());
        Add("setp.eq.f32", Form.VectorTest<Equal32F>());
        Add("setp.ne.f32", Form.VectorTest<NotEqual32F>());
        Add("setp.lt.f32", Form.VectorTest<Less32F>());
        Add("setp.le.f32", Form.VectorTest<LessOrEqual32F>());
        Add("setp.gt.f32", Form.VectorTest<Greater32F>());
        Add("setp.ge.f32", Form.VectorTest<GreaterOrEqual32F>());
        Add("setp.equ.f32", Form.VectorTest<EqualOrNaN32F>());
        Add("setp.neu.f32", Form.VectorTest<NotEqualOrNaN32F>());
        Add("setp.ltu.f32", Form.VectorTest<LessOrNaN32F>());
        Add("setp.leu.f32", Form.VectorTest<LessOrEqualOrNaN32F>());
        Add("setp.gtu.f32", Form.VectorTest<GreaterOrNaN32F>());
        Add("setp.geu.f32", Form.VectorTest<GreaterOrEqualOrNaN32F>());
    }
}
