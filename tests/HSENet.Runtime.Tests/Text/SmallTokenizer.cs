// A tokenizer of single bytes, a few merges and two added tokens, written to a folder of its own.
using System.Text.Json.Nodes;
using System.Text.Json;

namespace HSENet.Runtime.Tests;

internal sealed class SmallTokenizer : IDisposable
{
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public SmallTokenizer(string pattern = Gpt2, params string[] extraMerges)
        : this(Enumerable.Range(0, 256), pattern, extraMerges)
    {
    }

    SmallTokenizer(IEnumerable<int> bytes, string pattern, string[] extraMerges)
    {
        string[] merges = ["a b", "ab c", "l u", "lu n", "Ġ lun", .. extraMerges];
        foreach (int b in bytes)
            Vocabulary.Add(Symbol(b), Vocabulary.Count);
        foreach (string merge in merges)
            Vocabulary.TryAdd(merge.Replace(" ", ""), Vocabulary.Count);
        int next = Vocabulary.Count;
        foreach (string added in (string[])["<|endoftext|>", "<|user|>"])
            Added.Add(added, next++);
        Write("vocab.json", JsonSerializer.Serialize(Vocabulary));
        Write("merges.txt", "#version: 0.2\n" + string.Join('\n', merges) + "\n");
        Write("added_tokens.json", JsonSerializer.Serialize(Added));
        Write("tokenizer.json", new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                [.. Added.Select(a => (JsonNode)new JsonObject { ["id"] = a.Value, ["content"] = a.Key, ["rstrip"] = false })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = pattern },
                        ["behavior"] = "Removed",
                        ["invert"] = true
                    },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = JsonSerializer.SerializeToNode(Vocabulary),
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)new JsonArray(m.Split(' ')[0], m.Split(' ')[1]))]),
            },
        }.ToJsonString());
    }

    /// <summary>43 bytes, 5 merges and 2 added tokens: small files, so that many broken copies of them can be tried.</summary>
    public static SmallTokenizer OfFiftyEntries() =>
        new(" abcdefghijklmnopqrstuvwxyz.0123456789é\n<>"u8.ToArray().Select(b => (int)b), Gpt2, []);

    public Dictionary<string, int> Vocabulary { get; } = [];

    public Dictionary<string, int> Added { get; } = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("hsenet-tokenizer").FullName;

    public string At(string file) => Path.Combine(Folder, file);

    public void Write(string file, string content) => File.WriteAllText(At(file), content);

    /// <summary>Replaces text that must be there in one of the files.</summary>
    public void Replace(string file, string old, string with)
    {
        string content = File.ReadAllText(At(file));
        Assert.Contains(old, content);
        Write(file, content.Replace(old, with));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The character that stands for a byte, by GPT-2's own description: printable bytes themselves, the others from U+0100
    /// on.</summary>
    static string Symbol(int b)
    {
        static bool Prints(int b) => b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
        return Prints(b) ? ((char)b).ToString() : ((char)(256 + Enumerable.Range(0, b).Count(x => !Prints(x)))).ToString();
    }
}
