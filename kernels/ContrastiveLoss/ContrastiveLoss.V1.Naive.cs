// Computes  InfoNCE over rows and columns of logits = scale · images·textsᵀ, the mean of (frozen − logits)², and their gradients
// Idea      one group does it all, a phase behind the other: cosines; logarithms of sums; gradients of logits; losses and gradients of
//           embeddings
// Numerics  sums left to right in f32, fused multiply-adds; the logarithm of a sum is rounded once more before it is subtracted in an
//           exponent
using ILGPU;

namespace HSENet.Kernels;

public static partial class ContrastiveLoss
{
    static void ForwardV1(ContrastiveLossArguments a)
    {
        int n = a.Rows, thread = Group.IdxX, pairs = n * n;
        // where they start in the scratch memory
        int gradients = pairs, logSums = 2 * pairs, relations = 2 * pairs + 2 * n, scales = 2 * pairs + 3 * n;
        float scale = a.LogitScale[0];
        for (int k = thread; k < pairs; k += GroupSize)
        {
            int i = k / n, j = k % n;
            float cosine = 0f;
            for (int c = 0; c < a.Channels; c++)
                cosine = ScalarInstructions.FusedMultiplyAdd(a.Images[i * a.Channels + c], a.Texts[j * a.Channels + c], cosine);
            a.Scratch[k] = cosine;
            a.Logits[k] = scale * cosine;
        }
        Group.Barrier(); // rows and columns are read whole

        for (int k = thread; k < 2 * n; k += GroupSize)
        {
            int start = k < n ? k * n : k - n, stride = k < n ? 1 : n;
            float largest = float.NegativeInfinity, sum = 0f;
            for (int i = 0; i < n; i++)
                largest = a.Logits[start + i * stride] > largest ? a.Logits[start + i * stride] : largest;
            for (int i = 0; i < n; i++)
                sum += DeviceMath.Exp(a.Logits[start + i * stride] - largest);
            a.Scratch[logSums + k] = largest + DeviceMath.Log(sum);
        }
        Group.Barrier(); // a row needs the sums of all columns

        float half = ScalarInstructions.Divide(0.5f, n), share = ScalarInstructions.Divide(1f, (float)n * n);
        float weight = a.Scale * half, pull = 2f * a.Scale * a.RelationWeight * share;
        for (int i = thread; i < n; i += GroupSize)
        {
            float relation = 0f, gradScale = 0f;
            for (int j = 0; j < n; j++)
            {
                int k = i * n + j;
                float logit = a.Logits[k];
                float gradient = DeviceMath.Exp(logit - a.Scratch[logSums + i]) + DeviceMath.Exp(logit - a.Scratch[logSums + n + j]);
                gradient = weight * (gradient - (i == j ? 2f : 0f));
                if (a.FrozenLogits.Length != 0)
                {
                    float difference = logit - a.FrozenLogits[k];
                    relation = ScalarInstructions.FusedMultiplyAdd(difference, difference, relation);
                    gradient = ScalarInstructions.FusedMultiplyAdd(pull, difference, gradient);
                }
                gradScale = ScalarInstructions.FusedMultiplyAdd(gradient, a.Scratch[k], gradScale);
                a.Scratch[gradients + k] = scale * gradient;
            }
            a.Scratch[relations + i] = relation;
            a.Scratch[scales + i] = gradScale;
        }
        Group.Barrier(); // an embedding's gradient needs a row or a column of gradients

        if (thread == 0)
        {
            float contrastive = 0f, relation = 0f, gradScale = 0f;
            for (int i = 0; i < n; i++)
            {
                float diagonal = a.Logits[i * n + i];
                contrastive += a.Scratch[logSums + i] - diagonal + (a.Scratch[logSums + n + i] - diagonal);
                relation += a.Scratch[relations + i];
                gradScale += a.Scratch[scales + i];
            }
            a.Loss[0] = half * contrastive;
            a.Loss[1] = share * relation;
            if (a.GradLogitScale.Length != 0)
                a.GradLogitScale[0] += gradScale;
        }
        for (int k = thread; k < (int)a.GradImages.Length; k += GroupSize)
        {
            int i = k / a.Channels, c = k % a.Channels;
            float sum = 0f;
            for (int j = 0; j < n; j++)
                sum = ScalarInstructions.FusedMultiplyAdd(a.Scratch[gradients + i * n + j], a.Texts[j * a.Channels + c], sum);
            a.GradImages[k] = sum;
        }
        for (int k = thread; k < (int)a.GradTexts.Length; k += GroupSize)
        {
            int j = k / a.Channels, c = k % a.Channels;
            float sum = 0f;
            for (int i = 0; i < n; i++)
                sum = ScalarInstructions.FusedMultiplyAdd(a.Scratch[gradients + i * n + j], a.Images[i * a.Channels + c], sum);
            a.GradTexts[k] = sum;
        }
    }
}
