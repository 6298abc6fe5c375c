// Pairs of a batch whose studies have the same findings: each other's positives instead of negatives.
namespace HSENet.Training;

/// <summary>
/// With equal pairs the target of a row of the contrastive loss is shared evenly by the pairs of its group. The softmax stays as it is, so
/// that this differs from <see cref="Kernels.ContrastiveLoss"/> by Σᵢ (zᵢᵢ − the mean of zᵢⱼ over the group of i) / N, for images among
/// texts and for texts among images alike: what is added here.
/// </summary>
static class EqualPairs
{
    /// <summary>The group of each pair, as the index of its first.</summary>
    public static int[] Groups(IReadOnlyList<TrainingExample> batch)
    {
        string[] truths = [.. batch.Select(example => example.Study.Truth)];
        return [.. truths.Select(truth => Array.IndexOf(truths, truth))];
    }

    /// <summary>What is added to the loss, and its gradients, which are added to.</summary>
    /// <param name="groups">[N].</param>
    /// <param name="images">[N, channels], of length 1.</param>
    /// <param name="texts">[N, channels], of length 1.</param>
    /// <param name="logitScale">What multiplies cosines.</param>
    /// <param name="scale">Multiplies the gradients.</param>
    /// <param name="gradImages">[N, channels], or none.</param>
    /// <param name="gradTexts">[N, channels], or none.</param>
    /// <returns>The loss, and the gradient of the logit scale.</returns>
    public static (double Loss, double GradLogitScale) Add(int[] groups, ReadOnlySpan<float> images, ReadOnlySpan<float> texts,
        double logitScale, double scale, Span<float> gradImages, Span<float> gradTexts)
    {
        int channels = images.Length / groups.Length;
        float[] imageMeans = new float[images.Length], textMeans = new float[texts.Length];
        int[] sizes = new int[groups.Length];
        foreach (int group in groups)
            sizes[group]++;
        for (int i = 0; i < images.Length; i++)
        {
            int group = groups[i / channels], at = group * channels + i % channels;
            imageMeans[at] += images[i] / sizes[group];
            textMeans[at] += texts[i] / sizes[group];
        }
        double sum = 0;
        for (int i = 0; i < images.Length; i++)
        {
            int at = groups[i / channels] * channels + i % channels;
            float image = images[i] - imageMeans[at], text = texts[i] - textMeans[at];
            sum += (double)images[i] * text / groups.Length;
            if (gradImages.IsEmpty)
                continue;
            gradImages[i] += (float)(scale * logitScale / groups.Length * text);
            gradTexts[i] += (float)(scale * logitScale / groups.Length * image);
        }
        return (logitScale * sum, scale * sum);
    }
}
