// Ids and labels of fine-tuning samples are those of the reference.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class TrainingTextGoldenTests
{
    [Fact]
    public void Ids_and_labels_are_those_of_the_reference()
    {
        var tokenizer = LanguageTokenizer.Open(GoldenFolder.At("tiny/phi4-mini"));
        var losses = GoldenFolder.Json("tiny/golden/train/losses.json");
        var batch = GoldenFolder.Tensors("tiny/golden/train/vlm_batch.safetensors");
        string prompt = losses.GetProperty("question").GetString()!;
        const string patch = "<im_patch>";
        int visualTokens = prompt.Split(patch).Length - 1, width = batch["input_ids"].Shape[1];
        string question = prompt[(prompt.LastIndexOf(patch, StringComparison.Ordinal) + patch.Length)..];
        for (int row = 0; row < batch["input_ids"].Shape[0]; row++)
        {
            int[] ids = Row("input_ids"), labels = Row("labels");
            int read = Row("attention_mask").Sum(), start = Prompt.Build(tokenizer, visualTokens, question).Length;
            string answer = tokenizer.Decode(ids.AsSpan(start, read - start)).TrimStart();
            var built = TrainingText.Answered(tokenizer, visualTokens, question, answer, losses.GetProperty("max_length").GetInt32());
            // The reference pads; padding has no labels.
            Assert.Equal(ids[..built.Ids.Length], built.Ids);
            Assert.Equal(labels[..built.Labels.Length], built.Labels);
            Assert.All(labels[built.Labels.Length..], label => Assert.Equal(LanguageModel.IgnoredLabel, label));

            int[] Row(string name) => [.. batch[name].Doubles().Skip(row * width).Take(width).Select(value => (int)value)];
        }
    }
}
