// The header of a .npy file: a Python dictionary with type, order and shape, of which only these literals are understood.
using System.Globalization;

namespace HSENet.Runtime;

internal sealed record NumpyHeader(DataType Type, bool IsBigEndian, bool IsFortranOrder, long[] Shape, string? PreparedAs = null)
{
    /// <summary>Begins the comment behind the dictionary in which a finished volume says how it was prepared: Python reads no
    /// comments.</summary>
    public const string PreparedAsComment = "# hsenet: ";

    public static NumpyHeader Parse(string text, string name)
    {
        var parser = new Parser(text, name);
        return parser.Parse();
    }

    sealed class Parser(string text, string name)
    {
        int _position;

        public NumpyHeader Parse()
        {
            string? descr = null;
            bool? fortran = null;
            long[]? shape = null;
            Expect('{');
            while (!TryTake('}'))
            {
                string key = Text();
                Expect(':');
                switch (key)
                {
                    case "descr" when descr is null: descr = Text(); break;
                    case "fortran_order" when fortran is null: fortran = Boolean(); break;
                    case "shape" when shape is null: shape = Tuple(); break;
                    default: throw Error();
                }
                if (!TryTake(','))
                {
                    Expect('}');
                    break;
                }
            }
            SkipSpace();
            string? preparedAs = Comment();
            if (_position != text.Length || descr is null || fortran is null || shape is null)
                throw Error();
            (DataType type, bool bigEndian) = ParseType(descr);
            return new NumpyHeader(type, bigEndian, fortran.Value, shape, preparedAs);
        }

        // A comment ends the header.
        string? Comment()
        {
            if (_position >= text.Length || text[_position] != '#')
                return null;
            string comment = text[_position..].Trim();
            if (comment.Contains('\n'))
                throw Error();
            _position = text.Length;
            return comment.StartsWith(PreparedAsComment, StringComparison.Ordinal) ? comment[PreparedAsComment.Length..] : null;
        }

        (DataType Type, bool IsBigEndian) ParseType(string descr)
        {
            DataType? type = descr.Length < 2 ? null : descr[1..] switch
            {
                "f2" => DataType.F16,
                "f4" => DataType.F32,
                "f8" => DataType.F64,
                "i1" => DataType.I8,
                "i2" => DataType.I16,
                "i4" => DataType.I32,
                "i8" => DataType.I64,
                "u1" => DataType.U8,
                "u2" => DataType.U16,
                "u4" => DataType.U32,
                "u8" => DataType.U64,
                "b1" => DataType.Bool,
                _ => null,
            };
            if (type is null || descr[0] is not ('<' or '>' or '|' or '=') || (descr[0] == '|' && type.Value.Size() != 1))
                throw new HseNetFileException(name, $"holds elements of type {HseNetFileException.Quote(descr)}",
                    "a NumPy number type such as '<f4' or '<i2'; objects are never loaded");
            return (type.Value, descr[0] == '>');
        }

        string Text()
        {
            SkipSpace();
            if (_position >= text.Length || text[_position] is not ('\'' or '"'))
                throw Error();
            int end = text.IndexOf(text[_position], _position + 1);
            if (end < 0)
                throw Error();
            string content = text[(_position + 1)..end];
            _position = end + 1;
            return content;
        }

        bool Boolean()
        {
            SkipSpace();
            foreach (string word in (string[])["True", "False"])
                if (string.CompareOrdinal(text, _position, word, 0, word.Length) == 0)
                {
                    _position += word.Length;
                    return word == "True";
                }
            throw Error();
        }

        long[] Tuple()
        {
            var numbers = new List<long>();
            Expect('(');
            while (!TryTake(')'))
            {
                SkipSpace();
                int start = _position;
                while (_position < text.Length && char.IsAsciiDigit(text[_position]))
                    _position++;
                if (!long.TryParse(text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                    throw Error();
                numbers.Add(number);
                if (!TryTake(','))
                {
                    Expect(')');
                    break;
                }
            }
            return [.. numbers];
        }

        void Expect(char c)
        {
            if (!TryTake(c))
                throw Error();
        }

        bool TryTake(char c)
        {
            SkipSpace();
            if (_position >= text.Length || text[_position] != c)
                return false;
            _position++;
            return true;
        }

        void SkipSpace()
        {
            while (_position < text.Length && text[_position] is ' ' or '\n')
                _position++;
        }

        HseNetFileException Error() =>
            new(name, $"its header is damaged at character {_position}", "{'descr': …, 'fortran_order': …, 'shape': (…)}");
    }
}
