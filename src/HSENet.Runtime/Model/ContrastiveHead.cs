// The shared space of images and texts: projections of the CLS states, normalised to length 1 (the contrastive stages' CLIP heads).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Embeddings of one stage: normalize(mm_vision_proj(CLS)) and normalize(mm_language_proj(CLS)).</summary>
sealed class ContrastiveHead(WeightStore weights, int stage, int channels)
{
    readonly LinearLayer _image = LinearLayer.Bind(weights, $"clip{stage}.mm_vision_proj", channels, channels);
    readonly LinearLayer _text = LinearLayer.Bind(weights, $"clip{stage}.mm_language_proj", channels, channels);

    /// <summary>Embedding [C] of an encoder's features, whose first row is CLS.</summary>
    public void Image(Device device, View<float> features, View<float> embedding) => Embed(device, _image, features, embedding);

    /// <summary>Embedding [C] of a text encoder's last hidden states, whose first row is CLS.</summary>
    public void Text(Device device, View<float> hidden, View<float> embedding) => Embed(device, _text, hidden, embedding);

    void Embed(Device device, LinearLayer projection, View<float> states, View<float> embedding)
    {
        projection.Forward(device, states.Slice(0, channels), embedding, 1);
        L2Normalize.Forward(device, new L2NormalizeArguments { X = embedding, Y = embedding, Rows = 1, Channels = channels });
    }
}
