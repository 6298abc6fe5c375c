// Computes  gradW[c,k] += Σ_p gradY[p,c]·patch[p,k],  gradBias[c] += Σ_p gradY[p,c],  gradPosition += gradY
// Idea      a thread owns one element of one gradient and walks all patches: neighbouring threads read neighbouring voxels
// Numerics  one sum in f32 in the order of the patches, fused multiply-adds; what is added to is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    static void BackwardV1(PatchEmbeddingBackwardArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        PatchVolume volume = a.Volume;
        int patches = volume.Patches, length = volume.PatchLength, weights = (int)a.GradW.Length, biases = (int)a.GradBias.Length;
        if (i < weights)
        {
            int k = i % length, c = i / length;
            int w = k % a.PatchWidth, h = k / a.PatchWidth % a.PatchHeight, d = k / (a.PatchWidth * a.PatchHeight) % a.PatchDepth;
            int channel = k / (a.PatchWidth * a.PatchHeight * a.PatchDepth);
            int columns = a.Width / a.PatchWidth, lines = a.Height / a.PatchHeight;
            float sum = 0f;
            for (int p = 0; p < patches; p++)
            {
                int line = (channel * a.Depth + p / (columns * lines) * a.PatchDepth + d) * a.Height
                    + p / columns % lines * a.PatchHeight + h;
                sum = ScalarInstructions.FusedMultiplyAdd(a.GradY[p * a.Outputs + c],
                    a.Image[line * a.Width + p % columns * a.PatchWidth + w], sum);
            }
            a.GradW[i] += sum;
        }
        else if (i < weights + biases)
        {
            int c = i - weights;
            float sum = 0f;
            for (int p = 0; p < patches; p++)
                sum += a.GradY[p * a.Outputs + c];
            a.GradBias[c] += sum;
        }
        else if (i < weights + biases + a.GradPosition.Length)
        {
            int y = i - weights - biases;
            a.GradPosition[y] += a.GradY[y];
        }
    }
}
