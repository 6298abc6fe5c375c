// Comparisons of 32-bit integers and floats.
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

readonly struct LessSigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => (int)a < (int)b;
    public static V Of(V a, V b) => Vector512.LessThan(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct LessUnsigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a < b;
    public static V Of(V a, V b) => Vector512.LessThan(a, b);
}

readonly struct LessOrEqualSigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => (int)a <= (int)b;
    public static V Of(V a, V b) => Vector512.LessThanOrEqual(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct LessOrEqualUnsigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a <= b;
    public static V Of(V a, V b) => Vector512.LessThanOrEqual(a, b);
}

readonly struct GreaterSigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => (int)a > (int)b;
    public static V Of(V a, V b) => Vector512.GreaterThan(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct GreaterUnsigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a > b;
    public static V Of(V a, V b) => Vector512.GreaterThan(a, b);
}

readonly struct GreaterOrEqualSigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => (int)a >= (int)b;
    public static V Of(V a, V b) => Vector512.GreaterThanOrEqual(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct GreaterOrEqualUnsigned32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a >= b;
    public static V Of(V a, V b) => Vector512.GreaterThanOrEqual(a, b);
}

readonly struct Equal32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a == b;
    public static V Of(V a, V b) => Vector512.Equals(a, b);
}

readonly struct NotEqual32 : IVectorTest
{
    public static bool Of(uint a, uint b) => a != b;
    public static V Of(V a, V b) => ~Vector512.Equals(a, b);
}

readonly struct Equal32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) == FloatBits.Single(b);
    public static V Of(V a, V b) => (Vector512.Equals(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct NotEqual32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) < FloatBits.Single(b) || FloatBits.Single(a) > FloatBits.Single(b);
    public static V Of(V a, V b) =>
        (Vector512.LessThan(a.AsSingle(), b.AsSingle()) | Vector512.GreaterThan(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct Less32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) < FloatBits.Single(b);
    public static V Of(V a, V b) => (Vector512.LessThan(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct LessOrEqual32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) <= FloatBits.Single(b);
    public static V Of(V a, V b) => (Vector512.LessThanOrEqual(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct Greater32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) > FloatBits.Single(b);
    public static V Of(V a, V b) => (Vector512.GreaterThan(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct GreaterOrEqual32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) >= FloatBits.Single(b);
    public static V Of(V a, V b) => (Vector512.GreaterThanOrEqual(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct EqualOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => !(FloatBits.Single(a) < FloatBits.Single(b) || FloatBits.Single(a) > FloatBits.Single(b));
    public static V Of(V a, V b) =>
        (~(Vector512.LessThan(a.AsSingle(), b.AsSingle()) | Vector512.GreaterThan(a.AsSingle(), b.AsSingle()))).AsUInt32();
}

readonly struct NotEqualOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => FloatBits.Single(a) != FloatBits.Single(b);
    public static V Of(V a, V b) => (~Vector512.Equals(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct LessOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => !(FloatBits.Single(a) >= FloatBits.Single(b));
    public static V Of(V a, V b) => (~Vector512.GreaterThanOrEqual(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct LessOrEqualOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => !(FloatBits.Single(a) > FloatBits.Single(b));
    public static V Of(V a, V b) => (~Vector512.GreaterThan(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct GreaterOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => !(FloatBits.Single(a) <= FloatBits.Single(b));
    public static V Of(V a, V b) => (~Vector512.LessThanOrEqual(a.AsSingle(), b.AsSingle())).AsUInt32();
}

readonly struct GreaterOrEqualOrNaN32F : IVectorTest
{
    public static bool Of(uint a, uint b) => !(FloatBits.Single(a) < FloatBits.Single(b));
    public static V Of(V a, V b) => (~Vector512.LessThan(a.AsSingle(), b.AsSingle())).AsUInt32();
}
