// ONNX Runtime on its CPU provider: products as Gemm with constant weights, attention as one operator and as three.
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace HSENet.Bench.Peers;

/// <summary>Microsoft.ML.OnnxRuntime with models made in memory.</summary>
public sealed unsafe class OnnxRuntime(int threads) : IPeer
{
    readonly List<IDisposable> _owned = [];

    /// <inheritdoc/>
    public string Description { get; } = $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}";

    /// <inheritdoc/>
    public IEnumerable<Contender> Product(nint x, nint w, nint y, int rows, int inputs, int outputs)
    {
        var model = new OnnxModel();
        model.Input("x", rows, inputs);
        model.Constant("w", new((void*)w, checked(outputs * inputs * sizeof(float))), outputs, inputs);
        model.Node("Gemm", "", ["x", "w"], "y", ("transB", 1));
        model.Output("y", rows, outputs);
        return [Session("ONNX Runtime Gemm", model, [("x", x, [rows, inputs])], ("y", y, [rows, outputs]))];
    }

    /// <inheritdoc/>
    public IEnumerable<Contender> Attention(nint q, nint k, nint v, nint y, int tokens, int heads, int headSize)
    {
        long width = heads * headSize;
        var one = new OnnxModel();
        foreach (string name in new[] { "q", "k", "v" })
            one.Input(name, 1, tokens, width);
        one.Node("MultiHeadAttention", "com.microsoft", ["q", "k", "v"], "y", ("num_heads", heads));
        one.Output("y", 1, tokens, width);
        yield return Session("ONNX Runtime MultiHeadAttention", one,
            [("q", q, [1, tokens, width]), ("k", k, [1, tokens, width]), ("v", v, [1, tokens, width])], ("y", y, [1, tokens, width]));

        // Given as the products want them (head by head, keys transposed, queries scaled) in the memory of the same values:
        // what it computes then is another attention of the same size, without the cost of arranging.
        long[] rows = [heads, tokens, headSize], columns = [heads, headSize, tokens];
        var three = new OnnxModel();
        three.Input("q", rows);
        three.Input("k", columns);
        three.Input("v", rows);
        three.Node("MatMul", "", ["q", "k"], "scores");
        three.Node("Softmax", "", ["scores"], "weights", ("axis", -1));
        three.Node("MatMul", "", ["weights", "v"], "y");
        three.Output("y", rows);
        yield return Session("ONNX Runtime MatMul, Softmax, MatMul", three, [("q", q, rows), ("k", k, columns), ("v", v, rows)],
            ("y", Scratch(tokens * width), rows));
    }

    /// <inheritdoc/>
    public IEnumerable<Contender> ProductBackward(nint gradY, nint w, nint x, nint gradX, nint gradW, int rows, int inputs, int outputs)
    {
        var model = new OnnxModel();
        model.Input("gradY", rows, outputs);
        model.Input("x", rows, inputs);
        model.Constant("w", new((void*)w, checked(outputs * inputs * sizeof(float))), outputs, inputs);
        model.Node("MatMul", "", ["gradY", "w"], "gradX");
        model.Node("Gemm", "", ["gradY", "x"], "gradW", ("transA", 1));
        model.Output("gradX", rows, inputs);
        model.Output("gradW", outputs, inputs);
        return [Session("ONNX Runtime MatMul and Gemm", model, [("gradY", gradY, [rows, outputs]), ("x", x, [rows, inputs])],
            ("gradX", gradX, [rows, inputs]), ("gradW", gradW, [outputs, inputs]))];
    }

    /// <inheritdoc/>
    public IEnumerable<Contender> AttentionBackward(nint q, nint k, nint v, nint y, nint gradY, int tokens, int heads, int headSize)
    {
        // Arranged as the products want them, as in Attention: another attention of the same size. Its probabilities are computed again, as
        // ours are.
        long[] rows = [heads, tokens, headSize], columns = [heads, headSize, tokens];
        var model = new OnnxModel();
        foreach (string name in new[] { "q", "k", "y", "gradY" })
            model.Input(name, rows);
        model.Input("kColumns", columns);
        model.Input("vColumns", columns);
        var ones = Enumerable.Repeat(1f, headSize).ToArray();
        model.Constant("ones", System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(ones), headSize, 1);
        model.Node("MatMul", "", ["q", "kColumns"], "scores");
        model.Node("Softmax", "", ["scores"], "p", ("axis", -1));
        model.Node("MatMul", "", ["gradY", "vColumns"], "gradP");
        model.Node("Mul", "", ["gradY", "y"], "products");
        model.Node("MatMul", "", ["products", "ones"], "dots");
        model.Node("Sub", "", ["gradP", "dots"], "differences");
        model.Node("Mul", "", ["p", "differences"], "gradScores");
        model.Node("MatMul", "", ["gradScores", "k"], "gradQ");
        model.Node("FusedMatMul", "com.microsoft", ["gradScores", "q"], "gradK", ("transA", 1));
        model.Node("FusedMatMul", "com.microsoft", ["p", "gradY"], "gradV", ("transA", 1));
        string[] gradients = ["gradQ", "gradK", "gradV"];
        foreach (string name in gradients)
            model.Output(name, rows);
        long floats = (long)heads * tokens * headSize;
        yield return Session("ONNX Runtime, five products", model,
            [("q", q, rows), ("k", k, rows), ("y", y, rows), ("gradY", gradY, rows), ("kColumns", k, columns), ("vColumns", v, columns)],
            [.. gradients.Select(name => (name, Scratch(floats), rows))]);
    }

    nint Scratch(long floats)
    {
        var memory = new Memory(floats);
        _owned.Add(memory);
        return memory.Address;
    }

    Contender Session(string name, OnnxModel model, (string Name, nint Address, long[] Shape)[] inputs,
        params (string Name, nint Address, long[] Shape)[] outputs)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL
        };
        var session = new InferenceSession(model.ToBytes(), options);
        var run = new RunOptions();
        string[] names = [.. inputs.Select(input => input.Name)], outputNames = [.. outputs.Select(output => output.Name)];
        OrtValue[] values = [.. inputs.Select(input => Tensor(input.Address, input.Shape))],
            results = [.. outputs.Select(output => Tensor(output.Address, output.Shape))];
        _owned.AddRange([session, run, .. values, .. results]);
        return new(name, () => session.Run(run, names, values, outputNames, results));
    }

    static OrtValue Tensor(nint address, long[] shape) =>
        OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, address,
        shape.Aggregate(1L, static (product, size) => product * size) * sizeof(float));

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _owned.Clear();
    }

    sealed class Memory(long floats) : IDisposable
    {
        public nint Address { get; } = (nint)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

        public void Dispose() => System.Runtime.InteropServices.NativeMemory.AlignedFree((void*)Address);
    }
}
