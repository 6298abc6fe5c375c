// Integer instructions that are executed lane by lane, and the table's lines of all integer instructions.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

readonly struct Copy64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => a;
}

readonly struct MultiplyHighUnsigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => (uint)((ulong)a * b >> 32);
}

readonly struct MultiplyHighSigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => (uint)((long)(int)a * (int)b >> 32);
}

readonly struct MultiplyHighUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

readonly struct MultiplyHighSigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => (ulong)Math.BigMul((long)a, (long)b, out _);
}

readonly struct MultiplyWideUnsigned : IBinary<uint, uint, ulong>
{
    public static ulong Of(uint a, uint b) => (ulong)a * b;
}

readonly struct MultiplyWideSigned : IBinary<uint, uint, ulong>
{
    public static ulong Of(uint a, uint b) => (ulong)((long)(int)a * (int)b);
}

readonly struct MultiplyAdd64 : IVectorTernary64
{
    public static ulong Of(ulong a, ulong b, ulong c) => (a * b) + c;
    public static Vector512<ulong> Of(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) => (a * b) + c;
}

readonly struct MultiplyAddWideUnsigned : ITernary<uint, uint, ulong, ulong>
{
    public static ulong Of(uint a, uint b, ulong c) => ((ulong)a * b) + c;
}

readonly struct MultiplyAddWideSigned : ITernary<uint, uint, ulong, ulong>
{
    public static ulong Of(uint a, uint b, ulong c) => (ulong)((long)(int)a * (int)b) + c;
}

readonly struct MultiplyAddHighUnsigned32 : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => (uint)((ulong)a * b >> 32) + c;
}

readonly struct MultiplyAddHighSigned32 : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => (uint)((long)(int)a * (int)b >> 32) + c;
}

readonly struct DivideUnsigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => b == 0 ? uint.MaxValue : a / b;
}

readonly struct DivideSigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => b == 0 ? uint.MaxValue : b == uint.MaxValue ? 0 - a : (uint)((int)a / (int)b);
}

readonly struct DivideUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => b == 0 ? ulong.MaxValue : a / b;
}

readonly struct DivideSigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => b == 0 ? ulong.MaxValue : b == ulong.MaxValue ? 0 - a : (ulong)((long)a / (long)b);
}

readonly struct RemainderUnsigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => b == 0 ? uint.MaxValue : a % b;
}

readonly struct RemainderSigned32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => b == 0 ? uint.MaxValue : b == uint.MaxValue ? 0 : (uint)((int)a % (int)b);
}

readonly struct RemainderUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => b == 0 ? ulong.MaxValue : a % b;
}

readonly struct RemainderSigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => b == 0 ? ulong.MaxValue : b == ulong.MaxValue ? 0 : (ulong)((long)a % (long)b);
}

readonly struct Absolute32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => (int)a < 0 ? 0 - a : a;
}

readonly struct Absolute64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => (long)a < 0 ? 0 - a : a;
}

readonly struct Negate64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => 0 - a;
}

readonly struct Not64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => ~a;
}

readonly struct Xor64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => a ^ b;
}

readonly struct MinSigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => (ulong)Math.Min((long)a, (long)b);
}

readonly struct MaxSigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => (ulong)Math.Max((long)a, (long)b);
}

readonly struct MinUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => Math.Min(a, b);
}

readonly struct MaxUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => Math.Max(a, b);
}

readonly struct ShiftLeft64 : IBinary<ulong, uint, ulong>
{
    public static ulong Of(ulong a, uint b) => b > 63 ? 0 : a << (int)b;
}

readonly struct ShiftRightUnsigned64 : IBinary<ulong, uint, ulong>
{
    public static ulong Of(ulong a, uint b) => b > 63 ? 0 : a >> (int)b;
}

readonly struct ShiftRightSigned64 : IBinary<ulong, uint, ulong>
{
    public static ulong Of(ulong a, uint b) => (ulong)((long)a >> (int)Math.Min(b, 63));
}

readonly struct PopulationCount32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => (uint)BitOperations.PopCount(a);
}

readonly struct PopulationCount64 : IUnary<ulong, uint>
{
    public static uint Of(ulong a) => (uint)BitOperations.PopCount(a);
}

readonly struct LeadingZeros32 : IUnary<uint, uint>
{
    public static uint Of(uint a) => (uint)BitOperations.LeadingZeroCount(a);
}

readonly struct LeadingZeros64 : IUnary<ulong, uint>
{
    public static uint Of(ulong a) => (uint)BitOperations.LeadingZeroCount(a);
}

