// A model folder of the released sizes whose weights are all zero and take no place on a disk: for what depends on sizes alone.
using System.Buffers.Binary;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A temporary folder with configuration, tokenizer and weights of zeros, as holes of a file.</summary>
sealed class HollowModel : IDisposable
{
    /// <summary>Writes the folder.</summary>
    /// <param name="preset">Its sizes.</param>
    /// <param name="dtype">Storage type of matrices: f32 or bf16.</param>
    /// <exception cref="HseNetFileException">It cannot be written.</exception>
    public HollowModel(SyntheticPreset preset, string dtype)
    {
        Folder = Directory.CreateTempSubdirectory("hsenet-hollow-").FullName;
        try
        {
            var config = SyntheticModel.Config(preset) with { Dtype = dtype };
            SyntheticTokenizer.Write(Folder, config);
            WriteWeights(config, dtype);
            ModelFolder.WriteConfig(Folder, config);
        }
        catch (Exception e)
        {
            Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new HseNetFileException(Folder, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
            throw;
        }
    }

    /// <summary>Its path.</summary>
    public string Folder { get; }

    void WriteWeights(ModelConfig config, string dtype)
    {
        long end = 0;
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            foreach (var description in SafetensorsWriter.InOrder(ModelTensors.All(config).Select(tensor => new TensorDescription(
                tensor.Name, ModelConfigTensors.StorageType(dtype, tensor.Name, tensor.Shape), tensor.Shape))))
            {
                json.WriteStartObject(description.Name);
                json.WriteString("dtype", description.Type.Name());
                json.WriteStartArray("shape");
                foreach (long size in description.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(end);
                json.WriteNumberValue(end += description.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while ((sizeof(ulong) + header.Length) % SafetensorsWriter.Alignment != 0)
            header.WriteByte((byte)' '); // tensors begin where vectors can be read
        using var file = File.Create(Path.Combine(Folder, ModelFolder.WeightsFile));
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        file.Write(header.GetBuffer(), 0, (int)header.Length);
        file.SetLength(file.Length + end);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
