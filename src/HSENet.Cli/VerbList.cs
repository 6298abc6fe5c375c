// What `hsenet --help` writes: the verbs. The parser's own help is generic code that each start would compile anew, half of its time.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace HSENet.Cli;

/// <summary>Help of the program; that of a verb is left to the parser.</summary>
sealed class VerbList(HelpAction ofVerb) : SynchronousCommandLineAction
{
    const int Margin = 2;

    /// <summary>Help at the root goes through this.</summary>
    public static RootCommand Write(RootCommand root)
    {
        foreach (var option in root.Options)
            if (option is HelpOption { Action: HelpAction ofVerb } help)
                help.Action = new VerbList(ofVerb);
        return root;
    }

    // Help is shown whatever the line lacks.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is not RootCommand root)
            return ofVerb.Invoke(parsed);
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine($"{root.Description}\n\nUsage:\n  {Messages.Program} VERB [arguments] [options]\n\nOptions:");
        Rows(output, root.Options, Names);
        output.WriteLine("\nVerbs:");
        Rows(output, root.Subcommands, Words);
        output.WriteLine($"\n{Messages.Program} VERB --help shows the arguments and options of a verb, and examples.");
        return ExitCode.Done;
    }

    static void Rows<T>(TextWriter output, IEnumerable<T> symbols, Func<T, string> name) where T : Symbol
    {
        int width = 0;
        foreach (var symbol in symbols)
            width = Math.Max(width, name(symbol).Length);
        foreach (var symbol in symbols)
        {
            string label = name(symbol);
            // The first paragraph: examples follow it.
            foreach (string line in (symbol.Description ?? "").ReplaceLineEndings("\n").Split('\n'))
            {
                if (line.Length == 0)
                    break;
                output.WriteLine($"{new string(' ', Margin)}{label.PadRight(width + Margin)}{line}");
                label = "";
            }
        }
    }

    static string Names(Option option)
    {
        string names = "";
        foreach (string alias in option.Aliases)
            if (alias.StartsWith('-')) // and "/h", as on Windows
                names += $"{alias}, ";
        return names + option.Name;
    }

    static string Words(Command verb)
    {
        string words = verb.Name;
        foreach (var argument in verb.Arguments)
            words += $" <{argument.Name}>";
        return words;
    }
}
