// Work that either of two tokens ends: its caller learns that his own did, as a program asks that waits for several things.
namespace HSENet.Runtime;

/// <summary>Links two tokens for the length of some work. A linked token is nobody's: <c>catch (OperationCanceledException e) when
/// (e.CancellationToken == mine)</c> would never hold.</summary>
static class EitherToken
{
    /// <summary>Runs the work.</summary>
    /// <param name="first">Ends it; what the error names where both are cancelled.</param>
    /// <param name="second">Ends it.</param>
    /// <param name="work">Gets a token that is cancelled with either.</param>
    /// <exception cref="OperationCanceledException">One was cancelled: the error has that one.</exception>
    public static async Task<T> Run<T>(CancellationToken first, CancellationToken second, Func<CancellationToken, Task<T>> work)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(first, second);
        try
        {
            return await work(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (either.IsCancellationRequested)
        {
            throw Named(e, first.IsCancellationRequested ? first : second);
        }
    }

    /// <summary>The same error, of a token.</summary>
    public static OperationCanceledException Named(OperationCanceledException error, CancellationToken token) =>
        error.CancellationToken == token ? error : new OperationCanceledException(error.Message, error, token);
}
