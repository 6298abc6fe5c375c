// hsenet preprocess: CT files become the reference's .npy volumes and slice features, several at a time.
using System.CommandLine;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

static class PreprocessCommand
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    sealed record Settings(PreprocessingTarget Target, SliceEncoderConfig? Slices, string? Weights, StudyOpener Studies, bool Json,
        bool Verbose)
    {
        readonly Lazy<string> _encoder = new(() =>
        {
            using var weights = TensorSource.Open(Weights!);
            return ModelAdapters.Hash(weights, "slice_encoder.");
        });

        /// <summary>Changes when anything changes that decides what is made of a study.</summary>
        public string Key(FoundStudy study)
        {
            var options = Studies.For(study);
            string volume = StudyKey.Volume(study.Path, Target, options);
            return Slices is null ? volume
                : VolumeCache.KeyOf(volume, StudyKey.Slices(study.Path, Target, options, _encoder.Value));
        }
    }

    public static Command Create()
    {
        var inputs = Verb.Files<string[]>("in", "CT files, folders of them, or DICOM folders.", ArgumentArity.OneOrMore);
        var output = new Option<string>("--out")
        {
            Description = "Folder for the results; files below an input folder keep their places.",
            Required = true
        };
        var weights = new Option<string?>("--weights")
        {
            Description =
            "Model folder: its sizes, and slice features by its slice encoder."
        };
        var size = new Option<string?>("--size")
        {
            Description =
            "Without --weights: depth,height,width of the volumes; 32,256,256 by default."
        };
        var study = new StudyArguments();
        var workers = Verb.Workers("one for every four processors");
        var shard = Shard.Option();
        var json = new Option<bool>("--json") { Description = "One JSON object per input on a line of its own, usable as a manifest." };
        var device = Verb.Device();
        var verbose = Verb.Verbose();
        var command = new Command("preprocess", """
            Writes NAME.npy ([1, depth, height, width] float32) for each CT and, with --weights, NAME.slice_features.npy ([slices, channels]).
            What is finished is skipped, so a run that was stopped can be started again; NAME.preprocessed.json says of which scan and
            options it was made, and whatever changed is made anew.

            Examples:
              hsenet preprocess scans --out prepared --weights model
              hsenet preprocess a.nii.gz b.nii.gz --out prepared --size 32,256,256 --json > manifest.jsonl
            """)
        { inputs, output, weights, size, shard, workers, json, device, verbose };
        study.AddAll(command);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            var config = parsed.GetValue(weights) is { } folder ? ModelConfig.Read(folder) : null;
            if (config is not null && parsed.GetValue(size) is not null)
                throw new HseNetException("--size and --weights: expected one of them; the weights say the size");
            var given = Verb.Size3("--size", parsed.GetValue(size) ?? "32,256,256");
            var settings = new Settings(
                config is null ? new PreprocessingTarget(given.Depth, given.Height, given.Width, Slices: 0)
                    : PreprocessingTarget.Of(config),
                config?.SliceEncoder, parsed.GetValue(weights), study.Opener(parsed, cancellation), parsed.GetValue(json),
                    parsed.GetValue(verbose));
            var part = Shard.Of(parsed, shard);
            var jobs = PreprocessJob.Find(parsed.GetRequiredValue(inputs), parsed.GetRequiredValue(output), settings.Studies);
            part.Tell(jobs.Count, "studies");
            return await Run(part.Of(jobs), settings, parsed.GetRequiredValue(device), parsed.GetValue(workers), cancellation)
                .ConfigureAwait(false);
        });
        return command;
    }

    static async Task<int> Run(IReadOnlyList<PreprocessJob> jobs, Settings settings, string deviceName, int? workers,
        CancellationToken cancellation)
    {
        if (workers is { } given)
            Verb.AtLeast(1, "--workers", given);
        using var progress = new ProgressLine();
        var pending = new List<PreprocessJob>();
        foreach (var job in jobs)
            if (job.NotesIfDone(settings.Target, settings.Slices, () => settings.Key(job.Study)) is { } notes)
                Print(job, settings, "skipped", 0, notes);
            else
                pending.Add(job);

        int count = Math.Clamp(workers ?? Environment.ProcessorCount / 4, 1, Math.Max(1, pending.Count));
        var devices = Verb.OpenDevices(deviceName, count);
        int next = -1, done = 0, code = ExitCode.Done;
        var gate = new Lock();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await Task.WhenAll(devices.Select(device => Task.Run(() => Work(device), CancellationToken.None))).ConfigureAwait(false);
        }
        finally
        {
            devices.ForEach(device => device.Dispose());
        }
        cancellation.ThrowIfCancellationRequested();
        return code;

        void Work(Device device)
        {
            try
            {
                using var encoder = settings.Weights is null
                    || pending.Count == 0 ? null : SliceFeatureEncoder.Open(settings.Weights, device);
                for (int i = Interlocked.Increment(ref next); i < pending.Count; i = Interlocked.Increment(ref next))
                    One(device, encoder, pending[i]);
            }
            catch
            {
                stop.Cancel(); // the other workers end after the slab they are at
                throw;
            }
        }

        void One(Device device, SliceFeatureEncoder? encoder, PreprocessJob job)
        {
            lock (gate)
                progress.Show($"{done}/{pending.Count} studies", (double)done / pending.Count);
            var clock = Stopwatch.StartNew();
            Exception? failure = null;
            IReadOnlyList<string> notes = [];
            try
            {
                notes = Write(device, encoder, job, settings, stop.Token);
            }
            catch (Exception e) when (e.IsOfOneItem())
            {
                // One bad file does not stop the rest; the exit code says that there was one.
                failure = e;
            }
            lock (gate)
            {
                done++;
                progress.Clear();
                if (failure is null)
                    Print(job, settings, null, clock.Elapsed.TotalSeconds, notes);
                else
                {
                    if (settings.Json)
                        Console.WriteLine(JsonSerializer.Serialize(
                            new { input = $"{job.Study}", error = OptionNames.In(failure.Message) }, Json));
                    code = Math.Max(code, Verb.Explain(failure, settings.Verbose));
                }
            }
        }
    }

    static IReadOnlyList<string> Write(Device device, SliceFeatureEncoder? encoder, PreprocessJob job, Settings settings,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // Before anything is read: a scan that is replaced meanwhile is made anew by the next run.
        string key = settings.Key(job.Study);
        using var scan = settings.Studies.Open(job.Study);
        var target = settings.Target;
        using var study = scan.PrepareScan(device, target, cancellation);
        float[] volume = new float[study.Volume.Length];
        device.Download<float>(study.Volume, volume);
        float[]? features = encoder?.Encode(study.SlicePixels);
        try
        {
            job.Begin();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(job.Volume, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        if (features is not null)
            NumpyFile.Write(job.SliceFeatures, features, encoder!.Slices, encoder.Channels);
        NumpyFile.Write(job.Volume, volume, OwnPreset.NameOf(settings.Studies.Preprocessing.Preset, target.Own), 1, target.Depth,
            target.Height, target.Width);
        string[] notes = OptionNames.In(scan.Notes);
        job.End(key, notes);
        return notes;
    }

    static void Print(PreprocessJob job, Settings settings, string? state, double seconds, IReadOnlyList<string> notes)
    {
        foreach (string note in notes)
            Messages.Note($"{job.Study}: {note}");
        if (settings.Json)
            Console.WriteLine(JsonSerializer.Serialize(settings.Slices is null
                ? (object)new { input = $"{job.Study}", image = job.Volume, seconds, skipped = state is not null, notes }
                : new
                {
                    input = $"{job.Study}",
                    image = job.Volume,
                    biomedclip_features = job.SliceFeatures,
                    seconds,
                    skipped = state is not null,
                    notes
                }, Json));
        else
            Console.WriteLine(state is null ? job.Volume : $"{job.Volume} ({state})");
    }
}
