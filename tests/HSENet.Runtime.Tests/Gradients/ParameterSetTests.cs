// Trained tensors: where the model reads them, which gradients a layer binds, how much an example counts.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class ParameterSetTests
{
    static HostDevice Host => PartRun.Host;

    static TensorSource Source(params (string Name, float[] Values)[] tensors)
    {
        var entries = new List<TensorEntry>();
        foreach (var (name, values) in tensors)
            entries.Add(new TensorEntry(name, DataType.F32, [values.Length],
                FileBytes.FromArray("memory", System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray()), 0));
        return new TensorSource("memory", entries, []);
    }

    static ParameterSet Set(bool rounded, params TrainableTensor[] tensors) => new(Host, new ParameterPlan(tensors, rounded));

    [Fact]
    public void A_trained_tensor_is_read_from_the_set_and_a_frozen_one_from_the_folder()
    {
        using var set = Set(rounded: false, TrainableTensor.Of("a.weight", 1, 2));
        set.SetValues(set.All[0], [5, 6]);
        using var store = new WeightStore(Host, Source(("a.weight", [1, 2]), ("b.weight", [3, 4])), set);
        Assert.Equal([5f, 6f], store.Vector("a.weight", 2).AsSpan().ToArray());
        Assert.Equal([3f, 4f], store.Vector("b.weight", 2).AsSpan().ToArray());
        Assert.Equal(2, store.Gradient("a.weight").Length);
        Assert.True(store.Gradient("b.weight").IsEmpty);
        Assert.Empty(store.Unused);
        Assert.Empty(store.UnusedTrained);
    }

    [Fact]
    public void A_tensor_that_only_the_set_has_is_there_and_a_wrong_size_is_refused()
    {
        using var set = Set(rounded: false, TrainableTensor.Of("new.lora_A.weight", 2, 3));
        using var store = new WeightStore(Host, Source(), set);
        Assert.True(store.Has("new.lora_A.weight"));
        Assert.Equal(["new.lora_A.weight"], store.UnusedTrained);
        Assert.Throws<ArgumentException>(() => store.Matrix("new.lora_A.weight", 2, 4));
    }

    [Fact]
    public void Kernels_read_matrices_rounded_to_nearest_even_and_vectors_in_f32()
    {
        using var set = Set(rounded: true, TrainableTensor.Of("m.weight", 2, 2), TrainableTensor.Of("v.weight", 1, 2));
        // 1 + 2^-8 lies between two bf16 values and goes to the even one, 1 + 3·2^-8 to the other.
        set.SetValues(set.All[0], [1 + 1f / 256, 1 + 3f / 256, -2, float.NaN]);
        set.SetValues(set.All[1], [1 + 1f / 256, 2]);
        using var store = new WeightStore(Host, Source(), set);
        var matrix = store.Matrix("m.weight", 2, 2);
        Assert.Equal(WeightType.BF16, matrix.Type);
        Assert.Equal([1f, 1 + 1f / 64, -2f], Enumerable.Range(0, 3).Select(i => BF16Weights.Load(matrix, i)));
        Assert.True(float.IsNaN(BF16Weights.Load(matrix, 3)));
        Assert.Equal(1 + 1f / 256, store.Vector("v.weight", 2)[0]);
    }

    [Fact]
    public void A_layer_adds_the_gradients_of_what_is_trained_and_skips_what_is_frozen()
    {
        using var set = Set(rounded: false, TrainableTensor.Of("l.weight", 1, 2));
        set.SetValues(set.All[0], [2, 3]);
        using var store = new WeightStore(Host, Source(("l.bias", [1])), set);
        var layer = LinearLayer.Bind(store, "l", 2, 1);
        using var memory = Host.Allocate(64, "test");
        View<float> gradY = memory.View<float>(0, 1), x = memory.View<float>(4, 2), gradX = memory.View<float>(12, 2);
        (gradY[0], x[0], x[1]) = (10, 7, 8);
        layer.Backward(Host, gradY, x, gradX, 1);
        layer.Backward(Host, gradY, x, default, 1);
        Assert.Equal([20f, 30f], gradX.AsSpan().ToArray());
        Assert.Equal([140f, 160f], set.All[0].Gradient.AsSpan().ToArray());
        set.ClearGradients();
        Assert.Equal([0f, 0f], set.All[0].Gradient.AsSpan().ToArray());
    }

    [Theory]
    [InlineData("encoder1.blocks.0.norm1.weight", false)]
    [InlineData("text_encoder1.encoder.layer.0.output.LayerNorm.weight", false)]
    [InlineData("packer1.resolution_attention.Wq.bias", false)]
    [InlineData("packer1.resolution_attention.Wq.weight", true)]
    [InlineData("encoder1.cls_token", true)]
    [InlineData("clip1.logit_scale", true)]
    public void Biases_and_norms_do_not_decay(string name, bool decays) => Assert.Equal(decays, TrainableTensor.Of(name, 1).Decays);

    [Fact]
    public void The_first_label_and_the_ignored_ones_do_not_count()
    {
        var example = new TrainingExample(0, default, default, [1, 2, 3, 4], [7, LanguageModel.IgnoredLabel, 8, 9]);
        Assert.Equal(2, example.Weight);
        Assert.Equal(1, (example with { Labels = [] }).Weight);
    }

    [Fact]
    public void Dropout_seeds_differ_by_run_step_row_and_site_and_repeat()
    {
        long site = DropoutSeeds.Site("a"), other = DropoutSeeds.Site("b");
        long[] seeds =
        [
            DropoutSeeds.For(1, 0, 0).At(site), DropoutSeeds.For(2, 0, 0).At(site),
                DropoutSeeds.For(1, 1, 0).At(site),
            DropoutSeeds.For(1, 0, 1).At(site), DropoutSeeds.For(1, 0, 0).At(other),
                DropoutSeeds.For(0, 1, 1).At(site),
        ];
        Assert.Equal(seeds.Length, seeds.Distinct().Count());
        Assert.Equal(seeds[0], DropoutSeeds.For(1, 0, 0).At(site));
        Assert.Equal(0, default(DropoutSeeds).Rate(0.5f));
    }
}
