// Computes  gradX[m,k] = residual[m,k] + Σₙ gradY[m,n] · W[n,k],  gradW[n,k] += Σₘ gradY[m,n] · x[m,k],  gradBias[n] += Σₘ gradY[m,n]
// Idea      both products on the forward's panels and tile: W and x already lie as a panel wants them, so packing only widens;
//           gradY is transposed once for gradW, a share of 1/K of the product's work
// Numerics  as the forward's product of many rows: from 0 up in f32; what is added to is added last
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int BackwardColumns = 64; // columns of gradY in an item: four cache lines of every row

    static unsafe void HostBackward(HostDevice device, LinearBackwardArguments a)
    {
        if (!a.GradX.IsEmpty)
            HostProduct(device, new LinearArguments
            {
                X = a.GradY,
                W = a.W,
                Residual = a.Residual,
                Y = a.GradX,
                Rows = a.Rows,
                Inputs = a.Outputs,
                Outputs = a.Inputs
            }, across: true);
        if (!a.GradW.IsEmpty)
            HostAddOuter(device, a.GradY, a.X, a.GradW, a.Rows, a.Inputs, a.Outputs);
        if (!a.GradBias.IsEmpty)
            HostAddRows(device, a.GradY, a.GradBias, a.Rows, a.Outputs);
    }

    /// <summary>gradBias [N] += the sum of the rows of gradY [M, N], in their order.</summary>
    internal static void HostAddRows(HostDevice device, View<float> gradY, View<float> gradBias, int rows, int outputs) =>
        device.ForVectors(Parts.Of(outputs, BackwardColumns), new SumRowsWork(gradY, gradBias, rows, outputs));

    /// <summary>gradW [N, K] += gradYᵀ · x for gradY [M, N] and x [M, K]. Takes the launch's shared scratch memory.</summary>
    internal static unsafe void HostAddOuter(HostDevice device, View<float> gradY, View<float> x, View<float> gradW, int rows, int inputs,
        int outputs) =>
        HostAddOuter(device, gradY, x, gradW, rows, inputs, outputs, device.SharedScratch<float>((long)rows * outputs));

    /// <summary>The same with scratch memory for gradYᵀ.</summary>
    internal static unsafe void HostAddOuter(HostDevice device, View<float> gradY, View<float> x, View<float> gradW, int rows, int inputs,
        int outputs, float* transposed)
    {
        device.ForVectors(Parts.Of(outputs, BackwardColumns), new TransposeWork(gradY, transposed, rows, outputs));
        HostProduct(device, new LinearArguments
        {
            X = new View<float>((long)transposed, (long)rows * outputs),
            W = new Weights(x),
            Residual = gradW,
            Y = gradW,
            Rows = outputs,
            Inputs = rows,
            Outputs = inputs,
        }, across: true);
    }

    readonly unsafe struct TransposeWork(View<float> from, float* to, int rows, int columns) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * BackwardColumns, end = Math.Min(columns, start + BackwardColumns);
            for (int m = 0; m < rows; m += TransposeRows)
                Transpose<TVector>(from.Pointer, to, m, Math.Min(rows, m + TransposeRows), start, end, rows, columns);
        }
    }

    const int TransposeRows = 16; // whole cache lines are written, whatever the vector's width

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Transpose<TVector>(float* from, float* to, int firstRow, int endRow, nint firstColumn, int endColumn, nint rows,
        nint columns)
        where TVector : unmanaged, IHostVector<TVector>
    {
        nint n = firstColumn;
        for (; n <= endColumn - 4 && endRow - firstRow == TransposeRows; n += 4)
            for (nint m = firstRow; m < endRow; m += TVector.Count)
                HostPanel.Transpose<TVector>(from + m * columns + n, columns, to + n * rows + m, rows);
        for (; n < endColumn; n++)
            for (nint m = firstRow; m < endRow; m++)
                to[n * rows + m] = from[m * columns + n];
    }

    readonly struct SumRowsWork(View<float> gradY, View<float> gradBias, int rows, int outputs) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * BackwardColumns, count = Math.Min(BackwardColumns, outputs - start);
            float* sums = stackalloc float[BackwardColumns];
            new Span<float>(sums, BackwardColumns).Clear();
            for (int m = 0; m < rows; m++)
                HostVectors.AddScaled<TVector>(1f, gradY.Pointer + (long)m * outputs + start, sums, count);
            HostVectors.AddScaled<TVector>(1f, sums, gradBias.Pointer + start, count);
        }
    }
}
