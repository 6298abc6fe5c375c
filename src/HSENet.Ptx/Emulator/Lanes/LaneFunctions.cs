// Instructions that are executed rarely: their meaning is called through a delegate, lane by lane.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>
/// The delegates of one shape, by the name of the instruction that they execute; their number in <see cref="Instruction.Immediate"/> finds
/// them again. There are at most as many as there are names of instructions, so none is ever removed.
/// </summary>
static class LaneFunctions<T> where T : Delegate
{
    static readonly Lock Changes = new();
    static readonly Dictionary<string, int> Numbers = [];
    static T[] Functions = [];

    public static long Register(string name, T function)
    {
        lock (Changes)
        {
            if (!Numbers.TryGetValue(name, out int number))
            {
                number = Numbers.Count;
                Functions = [.. Functions, function];
                Numbers[name] = number;
            }
            return number;
        }
    }

    public static T At(long number) => Functions[number];
}

readonly struct CallUnary<TA, TD> : IModalUnary<TA, TD> where TA : unmanaged, INumberBase<TA> where TD : unmanaged, INumberBase<TD>
{
    public static TD Of(TA a, long mode) => TD.CreateTruncating(LaneFunctions<Func<ulong, ulong>>.At(mode)(ulong.CreateTruncating(a)));
}

readonly struct CallBinary<TA, TB, TD> : IModalBinary<TA, TB, TD>
    where TA : unmanaged, INumberBase<TA> where TB : unmanaged, INumberBase<TB> where TD : unmanaged, INumberBase<TD>
{
    public static TD Of(TA a, TB b, long mode) =>
        TD.CreateTruncating(LaneFunctions<Func<ulong, ulong, ulong>>.At(mode)(ulong.CreateTruncating(a), ulong.CreateTruncating(b)));
}

readonly struct CallTernary<TA, TB, TC, TD> : IModalTernary<TA, TB, TC, TD>
    where TA : unmanaged, INumberBase<TA> where TB : unmanaged, INumberBase<TB> where TC : unmanaged, INumberBase<TC>
    where TD : unmanaged, INumberBase<TD>
{
    public static TD Of(TA a, TB b, TC c, long mode) => TD.CreateTruncating(LaneFunctions<Func<ulong, ulong, ulong, ulong>>.At(mode)(
        ulong.CreateTruncating(a), ulong.CreateTruncating(b), ulong.CreateTruncating(c)));
}

readonly struct CallTest<T> : IModalTest<T> where T : unmanaged, INumberBase<T>
{
    public static bool Of(T a, T b, long mode) =>
        LaneFunctions<Func<ulong, ulong, bool>>.At(mode)(ulong.CreateTruncating(a), ulong.CreateTruncating(b));
}
