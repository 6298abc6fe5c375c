// Other libraries that do what our host rungs do, for comparison in the same process.
namespace HSENet.Bench.Peers;

/// <summary>One way of computing something, ready to run.</summary>
public sealed record Contender(string Name, Action Run);

/// <summary>A library to compare with. Addresses point to row-major floats and must stay valid while the contender is used.</summary>
public interface IPeer : IDisposable
{
    /// <summary>Name, version and what it chose to run on.</summary>
    string Description { get; }

    /// <summary>y[M, N] = x[M, K] · w[N, K]ᵀ.</summary>
    IEnumerable<Contender> Product(nint x, nint w, nint y, int rows, int inputs, int outputs);

    /// <summary>Attention of [T, H·D] queries, keys and values with T = S, without a mask.</summary>
    IEnumerable<Contender> Attention(nint q, nint k, nint v, nint y, int tokens, int heads, int headSize);

    /// <summary>gradX[M, K] = gradY[M, N] · w[N, K] and gradW[N, K] = gradY[M, N]ᵀ · x[M, K]; a peer may add to gradW.</summary>
    IEnumerable<Contender> ProductBackward(nint gradY, nint w, nint x, nint gradX, nint gradW, int rows, int inputs, int outputs);

    /// <summary>The gradients of queries, keys and values of <see cref="Attention"/>, given its output and that one's gradient.</summary>
    IEnumerable<Contender> AttentionBackward(nint q, nint k, nint v, nint y, nint gradY, int tokens, int heads, int headSize);
}
