// Computes  the K largest of N scores, and their columns
// Idea      a group finds the K largest of 4,096 columns, whose keys it keeps in shared memory: all of a row's parts are searched at once,
//           and the scores are read once. A kernel behind (Finish) finds the K largest of what the parts found
// Numerics  scores come out as they went in, −0 as 0
using ILGPU;

namespace HSENet.Kernels;

public static partial class TopK
{
    const int GridThreads = 256, PartColumns = 16 * GridThreads, MostFound = 64;

    static int GridParts(int columns) => (columns + PartColumns - 1) / PartColumns;

    static Rung<TopKArguments> Gridded()
    {
        static Rung<TopKArguments> Staged(string name, Action<TopKArguments> kernel) => Rung.Gpu(name, kernel) with
        {
            Group = GridThreads,
            ScratchBytes = static a => sizeof(ulong) * (long)a.Rows * GridParts(a.Columns) * a.Top,
            WithScratch = static (a, scratch) => a with { Found = scratch },
        };
        return Staged("V2.Grid", ForwardV2) with
        {
            Launch = static a => new(GridParts(a.Columns), a.Rows),
            Last = Staged("V2.Grid.Finish", FinishV2) with { Launch = static a => new(a.Rows) },
            Accepts = static a => a.Rows <= ushort.MaxValue && (long)a.Rows * GridParts(a.Columns) * a.Top <= int.MaxValue,
            Suits = static a => a.Columns > PartColumns && a.Top <= MostFound,
        };
    }

    static unsafe void ForwardV2(TopKArguments a)
    {
        var keys = SharedMemory.Allocate<ulong>(PartColumns);
        var shared = SharedMemory.Allocate<ulong>(GridThreads / 32);
        int thread = Group.IdxX, first = Grid.IdxX * PartColumns, start = Grid.IdxY * a.Columns;
        for (int i = thread; i < PartColumns; i += GridThreads)
        {
            int column = Math.Min(first + i, a.Columns - 1);
            bool wanted = first + i < a.Columns && (a.Wanted.Length == 0 || a.Wanted[column] != 0);
            keys[i] = wanted ? OrderedKey.Of(a.Scores[start + column], column) : 0;
        }
        ulong* found = (ulong*)a.Found.Address + (Grid.IdxY * GridParts(a.Columns) + Grid.IdxX) * a.Top;
        ulong before = ulong.MaxValue;
        for (int place = 0; place < a.Top; place++)
        {
            ulong best = 0;
            for (int i = thread; i < PartColumns; i += GridThreads) // its own: no barrier
                best = Math.Max(best, keys[i] < before ? keys[i] : 0);
            Group.Barrier(); // all have read the largest before
            before = WarpSums.MaxOverGroup(shared, best);
            if (thread == 0)
                found[place] = before;
        }
    }

    static unsafe void FinishV2(TopKArguments a)
    {
        var shared = SharedMemory.Allocate<ulong>(GridThreads / 32);
        int count = GridParts(a.Columns) * a.Top, at = Grid.IdxX * a.Top;
        ulong* found = (ulong*)a.Found.Address + Grid.IdxX * count;
        ulong before = ulong.MaxValue;
        for (int place = 0; place < a.Top; place++)
        {
            ulong best = 0;
            for (int i = Group.IdxX; i < count; i += GridThreads)
                best = Math.Max(best, found[i] < before ? found[i] : 0);
            Group.Barrier(); // all have read the largest before
            before = WarpSums.MaxOverGroup(shared, best);
            if (Group.IdxX == 0)
            {
                a.Indices[at + place] = OrderedKey.IsNumber(before) ? OrderedKey.Index(before) : -1;
                a.Values[at + place] = OrderedKey.IsNumber(before) ? OrderedKey.Number(before) : 0f;
            }
        }
    }
}
