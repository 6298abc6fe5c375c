// The rule of synthetic weights against values worked out from its description with whole numbers in another language.

namespace HSENet.Runtime.Tests;

public sealed class SyntheticWeightsTests
{
    const ulong Seed = 3;

    [Theory]
    [InlineData("model.embed_tokens.weight", new long[] { 200033, 3072 }, 0, 0.01904296875f)]
    [InlineData("model.embed_tokens.weight", new long[] { 200033, 3072 }, 614400000, -0.0303955078125f)]
    [InlineData("model.layers.31.input_layernorm.weight", new long[] { 3072 }, 17, 1.078125f)]
    [InlineData("model.layers.31.input_layernorm.weight", new long[] { 3072 }, 3071, 0.95703125f)]
    [InlineData("model.layers.0.self_attn.qkv_proj.weight", new long[] { 5120, 3072 }, 15728639, 0.0033721923828125f)]
    [InlineData("visual.trunk.patch_embed.proj.weight", new long[] { 768, 3, 16, 16 }, 5, -0.005767822265625f)]
    [InlineData("model.mm_projector2.proj_mpls.0.bias", new long[] { 3072 }, 40, 0.0145263671875f)]
    [InlineData("model.vision_tower.vision_tower_stage1.cls_token", new long[] { 1, 1, 768 }, 767, -0.0198974609375f)]
    [InlineData("language_encoder.embeddings.LayerNorm.weight", new long[] { 768 }, 33, 1.0078125f)]
    public void An_element_is_what_the_rule_says(string name, long[] shape, long index, float expected)
    {
        float[] one = [0];
        SyntheticWeights.Fill(name, shape, Seed, index, one);
        Assert.Equal(expected, one[0]);
        // Inside a longer piece it is computed with its neighbours.
        var piece = new float[53];
        long first = Math.Max(0, index - 20);
        SyntheticWeights.Fill(name, shape, Seed, first, piece);
        Assert.Equal(expected, piece[index - first]);
    }

    [Theory, InlineData(0, -0.5989904403686523f), InlineData(20, -0.9528613090515137f), InlineData(2097151, -0.8502224683761597f)]
    public void An_input_is_the_uniform_number_itself(long index, float expected)
    {
        var piece = new float[40];
        long first = Math.Max(0, index - 20);
        SyntheticWeights.Uniform("volume", Seed, first, piece);
        Assert.Equal(expected, piece[index - first]);
    }

    [Fact]
    public void Every_piece_of_a_tensor_is_the_same_whatever_is_asked_with_it()
    {
        var whole = new float[1000];
        SyntheticWeights.Fill("model.norm.weight", [1000], Seed, 0, whole);
        for (int first = 0; first < 1000; first += 37)
        {
            var piece = new float[Math.Min(37, 1000 - first)];
            SyntheticWeights.Fill("model.norm.weight", [1000], Seed, first, piece);
            Assert.Equal(whole[first..(first + piece.Length)], piece);
        }
    }
}
