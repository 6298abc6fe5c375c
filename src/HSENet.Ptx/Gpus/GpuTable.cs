// Reads gpus.json: the figures of all GPUs, each with its source.
using System.Text.Json;

namespace HSENet.Ptx;

static class GpuTable
{
    static readonly Lazy<IReadOnlyList<GpuModel>> Read = new(() =>
    {
        using Stream stream = typeof(GpuTable).Assembly.GetManifestResourceStream("gpus.json")!;
        return Parse(stream);
    });

    public static IReadOnlyList<GpuModel> Gpus => Read.Value;

    /// <summary>The GPUs of a table. A figure that no property takes, or that is missing, is an error.</summary>
    /// <exception cref="FormatException">The table has such a figure, or a source that it does not list.</exception>
    public static IReadOnlyList<GpuModel> Parse(Stream json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement, sources = root.GetProperty("sources");
        Dictionary<string, Reader> known = [];
        List<GpuModel> gpus = [];
        foreach (JsonElement gpu in root.GetProperty("gpus").EnumerateArray())
        {
            string key = gpu.GetProperty("key").GetString()!;
            Reader figures = new(key, sources);
            figures.Add(root.GetProperty("all"));
            if (gpu.TryGetProperty("like", out JsonElement like))
                figures.AddLike(known[like.GetString()!]);
            figures.Add(gpu.GetProperty("figures"));
            known[key] = figures;
            gpus.Add(Model(key, gpu.GetProperty("name").GetString()!, gpu.GetProperty("source").GetString()!, figures));
        }
        return gpus;
    }

    static GpuModel Model(string key, string name, string source, Reader of)
    {
        GpuModel model = new()
        {
            Key = key,
            Name = name,
            Source = source,
            Figures = of.Figures,
            Architecture = of.Whole("architecture"),
            Multiprocessors = of.Whole("multiprocessors"),
            WarpsPerMultiprocessor = of.Whole("warps"),
            BlocksPerMultiprocessor = of.Whole("blocks"),
            RegistersPerMultiprocessor = of.Whole("registers"),
            SharedBytesPerMultiprocessor = of.Whole("shared_bytes"),
            SystemSharedBytesPerBlock = of.Whole("system_shared_bytes"),
            L1Bytes = of.Whole("l1_bytes"),
            L2Bytes = of.Whole("l2_bytes"),
            BusBits = of.Whole("bus_bits"),
            BoostGigahertz = of["boost_gigahertz"],
            TensorBoostGigahertz = of["tensor_boost_gigahertz"],
            SustainedGigahertz = of["sustained_gigahertz"],
            SustainedTensorGigahertz = of["sustained_tensor_gigahertz"],
            TensorDropGigahertz = of["tensor_drop_gigahertz"],
            IssuesPerClock = of.Whole("issues"),
            F32LanesPerClock = of.Whole("f32_lanes"),
            F64LanesPerClock = of.Whole("f64_lanes"),
            HalfLanesPerClock = of.Whole("half_lanes"),
            IntegerLanesPerClock = of.Whole("integer_lanes"),
            SpecialLanesPerClock = of.Whole("special_lanes"),
            TensorOperationsPerClock = of["tensor_operations"],
            MmaOperationsPerClock = of["mma_operations"],
            HalfSumsFactor = of.Whole("half_sums_factor"),
            EightBitFactor = of.Whole("eight_bit_factor"),
            MemoryGigabytesPerSecond = of["memory_gigabytes"],
            AttainableMemoryGigabytesPerSecond = of["attainable_memory_gigabytes"],
            Level2BytesPerClock = of.Has("l2_bytes_per_clock") ? of["l2_bytes_per_clock"] : null,
            PortBytesPerClock = of.Whole("port_bytes"),
            AttainableL2BytesPerClock = of["attainable_l2_bytes"],
            LoadStoreSlot = of.Whole("load_store_slot"),
            AddressUnit = of.Whole("address_unit"),
            Queue = of.Whole("queue"),
            ToUnit = of.Whole("to_unit"),
            SharedLatency = of.Whole("shared_latency"),
            L1Latency = of.Whole("l1_latency"),
            L2Latency = of.Whole("l2_latency"),
            MemoryLatency = of.Whole("memory_latency"),
            ConstantLatency = of.Whole("constant_latency"),
            BarrierClocks = of.Whole("barrier_clocks"),
            BranchClocks = of.Whole("branch_clocks"),
            CopyClocks = of.Whole("copy_clocks"),
            BurstClocks = of.Whole("burst_clocks"),
            LatencySpread = of["latency_spread"],
            LaunchMicroseconds = of["launch_microseconds"],
        };
        of.CheckAllUsed();
        return model;
    }

    sealed class Reader(string gpu, JsonElement sources)
    {
        readonly Dictionary<string, GpuFigure> _figures = [];
        readonly HashSet<string> _used = [];

        public IReadOnlyList<GpuFigure> Figures => [.. _figures.Values];

        public double this[string name]
        {
            get
            {
                _used.Add(name);
                return _figures.TryGetValue(name, out GpuFigure? figure) ? figure.Value
                    : throw new FormatException($"{gpu}: '{name}' is missing in the table of GPUs");
            }
        }

        public int Whole(string name) => checked((int)this[name]);

        public bool Has(string name) => _figures.ContainsKey(name);

        // "name": [value, source] or [value, source, remark]
        public void Add(JsonElement figures)
        {
            foreach (JsonProperty figure in figures.EnumerateObject())
            {
                string key = figure.Value[1].GetString()!;
                string source = sources.TryGetProperty(key, out JsonElement text) ? text.GetString()!
                    : throw new FormatException($"{gpu}: '{figure.Name}' names the source '{key}', which the table of GPUs does not list");
                if (figure.Value.GetArrayLength() > 2)
                    source = $"{source}: {figure.Value[2].GetString()}";
                _figures[figure.Name] = new GpuFigure(figure.Name, figure.Value[0].GetDouble(), source);
            }
        }

        public void AddLike(Reader other)
        {
            foreach (GpuFigure figure in other.Figures)
                _figures[figure.Name] = figure;
        }

        public void CheckAllUsed()
        {
            if (_figures.Keys.FirstOrDefault(name => !_used.Contains(name)) is { } name)
                throw new FormatException($"{gpu}: nothing takes the figure '{name}' of the table of GPUs");
        }
    }
}
