// Opens the adapters of a model folder over its base, and chooses one for a request.
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What a model folder can answer with: its own weights, and its named adapters.</summary>
sealed class ModelAdapters : IDisposable
{
    readonly string _folder;
    readonly List<WeightStore> _stores = [];
    readonly List<AdaptedModel> _all = [];

    /// <summary>Binds everything, so that what is missing is said before the first request.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="device">Where the adapters go.</param>
    /// <param name="base">The folder's weights; stay the caller's.</param>
    /// <param name="source">The same, as tensors.</param>
    /// <param name="verify">Whether the adapters' checksums are compared.</param>
    /// <param name="cancellation">Ends the comparison, and the reading of weights whose file states no checksums.</param>
    /// <exception cref="HseNetFileException">A file or tensor is missing or does not fit.</exception>
    public ModelAdapters(string folder, ModelConfig config, Device device, WeightStore @base, TensorSource source, bool verify,
        CancellationToken cancellation)
    {
        _folder = folder;
        BaseHash = Hash(source, cancellation: cancellation);
        try
        {
            // A folder of adapters alone has no projectors, and no answer without an adapter.
            if (config.Adapters is not { Count: > 0 } || source.TryGet("packer1.proj_mpls.0.weight", out _)
                || source.TryGet("packer1.projector.0.weight", out _))
                _all.Add(Bind(AdaptedModel.BaseName, null, config, @base, BaseHash));
            foreach (var (name, adapter) in (config.Adapters ?? []).OrderBy(entry => entry.Key, StringComparer.Ordinal))
                _all.Add(Open(name, adapter, config, device, @base, verify, cancellation));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Hash over the checksums of the folder's own weights.</summary>
    public string BaseHash { get; }

    /// <summary>All, the base first.</summary>
    public IReadOnlyList<AdaptedModel> All => _all;

    /// <summary>Bytes of the adapters' own tensors.</summary>
    public long Bytes => _stores.Sum(store => store.Bytes);

    /// <summary>The one of this name, if there is one.</summary>
    public AdaptedModel? Find(string name) => _all.Find(model => model.Name == name);

    /// <summary>The adapter that a request asks for: by its name, its task, or what fits the question.</summary>
    /// <exception cref="HseNetException">There is none, or several that fit as well.</exception>
    public AdaptedModel Choose(ReportOptions options)
    {
        if (options.Adapter is { } asked)
            return Find(asked) ?? One(asked) ?? throw new HseNetException($"{_folder} has no adapter {HseNetFileException.Quote(asked)}: expected one of {Names}");
        if (_all.Count == 1)
            return _all[0];
        string task = options.TaskOfQuestion;
        return Find(task) ?? One(task) ?? Find(AdaptedModel.BaseName)
            ?? throw new HseNetException($"{_folder} has no adapter for {task}: expected one of {Names} to be named");
    }

    string Names => string.Join(", ", _all.Select(model => model.Name));

    AdaptedModel? One(string task) => _all.FindAll(model => model.Task == task) switch
    {
        [] => null,
        [var one] => one,
        var several => throw new HseNetException(
            $"{_folder} has several adapters for {task}: expected one of {string.Join(", ", several.Select(model => model.Name))}"),
    };

    AdaptedModel Open(string name, NamedAdapter adapter, ModelConfig config, Device device, WeightStore @base, bool verify,
        CancellationToken cancellation)
    {
        var source = TensorSource.Open(NamedAdapter.File(_folder, name));
        var store = new WeightStore(device, source, below: @base) { Cancellation = cancellation };
        _stores.Add(store);
        if (source.Tensors.FirstOrDefault(tensor => !NamedAdapter.MayHave(tensor.Name)) is { } foreign)
            throw new HseNetFileException(foreign.File, $"holds {HseNetFileException.Quote(foreign.Name)}",
                "an adapter's and the projectors' tensors alone: all adapters share the encoders");
        if (verify)
            source.VerifyChecksums(cancellation);
        var hash = new XxHash3();
        hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"{BaseHash} {Hash(source, cancellation: cancellation)} {adapter.R} {adapter.LoraAlpha:R}")));
        var model = Bind(name, adapter.Task, config.With(adapter), store, hash.Hex());
        if (store.Unused.FirstOrDefault() is { } unused)
            throw new HseNetFileException(source.Path, $"holds {HseNetFileException.Quote(unused)}, which has no place in the model",
                "an adapter of this model");
        return model;
    }

    static AdaptedModel Bind(string name, string? task, ModelConfig config, WeightStore weights, string hash) =>
        new(name, task, config, new VisionModel(weights, config), new LanguageModel(weights, config.LanguageModel), hash);

    /// <summary>Hash over the checksums of all tensors whose name begins so. The stored checksums are enough: reading gigabytes of weights
    /// to name them would double the time to open a model.</summary>
    public static string Hash(TensorSource source, string prefix = "", CancellationToken cancellation = default)
    {
        var hash = new XxHash3();
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
            hash.Append(Encoding.UTF8.GetBytes($"{tensor}={tensor.StatedChecksum ?? tensor.ComputeChecksum(cancellation)}\n"));
        return hash.Hex();
    }

    /// <summary>Frees the adapters' weights.</summary>
    public void Dispose() => _stores.ForEach(store => store.Dispose());
}
