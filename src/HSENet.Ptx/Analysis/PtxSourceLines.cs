// The lines of a compiler's own source that PTX was made from, where its text names them.
using System.Collections.ObjectModel;

namespace HSENet.Ptx;

/// <summary>Reads the marks <c>.loc</c> and <c>.file</c>, as <c>nvcc -lineinfo</c> and ILGPU write them.</summary>
public static class PtxSourceLines
{
    /// <summary>For lines of the text on which an instruction begins the place in the compiler's source, such as
    /// <c>LayerNorm.V1.Naive.cs:21</c>; empty where nothing is marked.</summary>
    public static IReadOnlyDictionary<int, string> Of(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        Dictionary<string, string> files = [];
        foreach (PtxDirective file in module.Items.OfType<PtxDirective>().Where(item => item is { Name: "file", Arguments.Count: > 1 }))
            files[file.Arguments[0]] = Path.GetFileName(file.Arguments[1].Trim('"'));
        Dictionary<int, string> places = [];
        foreach (PtxFunction function in module.Functions.Where(function => function.Body != null))
        {
            string? place = null;
            Add(function.Body!, files, places, ref place);
        }
        return places.Count == 0 ? ReadOnlyDictionary<int, string>.Empty : places;
    }

    /// <summary>The same for a text without marks, from another text of the same kernel that has them; empty when the two are not the
    /// same kernel.</summary>
    /// <param name="ptx">The text whose lines are meant.</param>
    /// <param name="kernel">Name of the entry.</param>
    /// <param name="marked">The other text.</param>
    /// <exception cref="PtxException">A text is no PTX or has no such entry.</exception>
    public static IReadOnlyDictionary<int, string> Of(string ptx, string kernel, string marked)
    {
        KernelText text = KernelText.Of(ptx, kernel), other = KernelText.Of(marked, kernel);
        if (text.Key != other.Key)
            return ReadOnlyDictionary<int, string>.Empty;
        IReadOnlyDictionary<int, string> places = Of(PtxModule.Parse(marked));
        Dictionary<int, string> moved = [];
        foreach ((int line, int at) in text.Lines.Zip(other.Lines))
            if (places.TryGetValue(at, out string? place))
                moved.TryAdd(line, place);
        return moved;
    }

    static void Add(IReadOnlyList<PtxStatement> statements, Dictionary<string, string> files, Dictionary<int, string> places,
        ref string? place)
    {
        foreach (PtxStatement statement in statements)
            if (statement is PtxBlock block)
                Add(block.Statements, files, places, ref place);
            else if (statement is PtxDirective { Name: "loc", Arguments.Count: > 1 } mark)
                // Line 0 marks what a compiler added of its own.
                place = mark.Arguments[1] == "0" ? null
                    : $"{files.GetValueOrDefault(mark.Arguments[0], "file " + mark.Arguments[0])}:{mark.Arguments[1]}";
            else if (statement is PtxInstruction && place != null)
                places.TryAdd(statement.Line, place);
    }
}
