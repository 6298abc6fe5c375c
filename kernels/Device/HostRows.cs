// Rows of a tensor as the work of a host rung: some of them are an item, so that handing it out does not show.
namespace HSENet.Kernels;

/// <summary>Work on one row of a tensor, for any width of vectors.</summary>
interface IHostRowWork
{
    /// <summary>Computes row <paramref name="row"/>.</summary>
    void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>;
}

static class HostRows
{
    /// <summary>Runs <paramref name="work"/> on all rows, <paramref name="rowsPerItem"/> neighbours on the same thread.</summary>
    public static void ForRows<TWork>(this HostDevice device, int rows, int rowsPerItem, TWork work) where TWork : struct, IHostRowWork =>
        device.ForVectors(Parts.Of(rows, rowsPerItem), new Items<TWork>(rows, rowsPerItem, work));

    // Not readonly: the work would be copied for every row.
    struct Items<TWork>(int rows, int rowsPerItem, TWork work) : IHostVectorWork where TWork : struct, IHostRowWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int end = Math.Min(rows, (index + 1) * rowsPerItem);
            for (int row = index * rowsPerItem; row < end; row++)
                work.Run<TVector>(row, worker);
        }
    }
}
