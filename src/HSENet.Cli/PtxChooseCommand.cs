// hsenet ptx choose: predicts every rung at the model's shapes and writes the table from which launches choose.
using System.CommandLine;
using System.Globalization;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxChooseCommand
{
    const int Recomputed = 10;

    // A prediction is the same on every machine; written with one decimal.
    const double MostDifference = 0.051;

    public static Command Create()
    {
        var file = new Option<string>("--table")
        {
            Description = "The table that launches choose from.",
            DefaultValueFactory = _ => "kernels/Catalog/" + RungChoices.FileName,
        };
        var gpus = new Option<string>("--gpu") { Description = "GPUs, by commas.", DefaultValueFactory = _ => "h200" };
        var check = new Option<bool>("--check")
        {
            Description = "Write nothing; exit code 1 if the PTX, a GPU's data or the model changed since, or if predictions that are made "
                + $"again differ, {Recomputed} of them.",
        };
        var verbose = Verb.Verbose();
        var command = new Command("choose", """
            Predicts the rungs of each operation at the sizes of the model and writes which is the fastest where. What has not changed since the
            table was written is kept. Nothing is measured.

            Examples:
              hsenet ptx choose
              hsenet ptx choose --check
            """)
        { file, gpus, check, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file), old = File.Exists(path) ? File.ReadAllText(path) : "";
            GpuModel[] models = [.. parsed.GetRequiredValue(gpus).Split(',').Select(PtxRungs.Gpu)];
            if (parsed.GetValue(check))
                return Task.FromResult(Check(old, path, models));
            TextFile.Write(path, Write(old, models, cancellation));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    // A row of the table without its predictions.
    sealed record Place(GpuModel Gpu, int Architecture, Operation Operation, WeightType? Weights, string Sizes)
    {
        public bool Is(RungChoice row) => (row.Operation, row.Architecture, row.Weights, row.Sizes)
            == (Operation.Name, Architecture, Weights, Sizes);
    }

    static IEnumerable<Place> Places(GpuModel[] models) =>
        from gpu in models
        from operation in KernelCatalog.Operations
        from weights in operation.Rungs.Select(rung => rung.Weights).Where(type => type != null).Distinct().DefaultIfEmpty(null)
        from sizes in ModelShapes.Chosen(operation.Name, weights)
        select new Place(gpu, gpu.Architecture, operation, weights, sizes);

    static string Write(string old, GpuModel[] models, CancellationToken cancellation)
    {
        string[] facts = [.. Facts(models)];
        HashSet<string> same = [.. facts.Intersect(old.Split('\n'))];
        bool model = facts.Where(fact => fact.StartsWith("model", StringComparison.Ordinal)).All(same.Contains);
        RungChoice[] before = [.. RungChoice.Read(old)];
        Place[] places = [.. Places(models)];
        int done = 0;
        RungChoice[] rows = [.. places.AsParallel().AsOrdered().WithCancellation(cancellation).Select(place =>
        {
            bool kept = model && same.Contains(Fact(place.Gpu));
            RungChoice? known = kept ? before.FirstOrDefault(place.Is) : null;
            var row = new RungChoice(place.Operation.Name, place.Architecture, place.Weights, place.Sizes,
                [.. Candidates(place).Select(rung => (rung.Name, Math.Round(
                    rung.Stages.All(stage => same.Contains(Fact(stage)))
                        && known?.Rungs.FirstOrDefault(one => one.Rung == rung.Name) is { Rung: not null } one
                        ? one.Microseconds : PtxPredict.Microseconds(rung, place.Gpu, PtxRungs.Sizes(place.Sizes)), 1)))
                    .OrderBy(one => one.Item2)]);
            Messages.Note($"{Interlocked.Increment(ref done)} of {places.Length}: {row}");
            return row;
        })];
        return $"""
            # Which rung is chosen where: predicted microseconds of all stages, launches included; not measured. The nearest sizes count.
            # What was measured elsewhere is missed by {PtxPages.Band(PtxTiming.Error(false))}: bench/results/timing.md.
            # Written by `hsenet ptx choose`, compared by `.ci/machine`.
            {string.Join('\n', facts)}
            {string.Join('\n', rows.Where(row => row.Rungs.Count > 0))}

            """;
    }

    static int Check(string old, string path, GpuModel[] models)
    {
        List<string> faults = [.. Facts(models).Except(old.Split('\n')).Select(fact => $"{path}: '{fact}' is not in it")];
        RungChoice[] rows = [.. RungChoice.Read(old)];
        Place[] places = [.. Places(models).Where(place => Candidates(place).Any())];
        faults.AddRange(places.Where(place => !rows.Any(place.Is)).Select(place => $"{path}: {place.Operation.Name} has no {place.Sizes}"));
        var all = (from place in places from row in rows where place.Is(row) from one in row.Rungs select (place, one)).ToArray();
        for (int n = 0; n < Math.Min(Recomputed, all.Length); n++)
        {
            var (place, one) = all[n * all.Length / Recomputed];
            Rung? rung = Candidates(place).FirstOrDefault(rung => rung.Name == one.Rung);
            if (rung == null)
            {
                faults.Add($"{path}: {place.Operation.Name}.{one.Rung} is not for {place.Sizes}");
                continue;
            }
            double now = PtxPredict.Microseconds(rung, place.Gpu, PtxRungs.Sizes(place.Sizes));
            if (Math.Abs(now - one.Microseconds) > MostDifference)
                faults.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: {rung.EntryName} at {place.Sizes} on {place.Gpu.Name}: {one.Microseconds} µs, now {now:F1}"));
        }
        faults.ForEach(Messages.Note);
        Messages.Note($"{rows.Length} choices, {Math.Min(Recomputed, all.Length)} predictions made again, {faults.Count} at fault");
        return faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    // Rungs that can compute the sizes and may be chosen there; of those that share a name, as for types of activations, the first.
    static IEnumerable<Rung> Candidates(Place place) => Suiting(place).DistinctBy(rung => rung.Name);

    static IEnumerable<Rung> Suiting(Place place)
    {
        using EmulatorDevice device = new();
        foreach (Rung rung in place.Operation.Rungs.Where(rung => rung.Target == RungTarget.Gpu && rung.RunsOn(place.Architecture)
            && (rung.Weights == null || rung.Weights == place.Weights)))
            if (KernelSample.Of(rung).Suits(device, rung, PtxRungs.Sizes(place.Sizes)))
                yield return rung;
    }

    static IEnumerable<string> Facts(GpuModel[] models) =>
    [
        $"model\t{PtxTiming.Version}",
        .. models.Select(Fact),
        .. Places(models).Select(place => place.Operation).Distinct().SelectMany(operation => operation.Rungs)
            .Where(rung => rung.Target == RungTarget.Gpu).SelectMany(rung => rung.Stages).Select(Fact),
    ];

    static string Fact(GpuModel gpu) => $"gpu\t{gpu.Key}\t{PredictedTimes.Hash(string.Join('\n', gpu.Figures))}";

    static string Fact(Rung rung) => $"ptx\t{rung.EntryName}\t{MachineListing.Key(KernelTexts.Get(rung), rung.EntryName)}";
}
