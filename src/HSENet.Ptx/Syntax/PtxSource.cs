// Errors that show the line of the source they are about.
namespace HSENet.Ptx;

static class PtxSource
{
    const int LongestShown = 120;

    public static PtxException Error(string text, int line, string what)
    {
        string shown = LineOf(text, line);
        return new PtxException(line, shown.Length == 0 ? what : $"{what}: {shown}");
    }

    static string LineOf(string text, int line)
    {
        int start = 0;
        for (int i = 1; i < line; i++)
            start = text.IndexOf('\n', start) + 1;
        int end = text.IndexOf('\n', start);
        string shown = new([.. text[start..(end < 0 ? text.Length : end)].Trim().Select(Printable)]);
        return shown.Length <= LongestShown ? shown : shown[..LongestShown] + "…";
    }

    static char Printable(char c) => c == '\t' ? ' ' : char.IsControl(c) || char.IsSurrogate(c) ? '?' : c;
}
