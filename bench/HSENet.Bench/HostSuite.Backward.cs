// Backward passes on the host, against the same products of other libraries.
using HSENet.Bench.Peers;
using HSENet.Kernels;

namespace HSENet.Bench;

sealed partial class HostSuite
{
    Measurement ProductBackward(int rows, int inputs, int outputs)
    {
        string name = $"product backward {rows}×{inputs}×{outputs}";
        return new(name, () =>
        {
            using var memory = new BenchMemory(_device);
            var forward = memory.Linear(rows, inputs, outputs, WeightType.F32);
            var arguments = memory.Backward(forward);
            Contender[] contenders =
            [
                new("HSENet", () => Linear.Backward(_device, arguments)),
                .. Peers.SelectMany(peer => peer.ProductBackward((nint)arguments.GradY.Address, (nint)arguments.W.Values.Address,
                    (nint)arguments.X.Address,
                    (nint)arguments.GradX.Address, (nint)arguments.GradW.Address, rows, inputs, outputs)),
            ];
            // Sums of N products of values below 1, and of M, in any order: each errs by N·U of N at most. Some add to the weights'
            // gradient.
            memory.CheckEqual(contenders, arguments.GradX, 2.0 * outputs * outputs / (1 << 24));
            memory.CheckEqual(contenders, arguments.GradW, 2.0 * rows * rows / (1 << 24), before: 0);
            return AgainstPeers(name, contenders, 4.0 * rows * inputs * outputs);
        });
    }

    Measurement AttentionBackward(int tokens, int heads, int headSize)
    {
        string name = $"attention backward {heads}×{tokens}×{headSize}";
        return new(name, () =>
        {
            using var memory = new BenchMemory(_device);
            var forward = memory.Attention(tokens, heads, headSize);
            Kernels.Attention.Forward(_device, forward);
            var arguments = memory.Backward(forward);
            Contender[] contenders =
            [
                new("HSENet", () => Kernels.Attention.Backward(_device, arguments)),
                .. Peers.SelectMany(peer => peer.AttentionBackward((nint)arguments.Q.Address, (nint)arguments.K.Address,
                    (nint)arguments.V.Address,
                    (nint)arguments.Y.Address, (nint)arguments.GradY.Address, tokens, heads, headSize)),
            ];
            // Scores again, and the gradients of probabilities, queries, keys and values.
            return AgainstPeers(name, contenders, 10.0 * heads * tokens * tokens * headSize);
        });
    }
}
