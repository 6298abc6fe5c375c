// A profile as one HTML page: the PTX with counts beside each line. Nothing is loaded from elsewhere.
using System.Globalization;
using System.Net;
using System.Text;

namespace HSENet.Ptx;

/// <summary>Writes a page that shows where a kernel spends its instructions.</summary>
public static class ProfilePage
{
    const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; max-width: 1200px; margin: 2em auto; padding: 0 1em }
        h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em } .note { color: #5a6472 }
        table { border-collapse: collapse } td, th { padding: 1px 10px; text-align: left; vertical-align: top }
        .facts th { font-weight: 600; white-space: nowrap }
        .code { font: 12.5px/1.45 ui-monospace, monospace; width: 100% }
        .code th { position: sticky; top: 0; background: #eef1f5; font: 600 12px system-ui, sans-serif; border-bottom: 1px solid #c9d0d9 }
        .code .n { text-align: right; white-space: nowrap; color: #38424f } .code .line { color: #98a1ad; text-align: right }
        .code pre { margin: 0; font: inherit; white-space: pre-wrap; tab-size: 4 } .bad { color: #a3360b; font-weight: 600 }
        """;

    /// <summary>The page.</summary>
    /// <param name="profile">What was counted.</param>
    /// <param name="ptx">The text that was launched: line numbers of the profile are its own.</param>
    public static string Write(KernelProfile profile, string ptx)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(ptx);
        StringBuilder page = new();
        string name = WebUtility.HtmlEncode(profile.Facts.EntryName);
        page.Append(CultureInfo.InvariantCulture,
            $"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
            + $"charset=\"utf-8\">\n<title>{name}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        page.Append(CultureInfo.InvariantCulture,
            $"<h1>{name}</h1>\n<p class=\"note\">Counted in the emulator; not measured on hardware.</p>\n<table class=\"facts\">\n");
        foreach ((string row, string value) in ProfileText.Rows(profile).Skip(1))
            page.Append(CultureInfo.InvariantCulture, $"<tr><th>{row}</th><td>{WebUtility.HtmlEncode(value)}</td></tr>\n");
        page.Append("</table>\n<h2>Instructions by class</h2>\n<table class=\"facts\">\n");
        foreach ((string row, long value) in profile.InstructionsByClass.OrderByDescending(pair => pair.Value))
            page.Append(CultureInfo.InvariantCulture, $"<tr><th>{row}</th><td>{ProfileText.Number(value)}</td>"
                + $"<td>{ProfileText.Format(100.0 * value / Math.Max(1, profile.WarpInstructions))} %</td></tr>\n");
        page.Append("""
            </table>
            <h2>The text</h2>
            <p class="note">Executed: by warps; the shade is its share of all. Lanes: active ones on average. Sectors: of 32 bytes,
            for each access to global memory. Conflicts: passes that bank conflicts add to an access to shared
            memory. Parted: how often lanes of a warp went different ways.</p>
            <table class="code">
            <tr><th>Line</th><th>Executed</th><th>Lanes</th><th>Sectors</th><th>Conflicts</th><th>Parted</th><th>PTX</th></tr>

            """);
        Lines(page, profile.Counts, ptx);
        return page.Append("</table>\n</body>\n</html>\n").ToString();
    }

    static void Lines(StringBuilder page, LaunchProfile counts, string ptx)
    {
        ILookup<int, int> byLine = Enumerable.Range(0, counts.Instructions.Count).ToLookup(n => counts.Instructions[n].Line);
        double most = Math.Max(1, counts.WarpInstructions.DefaultIfEmpty().Max());
        string[] lines = ptx.TrimEnd('\n').Split('\n');
        for (int line = 1; line <= lines.Length; line++)
        {
            int[] here = [.. byLine[line]];
            string cells = here.Length == 0 ? "<td></td><td></td><td></td><td></td><td></td>" : Cells(counts, here);
            double shade = here.Length == 0 ? 0 : here.Max(n => counts.WarpInstructions[n]) / most * 0.35;
            string colour = shade == 0 ? ""
                : string.Create(CultureInfo.InvariantCulture, $" style=\"background: rgba(255, 176, 46, {shade:F3})\"");
            page.Append(CultureInfo.InvariantCulture,
                $"<tr{colour}><td "
                + $"class=\"line\">{line}</td>{cells}<td><pre>{WebUtility.HtmlEncode(lines[line - 1].TrimEnd('\r'))}</pre></td></tr>\n");
        }
    }

    static string Cells(LaunchProfile counts, int[] here)
    {
        long warps = Sum(counts.WarpInstructions), requests = Sum(counts.GlobalRequests), shared = Sum(counts.SharedRequests);
        long conflicts = Sum(counts.SharedWavefronts) - Sum(counts.SharedIdealWavefronts), parted = Sum(counts.DivergentBranches);
        return Cell(ProfileText.Number(warps), false)
            + Cell(warps == 0 ? "" : ProfileText.Format((double)Sum(counts.ActiveLanes) / warps), false)
            + Cell(requests == 0 ? "" : ProfileText.Format((double)Sum(counts.GlobalSectors) / requests), false)
            + Cell(shared == 0 ? "" : ProfileText.Format((double)conflicts / shared), conflicts > 0)
            + Cell(parted == 0 ? "" : ProfileText.Number(parted), parted > 0);

        long Sum(long[] values) => here.Sum(n => values[n]);
    }

    static string Cell(string text, bool bad) => $"<td class=\"n{(bad ? " bad" : "")}\">{text}</td>";
}
