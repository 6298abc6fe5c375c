// A record as text that depends on its values alone: keys and hashes are the same wherever a program runs.
using System.Globalization;

namespace HSENet.Runtime;

static class InvariantText
{
    /// <summary><c>ToString</c> of a record with all its numbers, whatever the thread's culture.</summary>
    public static string Of(object? value)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return value?.ToString() ?? "";
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
