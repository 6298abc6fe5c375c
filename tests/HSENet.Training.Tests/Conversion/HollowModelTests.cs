// A model folder of zeros: it has what its configuration needs, where vectors can be read, and takes no place.
using HSENet.Runtime;

namespace HSENet.Training.Tests;

public sealed class HollowModelTests
{
    [Fact]
    public unsafe void A_hollow_model_has_every_tensor_where_vectors_can_be_read()
    {
        string folder;
        using (HollowModel hollow = new(SyntheticPreset.Tiny, "bf16"))
        {
            folder = hollow.Folder;
            var config = ModelConfig.Read(folder);
            using var source = TensorSource.Open(folder);
            Assert.Equal(ModelTensors.All(config).Select(tensor => tensor.Name).Order(),
                source.Tensors.Select(tensor => tensor.Name).Order());
            foreach (var tensor in source.Tensors.Where(tensor => tensor.ByteLength % SafetensorsWriter.Alignment == 0))
                Assert.True((long)tensor.Pointer % SafetensorsWriter.Alignment == 0, $"{tensor.Name} begins at {(long)tensor.Pointer}");
            Assert.Contains(source.Tensors, tensor => tensor.ByteLength % SafetensorsWriter.Alignment != 0);
        }
        Assert.False(Directory.Exists(folder));
    }
}
