// The single-head attention that slice guidance and Spatial Packer share, but for which keys a query sees.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Dropout of attention layers in training: of their probabilities, and of what is added to a residual; the default value is
/// none.</summary>
/// <param name="Seeds">Of the example.</param>
/// <param name="ConfiguredRate">Share that is dropped at every place.</param>
readonly record struct AttentionDropout(DropoutSeeds Seeds, float ConfiguredRate)
{
    public float Rate => Seeds.Rate(ConfiguredRate);

    /// <summary>y = residual + dropout(x); its backward is the same on the gradient.</summary>
    public void Apply(Device device, long site, View<float> x, View<float> residual, View<float> y) =>
        Dropout.Forward(device, new DropoutArguments
        {
            X = x,
            Residual = residual,
            Y = y,
            Count = (int)x.Length,
            Rate = Rate,
            Seed = Seeds.At(site),
        });

    /// <summary>y = residual + dropout(layer(x)).</summary>
    public void Project(Device device, long site, LinearLayer layer, Activations x, View<float> residual, View<float> y, int rows)
    {
        layer.Forward(device, x, y, rows, Rate == 0 ? residual : default);
        if (Rate > 0)
            Apply(device, site, y, residual, y);
    }
}

/// <summary>
/// Q = Wq·query, K = Wk·kv, V = Wv·kv; output = LayerNorm(Q + dropout(out(dropout(A)·V))). The residual is the projected query, not the
/// query itself (reference: <c>regular_attention</c> of slice guidance, <c>resolution_attention_v3</c> of the packer; its <c>dropout</c>
/// follows the softmax, its <c>dropout_2</c> stands between <c>output_linear</c> and the residual).
/// </summary>
sealed class CrossAttentionLayer(WeightStore weights, string name, int channels, float epsilon)
{
    readonly LinearLayer _query = LinearLayer.Bind(weights, $"{name}.Wq", channels, channels);
    readonly LinearLayer _key = LinearLayer.Bind(weights, $"{name}.Wk", channels, channels);
    readonly LinearLayer _value = LinearLayer.Bind(weights, $"{name}.Wv", channels, channels);
    readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.output_linear", channels, channels);
    readonly LayerNormLayer _norm = LayerNormLayer.Bind(weights, $"{name}.norm", channels, epsilon);
    readonly long _weightSite = DropoutSeeds.Site($"{name}.dropout"), _outputSite = DropoutSeeds.Site($"{name}.dropout_2");

    /// <summary>
    /// Memory of a forward: projected queries, keys, values, what was mixed from the values, the attention map, and the sum that is
    /// normalised, which has the queries' place unless they are kept.
    /// </summary>
    public readonly record struct Buffers(PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value, PlannedBuffer Mixed,
        PlannedBuffer Map, PlannedBuffer Summed)
    {
        /// <param name="plan">Where.</param>
        /// <param name="name">Of the layer.</param>
        /// <param name="queries">Queries.</param>
        /// <param name="keys">Keys.</param>
        /// <param name="mapColumns">Keys that a query sees.</param>
        /// <param name="channels">Channels.</param>
        /// <param name="keeping">Whether backward follows, or dropout is on.</param>
        public static Buffers Reserve(MemoryPlan plan, string name, long queries, long keys, long mapColumns, int channels, bool keeping)
        {
            var query = plan.Reserve($"{name}.query", queries * channels);
            return new Buffers(
                query,
                plan.ReserveActivations($"{name}.key", keys * channels),
                plan.ReserveActivations($"{name}.value", keys * channels),
                plan.ReserveActivations($"{name}.mixed", queries * channels),
                plan.Reserve($"{name}.map", queries * mapColumns),
                keeping ? plan.Reserve($"{name}.summed", queries * channels) : query);
        }
    }

    /// <summary>Scratch memory of a backward.</summary>
    public readonly record struct GradientBuffers(
        PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value, PlannedBuffer Mixed, PlannedBuffer Summed, PlannedBuffer Statistics)
    {
        /// <inheritdoc cref="Buffers.Reserve"/>
        public static GradientBuffers Reserve(MemoryPlan plan, string name, long queries, long keys, int channels) => new(
            plan.Reserve($"{name}.grad_query", queries * channels),
            plan.Reserve($"{name}.grad_key", keys * channels),
            plan.Reserve($"{name}.grad_value", keys * channels),
            plan.Reserve($"{name}.grad_mixed", queries * channels),
            plan.Reserve($"{name}.grad_summed", queries * channels),
            plan.Reserve($"{name}.norm_statistics", LayerNorm.BackwardScratch((int)queries, channels)));
    }

    /// <summary>Seed of the dropout of attention weights.</summary>
    public long WeightSeed(AttentionDropout dropout) => dropout.Seeds.At(_weightSite);

    /// <summary>Projects queries and keys/values into the buffers.</summary>
    public void Project(in Pass pass, Buffers buffers, Activations query, int queries, Activations keys, int keyCount)
    {
        _query.Forward(pass.Device, query, pass[buffers.Query], queries);
        _key.Forward(pass.Device, keys, pass.Activations(buffers.Key), keyCount);
        _value.Forward(pass.Device, keys, pass.Activations(buffers.Value), keyCount);
    }

    /// <summary>LayerNorm(Q + dropout(out(mixed))) into <paramref name="y"/>, which may be the buffer of Q unless it is kept.</summary>
    public void Finish(in Pass pass, Buffers buffers, Activations y, int queries, AttentionDropout dropout)
    {
        var summed = pass[buffers.Summed];
        dropout.Project(pass.Device, _outputSite, _out, pass.Activations(buffers.Mixed), pass[buffers.Query], summed, queries);
        _norm.Forward(pass.Device, summed, y, queries);
    }

    /// <summary>The first half of the backward: from the gradient of the output to those of the sum and of what was mixed.</summary>
    public void BackwardFinish(in Pass pass, Buffers buffers, GradientBuffers gradients, View<float> gradY, int queries,
        AttentionDropout dropout)
    {
        View<float> gradSummed = pass[gradients.Summed], gradOut = gradSummed;
        _norm.Backward(pass.Device, pass[buffers.Summed], gradY, gradSummed, pass[gradients.Statistics], queries);
        if (dropout.Rate > 0)
        {
            gradOut = pass[gradients.Query]; // free until the attention's own gradients come
            dropout.Apply(pass.Device, _outputSite, gradSummed, default, gradOut);
        }
        _out.Backward(pass.Device, gradOut, pass[buffers.Mixed], pass[gradients.Mixed], queries);
    }

    /// <summary>
    /// The second half, once the attention's own gradients are there: from queries, keys and values to their projections' weights and
    /// inputs.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="gradients">Where the gradients are.</param>
    /// <param name="query">[queries, channels] input of the forward.</param>
    /// <param name="gradQuery">[queries, channels] or none: added to <paramref name="residualQuery"/>.</param>
    /// <param name="residualQuery">[queries, channels] or none; may be gradQuery.</param>
    /// <param name="queries">Queries.</param>
    /// <param name="keys">[keys, channels] input of the forward.</param>
    /// <param name="gradKeys">[keys, channels] or none: overwritten.</param>
    /// <param name="keyCount">Keys.</param>
    public void BackwardProject(in Pass pass, GradientBuffers gradients, View<float> query, View<float> gradQuery,
        View<float> residualQuery, int queries,
        View<float> keys, View<float> gradKeys, int keyCount)
    {
        var projected = pass[gradients.Query];
        // The residual's gradient to the attention's.
        Elementwise.Add(pass.Device, projected, pass[gradients.Summed], projected);
        _query.Backward(pass.Device, projected, query, gradQuery, queries, residualQuery);
        _key.Backward(pass.Device, pass[gradients.Key], keys, gradKeys, keyCount);
        _value.Backward(pass.Device, pass[gradients.Value], keys, gradKeys, keyCount, gradKeys);
    }
}
