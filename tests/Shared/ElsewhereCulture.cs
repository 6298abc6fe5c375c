// Work in a culture whose numbers look different in every way that a format can: what it writes and reads must not.
using System.Globalization;

namespace HSENet.Tests;

internal static class ElsewhereCulture
{
    /// <summary>Does the work where −1,5 is a number and -1.5 is none, as in Sweden.</summary>
    public static T Run<T>(Func<T> work)
    {
        var before = CultureInfo.CurrentCulture;
        var elsewhere = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        var numbers = elsewhere.NumberFormat;
        (numbers.NegativeSign, numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator) = ("\u2212", ",", ".");
        try
        {
            CultureInfo.CurrentCulture = elsewhere;
            Assert.Equal("\u22121,5", $"{-1.5}"); // the culture has its effect
            return work();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
