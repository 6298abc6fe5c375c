// Computes  the K largest of N scores, and their columns
// Idea      a group walks its row K times and each time finds the largest score below the one before: score and column together are an
//           integer, larger for the better one and never equal, so "below the one before" is a comparison
// Numerics  scores come out as they went in, −0 as 0
using ILGPU;

namespace HSENet.Kernels;

public static partial class TopK
{
    static void ForwardV1(TopKArguments a)
    {
        var keys = SharedMemory.Allocate<ulong>(GroupSize);
        int thread = Group.IdxX, start = Grid.IdxX * a.Columns, at = Grid.IdxX * a.Top;
        ulong before = ulong.MaxValue;
        for (int place = 0; place < a.Top; place++)
        {
            ulong best = 0;
            for (int i = thread; i < a.Columns; i += GroupSize)
                if (a.Wanted.Length == 0 || a.Wanted[i] != 0)
                {
                    ulong key = OrderedKey.Of(a.Scores[start + i], i);
                    if (key < before)
                        best = Math.Max(best, key);
                }
            keys[thread] = best;
            Group.Barrier(); // every thread reads the keys of all
            for (int i = 0; i < GroupSize; i++)
                best = Math.Max(best, keys[i]);
            Group.Barrier(); // all have read before the next walk writes
            before = best;
            if (thread == 0)
            {
                a.Indices[at + place] = OrderedKey.IsNumber(best) ? OrderedKey.Index(best) : -1;
                a.Values[at + place] = OrderedKey.IsNumber(best) ? OrderedKey.Number(best) : 0f;
            }
        }
    }
}
