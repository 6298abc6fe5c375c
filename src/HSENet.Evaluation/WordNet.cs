// The synonyms of WordNet, read from the files of its own distribution.
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>
/// Synonyms for <see cref="Meteor"/>, from the database folder of WordNet 3.0 or 3.1 (<c>dict</c>: <c>index.*</c>, <c>data.*</c> and, if
/// they are there, the exception lists <c>*.exc</c>). WordNet is not part of this package: wordnet.princeton.edu gives it to everyone.
/// </summary>
public sealed class WordNet
{
    // The inflections that WordNet's own look-up undoes, by part of speech.
    static readonly (string Part, (string Ending, string With)[] Endings)[] Parts =
    [
        ("noun", [("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
            ("ies", "y")]),
        ("verb", [("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")]),
        ("adj", [("er", ""), ("est", ""), ("er", "e"), ("est", "e")]),
        ("adv", []),
    ];

    // For each part of speech: the synonym sets of each lemma, the base forms of irregular inflections.
    readonly Dictionary<string, List<string[]>>[] _setsOfLemma;
    readonly Dictionary<string, string[]>[] _exceptions;

    WordNet(Dictionary<string, List<string[]>>[] setsOfLemma, Dictionary<string, string[]>[] exceptions)
    {
        _setsOfLemma = setsOfLemma;
        _exceptions = exceptions;
    }

    /// <summary>Opens the database folder.</summary>
    /// <param name="folder">The folder with <c>data.noun</c>, <c>data.verb</c>, <c>data.adj</c> and <c>data.adv</c>.</param>
    /// <exception cref="HseNetFileException">A file is missing or not one of WordNet's.</exception>
    public static WordNet Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new WordNet([.. Parts.Select(p => ReadSets(Path.Combine(folder, $"data.{p.Part}")))],
            [.. Parts.Select(p => ReadExceptions(Path.Combine(folder, $"{p.Part}.exc")))]);
    }

    /// <summary>Whether <paramref name="other"/> is a word of any synonym set that <paramref name="word"/>, or a base form of it, belongs
    /// to.</summary>
    /// <param name="word">A word; inflections are undone.</param>
    /// <param name="other">A word, compared as it is.</param>
    public bool AreSynonyms(string word, string other)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(other);
        string lower = word.ToLowerInvariant();
        for (int part = 0; part < Parts.Length; part++)
            foreach (string form in BaseForms(part, lower))
                if (_setsOfLemma[part].TryGetValue(form, out List<string[]>? sets) && sets.Any(set => set.Contains(other)))
                    return true;
        return false;
    }

    IEnumerable<string> BaseForms(int part, string word)
    {
        if (_exceptions[part].TryGetValue(word, out string[]? irregular))
            return [word, .. irregular];
        List<string> forms = Reduce(part, [word]);
        // Endings come off until a word of the database is left, as in WordNet's look-up.
        List<string> known = [word, .. forms.Where(_setsOfLemma[part].ContainsKey)];
        while (known.Count == 1 && !_setsOfLemma[part].ContainsKey(word) && forms.Count > 0)
        {
            forms = Reduce(part, forms);
            known.AddRange(forms.Where(_setsOfLemma[part].ContainsKey));
        }
        return known;
    }

    static List<string> Reduce(int part, List<string> words) =>
    [
        .. from word in words
           from rule in Parts[part].Endings
           where word.EndsWith(rule.Ending, StringComparison.Ordinal)
           select word[..^rule.Ending.Length] + rule.With,
    ];

    static Dictionary<string, List<string[]>> ReadSets(string file)
    {
        var sets = new Dictionary<string, List<string[]>>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in JsonFile.ReadText(file).Split('\n'))
        {
            number++;
            // The licence stands at the top, indented.
            if (line.Length == 0 || line[0] == ' ')
                continue;
            // offset, lexicographer file, kind, number of words in hexadecimal, then each word and its sense; after the bar the explanation
            string[] fields = line.Split('|')[0].Split(' ');
            if (fields.Length < 6 || !int.TryParse(fields[3], System.Globalization.NumberStyles.AllowHexSpecifier, null, out int words)
                || words < 1 || fields.Length < 4 + 2 * words)
                throw new HseNetFileException(file, $"line {number} is no synonym set", "a data file of WordNet 3");
            string[] lemmas = [.. Enumerable.Range(0, words).Select(i => WithoutMarker(fields[4 + 2 * i]))];
            // Only single words can match a word of a text.
            string[] single = [.. lemmas.Where(l => !l.Contains('_'))];
            foreach (string lemma in lemmas.Select(l => l.ToLowerInvariant()).Distinct())
            {
                if (!sets.TryGetValue(lemma, out List<string[]>? known))
                    sets.Add(lemma, known = []);
                known.Add(single);
            }
        }
        return sets.Count > 0 ? sets : throw new HseNetFileException(file, "there is no synonym set", "a data file of WordNet 3");
    }

    // Adjectives carry their place in the phrase, as in galore(ip).
    static string WithoutMarker(string lemma) => lemma.EndsWith(')') && lemma.LastIndexOf('(') is > 0 and int at ? lemma[..at] : lemma;

    static Dictionary<string, string[]> ReadExceptions(string file)
    {
        var forms = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (!File.Exists(file))
            return forms;
        foreach (string line in JsonFile.ReadText(file).Split('\n'))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 1 } words)
                forms[words[0]] = words[1..];
        return forms;
    }
}
