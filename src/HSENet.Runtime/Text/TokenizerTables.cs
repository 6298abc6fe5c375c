// What the tokenizer files of a language model say, and the checks that make it safe to use.
using System.Text.RegularExpressions;

namespace HSENet.Runtime;

/// <summary>A token outside the byte-pair vocabulary, found in a text before anything else is.</summary>
/// <param name="Text">The token as it is written.</param>
/// <param name="Id">Its id.</param>
/// <param name="StripLeft">White space before it belongs to it.</param>
/// <param name="StripRight">White space after it belongs to it.</param>
internal readonly record struct AddedToken(string Text, int Id, bool StripLeft = false, bool StripRight = false);

/// <summary>Vocabulary, merges in the order of their rank (<c>"left right"</c>) and added tokens.</summary>
internal sealed class TokenizerTables
{
    /// <summary>The token that begins a prompt, ends a text and stands for bytes that the vocabulary lacks.</summary>
    public const string EndOfText = "<|endoftext|>";

    // A vocabulary may leave ids free before its special tokens (o200k, Phi-4-mini's, leaves 19); more free ids mean a damaged file.
    const int MaximumUnusedIds = 1024;

    /// <summary>Where the vocabulary was read: errors name it.</summary>
    public required string VocabularyFile { get; init; }

    /// <summary>Where the merges were read.</summary>
    public required string MergesFile { get; init; }

    /// <summary>Where the added tokens were read.</summary>
    public required string AddedFile { get; init; }

    /// <summary>Id of each token, written in the byte alphabet.</summary>
    public Dictionary<string, int> Vocabulary { get; } = new(StringComparer.Ordinal);

    /// <summary>Merges, the first is done first.</summary>
    public List<string> Merges { get; } = [];

    /// <summary>Tokens found before the split.</summary>
    public List<AddedToken> Added { get; } = [];

    /// <summary>The pattern of <c>tokenizer.json</c>; null for GPT-2's.</summary>
    public Regex? Pattern { get; set; }

    /// <summary>Whether text between the pattern's matches is kept as pieces of its own.</summary>
    public bool KeepsUnmatched { get; set; }

    /// <summary>One more than the highest id.</summary>
    public int Count { get; private set; }

    /// <summary>Refuses tables that cannot encode or decode every text.</summary>
    /// <exception cref="HseNetFileException">Ids are missing, doubled or negative; a token or a merge cannot be used.</exception>
    public TokenizerTables Checked()
    {
        if (Vocabulary.Count == 0)
            throw new HseNetFileException(VocabularyFile, "the vocabulary is empty", "one id for each token");
        int lastOrdinary = CheckMerges();
        var tokenOfId = new Dictionary<int, string>(Vocabulary.Count + Added.Count);
        foreach ((string token, int id) in Vocabulary)
        {
            if (token.Length == 0)
                throw new HseNetFileException(VocabularyFile, "a token is empty", "at least one character");
            if (!ByteAlphabet.Writes(token))
                throw new HseNetFileException(VocabularyFile,
                    $"token {HseNetFileException.Quote(token)} is not written in the byte alphabet", "a byte-level vocabulary");
            Claim(VocabularyFile, id, token);
            if (token.Length == 1)
                lastOrdinary = Math.Max(lastOrdinary, id);
        }
        foreach (AddedToken added in Added)
        {
            if (added.Text.Length == 0)
                throw new HseNetFileException(AddedFile, "an added token is empty", "at least one character");
            Claim(AddedFile, added.Id, added.Text);
            if (Vocabulary.TryGetValue(added.Text, out int id) && id != added.Id)
                throw new HseNetFileException(AddedFile, $"{HseNetFileException.Quote(added.Text)} has the ids {id} and {added.Id}",
                    "one id for each token");
        }
        if (!Added.Any(a => a.Text == EndOfText))
            throw new HseNetFileException(AddedFile, $"{EndOfText} is missing", "it among the added tokens: it begins every prompt");
        CheckHoles(tokenOfId, lastOrdinary);
        return this;

        void Claim(string file, int id, string token)
        {
            if (id < 0)
                throw new HseNetFileException(file, $"token {HseNetFileException.Quote(token)} has the id {id}", "ids from 0");
            if (!tokenOfId.TryAdd(id, token) && tokenOfId[id] != token)
                throw new HseNetFileException(file,
                    $"{HseNetFileException.Quote(tokenOfId[id])} and {HseNetFileException.Quote(token)} have the same id {id}",
                    "one token for each id");
        }
    }

    // Returns the highest id that a merge makes.
    int CheckMerges()
    {
        var seen = new HashSet<string>(Merges.Count, StringComparer.Ordinal);
        var ids = Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        int highest = -1;
        for (int rank = 0; rank < Merges.Count; rank++)
        {
            string merge = Merges[rank];
            int space = merge.IndexOf(' ');
            if (space <= 0 || space == merge.Length - 1 || merge.IndexOf(' ', space + 1) >= 0)
                throw new HseNetFileException(MergesFile, $"merge {rank + 1} is {HseNetFileException.Quote(merge)}",
                    "two tokens with one space between them");
            Known(merge.AsSpan(0, space), rank);
            Known(merge.AsSpan(space + 1), rank);
            highest = Math.Max(highest, Known(merge.Remove(space, 1), rank));
            if (!seen.Add(merge))
                throw new HseNetFileException(MergesFile, $"merge {rank + 1} ({HseNetFileException.Quote(merge)}) occurs twice",
                    "each merge once");
        }
        return highest;

        int Known(ReadOnlySpan<char> token, int rank) => ids.TryGetValue(token, out int id)
            ? id
            : throw new HseNetFileException(MergesFile, $"merge {rank + 1} needs the token {HseNetFileException.Quote(token.ToString())}",
                $"only tokens of {Path.GetFileName(VocabularyFile)}");
    }

    void CheckHoles(Dictionary<int, string> tokenOfId, int lastOrdinary)
    {
        int highest = tokenOfId.Keys.Max();
        if (highest - tokenOfId.Count >= MaximumUnusedIds)
            throw new HseNetFileException(AddedFile, $"the highest of {tokenOfId.Count} ids is {highest}",
                $"at most {MaximumUnusedIds} unused ids");
        for (int id = 0; id <= lastOrdinary; id++)
            if (!tokenOfId.ContainsKey(id))
                throw new HseNetFileException(VocabularyFile, $"no token has the id {id}", $"every id from 0 to {lastOrdinary}");
        Count = highest + 1;
    }
}
