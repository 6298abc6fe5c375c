// The shared space of images and texts: projections of the CLS states, normalised to length 1 (the contrastive stages' CLIP heads).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Embeddings of one stage: normalize(mm_vision_proj(CLS)) and normalize(mm_language_proj(CLS)).</summary>
sealed class ContrastiveHead(WeightStore weights, int stage, int channels)
{
    readonly LinearLayer _image = LinearLayer.Bind(weights, $"clip{stage}.mm_vision_proj", channels, channels);
    readonly LinearLayer _text = LinearLayer.Bind(weights, $"clip{stage}.mm_language_proj", channels, channels);

    /// <summary>Embedding [C] of an encoder's features, whose first row is CLS; a backward needs the projected state [C] of before the
    /// normalisation.</summary>
    public void Image(Device device, Activations features, View<float> embedding, View<float> projected = default) =>
        Embed(device, _image, features, embedding, projected);

    /// <summary>Embedding [C] of a text encoder's last hidden states, whose first row is CLS.</summary>
    public void Text(Device device, View<float> hidden, View<float> embedding, View<float> projected = default) =>
        Embed(device, _text, hidden, embedding, projected);

    /// <summary>
    /// Writes the gradient of the features, zero but for CLS, given that of the embedding [C], which is overwritten, and adds to the
    /// gradients of the projection.
    /// </summary>
    public void ImageBackward(Device device, View<float> features, View<float> projected, View<float> gradEmbedding,
        View<float> gradFeatures) =>
        Backward(device, _image, features, projected, gradEmbedding, gradFeatures);

    /// <summary>The same for the last hidden states of a text.</summary>
    public void TextBackward(Device device, View<float> hidden, View<float> projected, View<float> gradEmbedding, View<float> gradHidden) =>
        Backward(device, _text, hidden, projected, gradEmbedding, gradHidden);

    void Embed(Device device, LinearLayer projection, Activations states, View<float> embedding, View<float> projected)
    {
        var before = projected.IsEmpty ? embedding : projected;
        projection.Forward(device, states.Slice(0, channels), before, 1);
        L2Normalize.Forward(device, new L2NormalizeArguments { X = before, Y = embedding, Rows = 1, Channels = channels });
    }

    void Backward(Device device, LinearLayer projection, View<float> states, View<float> projected, View<float> gradEmbedding,
        View<float> gradStates)
    {
        L2Normalize.Backward(device, new L2NormalizeBackwardArguments
        {
            X = projected,
            GradY = gradEmbedding,
            GradX = gradEmbedding,
            Rows = 1,
            Channels = channels
        });
        device.Clear(gradStates.As<byte>());
        projection.Backward(device, gradEmbedding, states.Slice(0, channels), gradStates.Slice(0, channels), 1);
    }
}
