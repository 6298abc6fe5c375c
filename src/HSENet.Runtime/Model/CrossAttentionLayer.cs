// The single-head attention that slice guidance and Spatial Packer share, but for which keys a query sees.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Q = Wq·query, K = Wk·kv, V = Wv·kv; output = LayerNorm(Q + out(A·V)). The residual is the projected query, not the query itself
/// (reference: <c>SliceGuidedAttention</c>, <c>ResolutionAttention</c>).
/// </summary>
sealed class CrossAttentionLayer(WeightStore weights, string name, int channels, float epsilon)
{
    readonly LinearLayer _query = LinearLayer.Bind(weights, $"{name}.Wq", channels, channels);
    readonly LinearLayer _key = LinearLayer.Bind(weights, $"{name}.Wk", channels, channels);
    readonly LinearLayer _value = LinearLayer.Bind(weights, $"{name}.Wv", channels, channels);
    readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.output_linear", channels, channels);
    readonly LayerNormLayer _norm = LayerNormLayer.Bind(weights, $"{name}.norm", channels, epsilon);

    /// <summary>Scratch memory: projected queries, keys, values, and the attention map.</summary>
    public readonly record struct Buffers(PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value, PlannedBuffer Mixed, PlannedBuffer Map)
    {
        public static Buffers Reserve(MemoryPlan plan, string name, long queries, long keys, long mapColumns, int channels) => new(
            plan.Reserve($"{name}.query", queries * channels),
            plan.Reserve($"{name}.key", keys * channels),
            plan.Reserve($"{name}.value", keys * channels),
            plan.Reserve($"{name}.mixed", queries * channels),
            plan.Reserve($"{name}.map", queries * mapColumns));
    }

    /// <summary>Projects queries and keys/values into the buffers.</summary>
    public void Project(in Pass pass, Buffers buffers, View<float> query, int queries, View<float> keys, int keyCount)
    {
        _query.Forward(pass.Device, query, pass[buffers.Query], queries);
        _key.Forward(pass.Device, keys, pass[buffers.Key], keyCount);
        _value.Forward(pass.Device, keys, pass[buffers.Value], keyCount);
    }

    /// <summary>LayerNorm(Q + out(mixed)) into <paramref name="y"/>, which may be the buffer of Q.</summary>
    public void Finish(in Pass pass, Buffers buffers, View<float> y, int queries)
    {
        _out.Forward(pass.Device, pass[buffers.Mixed], y, queries, residual: pass[buffers.Query]);
        _norm.Forward(pass.Device, y, y, queries);
    }
}
