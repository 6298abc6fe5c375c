// A small program of a text file: a head, buffers, what is expected, and the body of a kernel.
namespace HSENet.Ptx.Tests;

/// <summary>
/// A file has several programs, each after a line <c>== name key=value …</c> with the keys grid, block, shared (bytes), target, expect
/// (kinds of findings, clean, note or error; one of them if several are named), message (words with _ for blanks) and directives
/// (<c>;</c> for blanks), and the word cooperative. Lines follow until <c>---</c>: <c>buf name type count [values]</c> (values are zero,
/// iota, rev, constN, numbers, or - for memory that nobody wrote), <c>out name = values</c>, <c>decl text</c> for the module. The rest is
/// the body of kernel k: its parameters are the buffers' addresses, which are in %d0, %d1, …; registers are %p, %h, %r, %f, %d, %g and %q.
/// A body that begins with <c>.version</c> is a whole module.
/// </summary>
sealed record TestProgram
{
    public required string Name { get; init; }

    public required string Ptx { get; init; }

    public required string Launch { get; init; }

    public required string[] Expected { get; init; }

    /// <summary>Words of a finding or an error.</summary>
    public required string Message { get; init; }

    public required IReadOnlyList<(string Name, string Values)> Outputs { get; init; }

    public static Dictionary<string, TestProgram> ReadAll(string folder) => Directory.GetFiles(folder, "*.txt").Order()
        .SelectMany(file => $"\n{File.ReadAllText(file)}".Split("\n== ").Skip(1)).Select(Read).ToDictionary(program => program.Name);

    static TestProgram Read(string text)
    {
        string[] lines = text.Split('\n'), head = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string Key(string key, string otherwise) =>
            head.FirstOrDefault(word => word.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..] ?? otherwise;
        int end = Array.IndexOf(lines, "---");
        List<(string Name, string Type, int Count, string Values)> buffers = [];
        List<(string, string)> outputs = [];
        List<string> declarations = [];
        foreach (string line in lines[1..end])
        {
            string[] words = line.Split(' ', 4, StringSplitOptions.RemoveEmptyEntries);
            if (words is ["buf", var name, var type, var size])
            {
                string[] counted = size.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                int count = int.Parse(counted[0]);
                buffers.Add((name, type, count, Values(counted.ElementAtOrDefault(1) ?? "zero", count)));
            }
            else if (words is ["out", var output, "=", var values])
                outputs.Add((output, Values(values, buffers.First(buffer => buffer.Name == output).Count)));
            else
                declarations.Add(line.StartsWith("decl ", StringComparison.Ordinal) ? line[5..] : throw new FormatException(line));
        }
        string body = string.Join('\n', lines[(end + 1)..]);
        string parameters = string.Join(", ", buffers.Select((_, n) => $".param .u64 p{n}"));
        string ptx = body.StartsWith(".version", StringComparison.Ordinal) ? body : $$"""
            .version 8.6
            .target {{Key("target", "sm_90")}}
            .address_size 64
            {{string.Join('\n', declarations)}}
            .visible .entry k({{parameters}}) {{Key("directives", "").Replace(';', ' ')}}
            {
            .reg .pred %p<16>; .reg .b16 %h<32>; .reg .b32 %r<80>; .reg .f32 %f<40>; .reg .b64 %d<40>; .reg .f64 %g<20>; .reg .b128 %q<8>;
            {{string.Concat(buffers.Select((_, n) => $"ld.param.u64 %d{n}, [p{n}]; "))}}
            {{body}}
            ret;
            }
            """;
        string memory = string.Join(",", buffers.Select(buffer => $$"""{"name": "{{buffer.Name}}", "type": "{{buffer.Type}}", """
            + (buffer.Values == "-" ? $"\"count\": {buffer.Count}}}" : $"\"values\": [{buffer.Values}]}}")));
        return new TestProgram
        {
            Name = head[0],
            Ptx = ptx,
            Launch = $$"""
                {"kernel": "k", "grid": [{{Key("grid", "1")}}], "block": [{{Key("block", "1")}}], "dynamic_shared": {{Key("shared", "0")}},
                "cooperative": {{(head.Contains("cooperative") ? "true" : "false")}}, "buffers": [{{memory}}],
                "params": [{{string.Join(",", buffers.Select(buffer => $$"""{"buffer": "{{buffer.Name}}"}"""))}}],
                "outputs": [{{string.Join(",", outputs.Select(output => $"\"{output.Item1}\""))}}]}
                """,
            Expected = Key("expect", "clean").Split(','),
            Message = Key("message", "").Replace('_', ' '),
            Outputs = outputs,
        };
    }

    static string Values(string text, int count)
    {
        IEnumerable<int> numbers = Enumerable.Range(0, count);
        return text switch
        {
            "zero" => string.Join(',', numbers.Select(_ => 0)),
            "iota" => string.Join(',', numbers),
            "rev" => string.Join(',', numbers.Reverse()),
            ['c', 'o', 'n', 's', 't', .. string value] => string.Join(',', numbers.Select(_ => value)),
            _ => text,
        };
    }
}
