// Reads comma-separated text row by row: quoted fields may hold commas, quotes and line ends (RFC 4180).
using System.Text;

namespace HSENet.Runtime;

internal sealed class CsvReader(TextReader text, string name)
{
    // Keeps one unclosed quote in a large file from collecting all of it.
    const int MaximumField = 1 << 16, MaximumFields = 4096;

    /// <summary>Number of the line that the last row began on, from 1.</summary>
    public int Line { get; private set; }

    int _nextLine = 1;

    /// <summary>The fields of the next row that is not empty, or null at the end.</summary>
    public List<string>? NextRow()
    {
        while (text.Peek() is '\r' or '\n')
            TakeLineEnd();
        if (text.Peek() < 0)
            return null;
        Line = _nextLine;
        var fields = new List<string>();
        do
        {
            if (fields.Count == MaximumFields)
                throw new HseNetFileException(name, $"line {Line} has too many fields", $"at most {MaximumFields}");
            fields.Add(text.Peek() == '"' ? Quoted() : Plain());
        }
        while (Take(','));
        if (text.Peek() is not ('\r' or '\n' or < 0))
            throw new HseNetFileException(name, $"line {Line} has text behind a closing quote", "a comma or the end of the line");
        return fields;
    }

    string Plain()
    {
        var field = new StringBuilder();
        while (text.Peek() is not (',' or '\r' or '\n' or < 0))
            Append(field);
        return field.ToString();
    }

    string Quoted()
    {
        var field = new StringBuilder();
        text.Read();
        while (true)
        {
            if (text.Peek() < 0)
                throw new HseNetFileException(name, $"line {Line} has a quote that is not closed", "one more quote");
            if (!Take('"'))
                Append(field);
            else if (text.Peek() == '"')
                Append(field);
            else
                return field.ToString();
        }
    }

    void Append(StringBuilder field)
    {
        if (field.Length == MaximumField)
            throw new HseNetFileException(name, $"line {Line} has a field that is too long", $"at most {MaximumField} characters");
        char c = (char)text.Read();
        _nextLine += c == '\n' ? 1 : 0;
        field.Append(c);
    }

    bool Take(char wanted)
    {
        if (text.Peek() != wanted)
            return false;
        text.Read();
        return true;
    }

    void TakeLineEnd() => _nextLine += text.Read() == '\n' ? 1 : 0;
}
