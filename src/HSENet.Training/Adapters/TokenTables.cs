// The embedding table and the output head: one tensor for both, until an adapter was trained that has one of them by itself.
namespace HSENet.Training;

static class TokenTables
{
    /// <summary>Which tensor is the embedding table and which the output head (null: the embedding table) once an adapter's are
    /// loaded.</summary>
    /// <param name="table">The base's embedding table.</param>
    /// <param name="head">The base's head; null: tied.</param>
    /// <param name="savedTable">The adapter's embedding table, if it has one.</param>
    /// <param name="savedHead">The adapter's head, if it has one.</param>
    /// <param name="unties">Whether peft trained a copy of the module: then the other of two tied ones keeps its values.</param>
    /// <param name="same">Whether two tensors hold the same.</param>
    public static (T Table, T? Head) Combine<T>(T table, T? head, T? savedTable, T? savedHead, bool unties, Func<T, T, bool> same)
        where T : class =>
        (savedTable, savedHead) switch
        {
            (null, null) => (table, head),
            ({ } first, { } second) => (first, same(first, second) ? null : second),
            _ when head is null && !unties => ((savedTable ?? savedHead)!, null),
            _ => (savedTable ?? table, savedHead ?? head ?? table),
        };
}
