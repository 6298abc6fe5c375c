// An encoded study as a file: tensors with checksums, and the hashes of what made them, which must be the same where it is loaded.
using System.Runtime.InteropServices;
using System.Text.Json;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Writes and reads encoded studies (safetensors).</summary>
static class EncodedFile
{
    const string Format = "hsenet-encoded/1", Expected = "a file that EncodedStudy.Save wrote with this model";

    /// <summary>Writes everything that is kept.</summary>
    /// <exception cref="HseNetFileException">The file cannot be written.</exception>
    public static void Write(string file, HseNetModel model, EncodedStudy study)
    {
        var tensors = new List<(TensorDescription Description, Activations Values)> { Tensor("features", study.Features) };
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["weights"] = model.WeightsHash,
            ["preprocessing"] = study.Preprocessing,
            ["activations"] = Name(model.Activations),
            ["notes"] = JsonSerializer.Serialize([.. study.Notes], RuntimeJson.Default.StringArray),
        };
        foreach (var adapted in study.Adapted)
        {
            metadata[$"adapter.{adapted.Model.Name}"] = adapted.Model.Hash;
            tensors.Add(Tensor($"{adapted.Model.Name}.visual_tokens", adapted.VisualTokens));
            foreach (var prefix in adapted.Prefixes)
            {
                tensors.Add(Tensor($"{adapted.Model.Name}.{Factors(prefix.HasLongFactors)}.keys", prefix.Keys));
                tensors.Add(Tensor($"{adapted.Model.Name}.{Factors(prefix.HasLongFactors)}.values", prefix.Values));
            }
        }
        using var writer = new SafetensorsWriter(file, tensors.Select(tensor => tensor.Description), metadata);
        foreach (var (description, values) in tensors)
        {
            var host = new float[values.Length];
            model.Device.Download(values, host);
            writer.Write(description.Name, MemoryMarshal.AsBytes<float>(host));
        }
        writer.Commit();
    }

    /// <summary>Reads a file back onto the model's device.</summary>
    /// <exception cref="HseNetFileException">It is damaged or another model's.</exception>
    public static EncodedStudy Read(string file, HseNetModel model)
    {
        using var source = TensorSource.OpenSafetensors(file);
        var metadata = source.Metadata;
        Require("format", Format);
        Require("weights", model.WeightsHash);
        string preprocessing = metadata.GetValueOrDefault("preprocessing") ?? "";
        if (!Preprocessing.IsCurrent(preprocessing, model.Config.Preprocessing))
            throw new HseNetFileException(file, $"was made with the preprocessing {HseNetFileException.Quote(preprocessing)}",
                $"the model's, version {Preprocessing.Version}");
        // A name that was damaged, too, would leave its tensor unchecked.
        if (source.Tensors.FirstOrDefault(tensor => tensor.StatedChecksum is null) is { } bare)
            throw new HseNetFileException(file, $"states no checksum of {HseNetFileException.Quote(bare.Name)}", Expected);
        source.VerifyChecksums();
        var study = new EncodedStudy(model, preprocessing, Notes(file, metadata, model));
        try
        {
            Upload(model.Device, source, "features", study.Features);
            foreach (string key in metadata.Keys.Where(key => key.StartsWith("adapter.", StringComparison.Ordinal)))
            {
                string name = key["adapter.".Length..];
                var adapted = model.Adapted(name) ?? throw new HseNetFileException(file,
                    $"was asked of the adapter {HseNetFileException.Quote(name)}, which the model does not have", Expected);
                Require(key, adapted.Hash);
                study.Missing(adapted, out var own);
                study.Keep(own);
                Read(source, model, own);
            }
            return study;
        }
        catch
        {
            study.Dispose();
            throw;
        }

        void Require(string key, string value)
        {
            if (metadata.GetValueOrDefault(key) is var found && found != value)
                throw new HseNetFileException(file, found is null ? $"does not state its {key}"
                    : $"{key} is {HseNetFileException.Quote(found)}", value);
        }
    }

    static void Read(TensorSource source, HseNetModel model, AdaptedStudy own)
    {
        var config = own.Model.Config;
        long floats = (long)config.LanguageModel.NumHiddenLayers * config.PrefixTokens * config.LanguageModel.CacheChannels;
        Upload(model.Device, source, $"{own.Model.Name}.visual_tokens", own.VisualTokens);
        foreach (bool isLong in (ReadOnlySpan<bool>)[false, true])
        {
            string name = $"{own.Model.Name}.{Factors(isLong)}";
            if (source.TryGet($"{name}.keys", out _))
                own.Keep(KeptCache.FromHost(model.Device, config.LanguageModel, config.PrefixTokens, isLong, model.Activations,
                    Values(source, $"{name}.keys", floats), Values(source, $"{name}.values", floats)));
        }
    }

    static string[] Notes(string file, IReadOnlyDictionary<string, string> metadata, HseNetModel model)
    {
        string activations = metadata.GetValueOrDefault("activations", Name(ActivationType.F32)), own = Name(model.Activations);
        try
        {
            string[] notes = JsonSerializer.Deserialize(metadata.GetValueOrDefault("notes") ?? "[]", RuntimeJson.Default.StringArray) ?? [];
            return activations == own ? notes
                : [.. notes, $"was encoded with activations in {activations}, the model has them in {own}: answers may differ from those "
                    + $"of one type"];
        }
        catch (JsonException e)
        {
            throw new HseNetFileException(file, "its notes cannot be read", Expected, e);
        }
    }

    static string Name(ActivationType type) => type.ToString().ToLowerInvariant();

    static string Factors(bool isLong) => isLong ? "long" : "short";

    static (TensorDescription, Activations) Tensor(string name, Activations values) =>
        (new TensorDescription(name, DataType.F32, [values.Length]), values);

    static void Upload(Device device, TensorSource source, string name, Activations to) =>
        device.Upload(Values(source, name, to.Length), to);

    static float[] Values(TensorSource source, string name, long count)
    {
        var tensor = source.Get(name);
        return tensor.ElementCount == count ? tensor.ToSingles()
            : throw new HseNetFileException(tensor.File, $"{name} has {tensor.ElementCount} elements", $"{count}");
    }
}
