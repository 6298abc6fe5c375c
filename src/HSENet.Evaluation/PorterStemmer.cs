// Porter's stemmer (1980) with the changes that METEOR's reference makes to it: irregular words, short words, endings in y and i.

namespace HSENet.Evaluation;

internal static class PorterStemmer
{
    // A rule replaces an ending if the rest satisfies its condition. The first rule whose ending fits decides.
    readonly record struct Rule(string Ending, string With, Func<string, bool>? Condition = null);

    static readonly Dictionary<string, string> Irregular = new()
    {
        ["skies"] = "sky",
        ["sky"] = "sky",
        ["dying"] = "die",
        ["lying"] = "lie",
        ["tying"] = "tie",
        ["news"] = "news",
        ["innings"] = "inning",
        ["inning"] = "inning",
        ["outings"] = "outing",
        ["outing"] = "outing",
        ["cannings"] = "canning",
        ["canning"] = "canning",
        ["howe"] = "howe",
        ["proceed"] = "proceed",
        ["exceed"] = "exceed",
        ["succeed"] = "succeed",
    };

    static readonly Rule[] Plurals = [new("sses", "ss"), new("ies", "i"), new("ss", "ss"), new("s", "")];

    static readonly Rule[] DoubleSuffixes =
    [
        new("ational", "ate", HasMeasure), new("tional", "tion", HasMeasure), new("enci", "ence", HasMeasure),
            new("anci", "ance", HasMeasure),
        new("izer", "ize", HasMeasure), new("bli", "ble", HasMeasure), new("alli", "al", HasMeasure), new("entli", "ent", HasMeasure),
        new("eli", "e", HasMeasure), new("ousli", "ous", HasMeasure), new("ization", "ize", HasMeasure), new("ation", "ate", HasMeasure),
        new("ator", "ate", HasMeasure), new("alism", "al", HasMeasure), new("iveness", "ive", HasMeasure),
            new("fulness", "ful", HasMeasure),
        new("ousness", "ous", HasMeasure), new("aliti", "al", HasMeasure), new("iviti", "ive", HasMeasure),
            new("biliti", "ble", HasMeasure),
        new("fulli", "ful", HasMeasure), new("logi", "log", rest => HasMeasure(rest + "l")),
    ];

    static readonly Rule[] Suffixes =
    [
        new("icate", "ic", HasMeasure), new("ative", "", HasMeasure), new("alize", "al", HasMeasure), new("iciti", "ic", HasMeasure),
        new("ical", "ic", HasMeasure), new("ful", "", HasMeasure), new("ness", "", HasMeasure),
    ];

    static readonly Rule[] LastSuffixes =
    [
        .. new[] { "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent" }.Select(ending =>
            new Rule(ending, "", IsLong)),
        new("ion", "", rest => IsLong(rest) && rest[^1] is 's' or 't'),
        .. new[] { "ou", "ism", "ate", "iti", "ous", "ive", "ize" }.Select(ending => new Rule(ending, "", IsLong)),
    ];

    /// <summary>The stem of a word, in lower case.</summary>
    public static string Stem(string word)
    {
        string stem = word.ToLowerInvariant();
        if (Irregular.TryGetValue(stem, out string? irregular))
            return irregular;
        if (stem.Length <= 2)
            return stem;
        stem = stem.Length == 4 && stem.EndsWith("ies", StringComparison.Ordinal) ? stem[..^1] : Apply(stem, Plurals);
        stem = WithoutPast(stem);
        if (stem.Length > 2 && stem[^1] == 'y' && IsConsonant(stem, stem.Length - 2))
            stem = stem[..^1] + 'i';
        // "alli" becomes "al", to which the rules then apply once more.
        while (stem.EndsWith("alli", StringComparison.Ordinal) && HasMeasure(stem[..^4]))
            stem = stem[..^2];
        stem = Apply(stem, DoubleSuffixes);
        stem = Apply(stem, Suffixes);
        stem = Apply(stem, LastSuffixes);
        if (stem.EndsWith('e') && (IsLong(stem[..^1]) || (Measure(stem[..^1]) == 1 && !EndsShort(stem[..^1]))))
            stem = stem[..^1];
        return stem.EndsWith("ll", StringComparison.Ordinal) && IsLong(stem[..^1]) ? stem[..^1] : stem;
    }

    static string WithoutPast(string word)
    {
        if (word.EndsWith("ied", StringComparison.Ordinal))
            return word.Length == 4 ? word[..^1] : word[..^2];
        if (word.EndsWith("eed", StringComparison.Ordinal))
            return HasMeasure(word[..^3]) ? word[..^1] : word;
        int cut = word.EndsWith("ed", StringComparison.Ordinal) ? 2 : word.EndsWith("ing", StringComparison.Ordinal) ? 3 : 0;
        if (cut == 0 || !HasVowel(word[..^cut]))
            return word;
        string rest = word[..^cut];
        if (rest.EndsWith("at", StringComparison.Ordinal) || rest.EndsWith("bl", StringComparison.Ordinal)
            || rest.EndsWith("iz", StringComparison.Ordinal))
            return rest + 'e';
        if (rest.Length >= 2 && rest[^1] == rest[^2] && IsConsonant(rest, rest.Length - 1))
            return rest[^1] is 'l' or 's' or 'z' ? rest : rest[..^1];
        return Measure(rest) == 1 && EndsShort(rest) ? rest + 'e' : rest;
    }

    static string Apply(string word, Rule[] rules)
    {
        foreach (Rule rule in rules)
        {
            if (!word.EndsWith(rule.Ending, StringComparison.Ordinal))
                continue;
            string rest = word[..^rule.Ending.Length];
            return rule.Condition is null || rule.Condition(rest) ? rest + rule.With : word;
        }
        return word;
    }

    static bool IsConsonant(string word, int i) => word[i] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => i == 0 || !IsConsonant(word, i - 1),
        _ => true,
    };

    static bool HasVowel(string word) => Enumerable.Range(0, word.Length).Any(i => !IsConsonant(word, i));

    // Porter's m: how often a vowel is followed by a consonant.
    static int Measure(string word)
    {
        int measure = 0;
        bool afterVowel = false;
        for (int i = 0; i < word.Length; i++)
        {
            bool consonant = IsConsonant(word, i);
            measure += consonant && afterVowel ? 1 : 0;
            afterVowel = !consonant;
        }
        return measure;
    }

    static bool HasMeasure(string word) => Measure(word) > 0;

    static bool IsLong(string word) => Measure(word) > 1;

    // Consonant, vowel, consonant (not w, x, y) at the end, or a word of vowel and consonant.
    static bool EndsShort(string word) => word.Length == 2
        ? !IsConsonant(word, 0) && IsConsonant(word, 1)
        : word.Length > 2 && IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 1)
            && word[^1] is not ('w' or 'x' or 'y');
}
