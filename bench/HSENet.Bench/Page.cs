// A page of results: paragraphs and tables in Markdown, numbers written the same everywhere.
using System.Globalization;
using System.Text;
using HSENet.Cli;

namespace HSENet.Bench;

sealed class Page(string title)
{
    readonly StringBuilder _text = new($"# {title}\n");

    /// <summary>A paragraph; its own line ends stay.</summary>
    public void Paragraph(FormattableString text) => _text.Append('\n').Append(Text(text).ReplaceLineEndings("\n")).Append('\n');

    /// <summary>A table with a head of column names.</summary>
    public void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        _text.Append('\n');
        Row(head);
        _text.Append('|').Append(string.Concat(head.Select(_ => "---|"))).Append('\n');
        foreach (var row in rows)
            Row(row);
    }

    /// <summary>Where, when and with what the page's figures were measured, and what else there is to know about that.</summary>
    public void Facts(Measured measured, params IEnumerable<(string Name, string Value)> more) => Table(["", ""],
    [
        ["command", $"`{measured.Command}`"],
        ["device", measured.Device],
        ["processors", $"{measured.Cpu}, {measured.Processors}: {measured.Flags}"],
        ["system", $"{measured.System}, {measured.Runtime}"],
        .. more.Select(fact => (string[])[fact.Name, fact.Value]),
        ["version, commit, date", $"{measured.Version}, {measured.Commit}, {measured.Date}"],
        ["load average before and after", $"{measured.LoadBefore}, {measured.LoadAfter}"],
        ["processor time that others took", measured.OthersText()],
    ]);

    public override string ToString() => _text.ToString();

    /// <summary>Text with numbers as the pages write them.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Bytes in the unit that fits.</summary>
    public static string Bytes(long bytes) => bytes >= 1e9 ? Text($"{bytes / 1e9:0.00} GB") : Text($"{bytes / 1e6:0.0} MB");

    /// <summary>A median with its quartiles in brackets.</summary>
    public static string Spread(double median, double lower, double upper) =>
        $"{BenchFile.Time(median)} ({BenchFile.Time(lower)} to {BenchFile.Time(upper)})";

    void Row(IReadOnlyList<string> cells) => _text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
