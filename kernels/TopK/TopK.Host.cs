// Computes  the K largest of N scores, and their columns
// Idea      the K best so far stay in order; a score that is no larger than the last of them, as nearly all are, costs one comparison
// Numerics  scores are copied: exact
namespace HSENet.Kernels;

public static partial class TopK
{
    static void HostForward(HostDevice device, TopKArguments a) => device.ForRows(a.Rows, 1, new HostWork(a));

    readonly struct HostWork(TopKArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)row * a.Columns, at = (long)row * a.Top;
            HostRow(a.Scores.Pointer + start, a.Wanted.IsEmpty ? null : a.Wanted.Pointer, a.Columns, a.Values.Pointer + at,
                a.Indices.Pointer + at, a.Top);
        }
    }

    static unsafe void HostRow(float* scores, byte* wanted, int columns, float* values, int* indices, int top)
    {
        int found = 0;
        for (int i = 0; i < columns; i++)
        {
            float score = scores[i];
            // Negated, so that what is not a number is passed over as well.
            if (found == top ? !(score > values[top - 1]) : float.IsNaN(score))
                continue;
            if (wanted != null && wanted[i] == 0)
                continue;
            int place = found < top ? found++ : top - 1;
            // An equal score was there before: it stays in front.
            for (; place > 0 && score > values[place - 1]; place--)
                (values[place], indices[place]) = (values[place - 1], indices[place - 1]);
            (values[place], indices[place]) = (score, i);
        }
        for (; found < top; found++)
            (values[found], indices[found]) = (0f, -1);
    }
}
