// How the hashes of weights are written.
using System.Globalization;
using System.IO.Hashing;

namespace HSENet.Runtime;

static class Checksum
{
    /// <summary>The hash in 16 hexadecimal digits.</summary>
    public static string Hex(this XxHash3 hash) => hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);
}
