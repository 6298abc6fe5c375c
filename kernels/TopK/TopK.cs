// TopK: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="TopK"/>. R rows of N scores, of which K are found.</summary>
public struct TopKArguments
{
    /// <summary>[R, N] scores; what is not a number is never found.</summary>
    public View<float> Scores;

    /// <summary>[N] 0 for columns that are left out, in all rows; empty: none is.</summary>
    public View<byte> Wanted;

    /// <summary>[R, K] the largest scores of each row, the largest first; 0 where there are fewer.</summary>
    public View<float> Values;

    /// <summary>[R, K] their columns; −1 where there are fewer.</summary>
    public View<int> Indices;

    /// <summary>What stages of a launch pass on; the launch fills it in.</summary>
    public View<byte> Found;

    /// <summary>R, rows.</summary>
    public int Rows;

    /// <summary>N, scores in a row.</summary>
    public int Columns;

    /// <summary>K, how many are found.</summary>
    public int Top;
}

/// <summary>The largest scores of each row and where they stand: the end of an exact search, whose scores are a product
/// (<see cref="Linear"/>). Of equal scores the lower column comes first.</summary>
public static partial class TopK
{
    const int GroupSize = 128;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<TopKArguments> ForwardOperation = new("TopK", Check,
        Rung.Host<TopKArguments>("Host", HostForward),
        Rung.Gpu<TopKArguments>("V1.Naive", ForwardV1) with
        {
            Group = GroupSize,
            Launch = static a => new(a.Rows),
            Claims = new() { NoBankConflicts = true },
        },
        Gridded());

    /// <summary>Finds the largest scores.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in TopKArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(TopKArguments a)
    {
        const string name = "TopK";
        long scores = Require.Elements(name, "R × N", (nameof(a.Rows), a.Rows), (nameof(a.Columns), a.Columns));
        long found = Require.Elements(name, "R × K", (nameof(a.Rows), a.Rows), (nameof(a.Top), a.Top));
        Require.Length(name, nameof(a.Scores), a.Scores.Length, scores, "R × N");
        if (!a.Wanted.IsEmpty)
            Require.Length(name, nameof(a.Wanted), a.Wanted.Length, a.Columns, "N");
        Require.Length(name, nameof(a.Values), a.Values.Length, found, "R × K");
        Require.Length(name, nameof(a.Indices), a.Indices.Length, found, "R × K");
    }
}
