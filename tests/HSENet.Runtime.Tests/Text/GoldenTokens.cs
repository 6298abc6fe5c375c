// The golden texts with their ids: both files of the folder, as far as it has them.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

static class GoldenTokens
{
    /// <summary>All cases of a tokenizer.</summary>
    public static JsonElement[] Of(string tokenizer) =>
        [.. new[] { "tiny/golden/tokenizers.json", "tiny/golden/tokenizers_more.json" }.Where(GoldenFolder.Has)
            .SelectMany(file => GoldenFolder.Json(file).GetProperty(tokenizer).EnumerateArray())];

    public static string Text(JsonElement one) => one.GetProperty("text").GetString()!;
}
