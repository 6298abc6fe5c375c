// PTX made ready for CUDA's assembler: a mark before each instruction by which machine code remembers its line, a version that it knows.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

static partial class AssemblerInput
{
    /// <summary>
    /// The same kernels with a <c>.loc</c> before each line on which an instruction begins; the machine code is the same with and without.
    /// Marks that a compiler wrote of its own source go.
    /// </summary>
    /// <param name="ptx">The text.</param>
    /// <param name="newest">The newest <c>.version</c> that the assembler knows; a higher one is lowered to it, as nothing that still
    /// assembles then needs more.</param>
    /// <exception cref="PtxException">The text is no PTX.</exception>
    public static string WithLines(string ptx, Version newest)
    {
        HashSet<int> starts = [.. PtxModule.Parse(ptx).Functions.Where(function => function.Body != null)
            .SelectMany(function => PtxCode.Of(function).Instructions).Select(instruction => instruction.Line)];
        StringBuilder text = new();
        bool between = true, file = false; // whether the lines so far end with a statement's end
        foreach ((int n, string row) in ptx.Split('\n').Index())
        {
            string line = row.TrimEnd('\r');
            if (SourceMark().IsMatch(line))
                continue;
            if (starts.Contains(n + 1) && between)
                text.Append(CultureInfo.InvariantCulture, $".loc 1 {n + 1} 0\n");
            if (VersionLine().Match(line) is { Success: true } version && Version.Parse(version.Groups[1].Value) > newest)
                line = $".version {newest.ToString(2)}";
            text.Append(line).Append('\n');
            string code = Comment().Replace(line, "").Trim();
            if (!file && code.StartsWith(".address_size", StringComparison.Ordinal))
            {
                text.Append(".file 1 \"kernel.ptx\"\n");
                file = true;
            }
            if (code.Length > 0)
                between = code[^1] is ';' or '{' or '}' or ':' || code.StartsWith(".pragma", StringComparison.Ordinal);
        }
        return text.ToString();
    }

    [GeneratedRegex(@"^\s*\.(loc|file)\s")]
    private static partial Regex SourceMark();

    [GeneratedRegex(@"^\s*\.version\s+(\d+\.\d+)")]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"//.*$")]
    private static partial Regex Comment();
}
