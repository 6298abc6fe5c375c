// hsenet phantom: chest volumes that no patient has, with reports, questions and the exact truth.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Evaluation;
using HSENet.Phantoms;
using HSENet.Runtime;

namespace HSENet.Cli;

static class PhantomCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "How many phantoms.", Required = true };
        var seed = new Option<long>("--seed") { Description = "Another seed, other phantoms.", DefaultValueFactory = _ => 1 };
        var output = new Option<string>("--out") { Description = "Folder for the results.", Required = true };
        var split = new Option<string>("--split")
        {
            Description = "Shares of training, validation and test.",
            DefaultValueFactory = _ => "0.8,0.1,0.1"
        };
        var dicom = new Option<bool>("--dicom") { Description = "Also write each scan as an uncompressed DICOM series." };
        var labels = new Option<bool>("--labels") { Description = "Also write NAME.labels: lobes, heart, aorta and findings by voxel." };
        var picture = new Option<bool>("--picture") { Description = "Also write NAME.png: twelve slices, findings outlined." };
        var prepared = new Option<bool>("--prepared")
        {
            Description = "Write the model's volumes (NAME.npy) instead of scans: what 'hsenet preprocess' would make of these."
        };
        var size = new Option<string?>("--size")
        {
            Description = "With --prepared: depth,height,width of the volumes; 32,256,256 by default."
        };
        var weights = new Option<string?>("--weights") { Description = "With --prepared: model folder that says size and greys." };
        var curve = new Option<string?>("--curve")
        {
            Description = "With --prepared: greys as unit:grey points; the reference's by default."
        };
        var average = new Option<bool>("--average")
        {
            Description = "With --prepared: each voxel is the mean over its area in the slice, not a sample as preprocessing takes it."
        };
        var matrix = new Option<string>("--matrix")
        {
            Description = "Columns, rows and slices of a scan at most.",
            DefaultValueFactory = _ => "192,192,96"
        };
        var findings = new Option<string?>("--findings")
        {
            Description = "Kinds that every phantom has, as in nodule,effusion, or none; drawn at random by default."
        };
        var shard = Shard.Option();
        var workers = new Option<int?>("--workers") { Description = "Phantoms at a time; one for each processor by default." };
        var json = new Option<bool>("--json") { Description = "One JSON object per phantom and manifest on a line of its own." };
        var verbose = Verb.Verbose();
        var command = new Command("phantom", """
            Writes chest volumes in Hounsfield units, drawn from a seed: NAME.nii.gz, the truth in NAME.json, and manifests of reports
            (reports.json, reports.test.jsonl; structured.* in one fixed wording) and of questions. Not clinical data. What is finished is
            skipped, so a run that was stopped can be started again; phantom N is the same whatever --count is. Parts (--shard) write into
            one folder, each the same manifests.

            Examples:
              hsenet phantom --count 100 --seed 1 --out phantoms --dicom --labels
              hsenet phantom --count 8000 --seed 1 --out prepared --prepared --size 32,64,64
            """)
        { count, seed, output, split, dicom, labels, picture, prepared, size, weights, curve, average, matrix,
            findings, shard, workers, json, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            bool isPrepared = parsed.GetValue(prepared);
            if (!isPrepared && ((parsed.GetValue(size) ?? parsed.GetValue(weights)) is not null || parsed.GetValue(average)
                || parsed.GetValue(curve) is not null))
                throw new HseNetException("--size, --weights, --curve and --average say how --prepared volumes are; expected it beside "
                    + "them");
            if (isPrepared && parsed.GetValue(dicom))
                throw new HseNetException("--prepared writes no scans; expected it without --dicom");
            if (parsed.GetValue(weights) is not null && ((parsed.GetValue(size) ?? parsed.GetValue(curve)) is not null
                || parsed.GetValue(average)))
                throw new HseNetException("--weights beside --size, --curve or --average: expected one of them; the weights say these");
            var target = isPrepared ? Target(parsed.GetValue(size), parsed.GetValue(weights)) : null;
            var options = new PhantomSetOptions
            {
                Count = Verb.AtLeast(1, "--count", parsed.GetRequiredValue(count)),
                Seed = parsed.GetValue(seed),
                Split = Shares(parsed.GetRequiredValue(split)),
                Dicom = parsed.GetValue(dicom),
                Labels = parsed.GetValue(labels),
                Pictures = parsed.GetValue(picture),
                Prepared = target is null ? null : (target.Depth, target.Height, target.Width),
                Curve = target?.Own?.GreyCurve ?? parsed.GetValue(curve) ?? GreyCurve.Standard,
                Average = target?.Own is not null || parsed.GetValue(average),
                Matrix = Matrix(parsed.GetRequiredValue(matrix)),
                Kinds = parsed.GetValue(findings) is { } kinds ? Kinds(kinds) : null,
            };
            string folder = parsed.GetRequiredValue(output);
            int atATime = Verb.AtLeast(1, "--workers", parsed.GetValue(workers) ?? Environment.ProcessorCount);
            return Task.FromResult(Run(options, folder, Shard.Of(parsed, shard), atATime, parsed.GetValue(json), cancellation));
        });
        command.Add(Baselines());
        return command;
    }

    static Command Baselines()
    {
        var set = new Argument<string>("phantoms") { Description = "Folder of a set with phantoms for training and for the test." };
        var output = new Option<string>("--out") { Description = "Folder for the files of predictions.", Required = true };
        var verbose = Verb.Verbose();
        var command = new Command("baselines", """
            Writes predictions of readers that are no model, for the test phantoms of a set: always normal, a ridge regression on the
            brightness of coarse cells (of --prepared volumes), always yes, the commonest answer to each type of question, and an oracle
            that knows the truth. 'hsenet score' makes the floors and the ceiling of a model's figures of them.

            Example:
              hsenet phantom baselines phantoms --out floors
              hsenet score findings floors/reports.ridge.jsonl
            """)
        { set, output, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(output);
            RunFolders.Create(folder);
            var written = BaselineFiles.Write(parsed.GetRequiredValue(set), folder, out var notes, cancellation);
            foreach (string note in notes)
                Messages.Note(note);
            foreach (var (file, rows) in written)
                Console.WriteLine($"{file}: {rows} rows");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static int Run(PhantomSetOptions options, string folder, Shard part, int workers, bool json, CancellationToken cancellation)
    {
        // Manifests are of the whole set, whatever the part: they need no voxels.
        var own = part.Of([.. Enumerable.Range(0, options.Count)]);
        part.Tell(options.Count, "phantoms");
        var files = new PhantomFiles(options, folder);
        RunFolders.Create(folder);
        using var progress = new ProgressLine();
        var gate = new Lock();
        int done = 0;
        try
        {
            Parallel.ForEach(own, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, index =>
            {
                var (record, skipped) = files.Write(index, cancellation);
                lock (gate)
                {
                    done++;
                    if (json)
                        Console.WriteLine(JsonSerializer.Serialize(new
                        {
                            image = files.PathOf(options.Image(PhantomFiles.NameOf(index))),
                            split = files.SplitOf(index),
                            findings = record.Findings.Select(finding => PhantomReport.Word(finding.Kind)),
                            skipped
                        }));
                    progress.Show($"{done}/{own.Count} phantoms", (double)done / own.Count);
                }
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(inner => inner is HseNetException) is { } first)
        {
            throw first;
        }
        var manifests = files.WriteManifests(cancellation);
        progress.Clear();
        foreach (var (file, rows) in manifests)
            Console.WriteLine(json ? JsonSerializer.Serialize(new { manifest = files.PathOf(file), rows })
                : $"{files.PathOf(file)}: {rows} rows");
        return ExitCode.Done;
    }

    static (double Train, double Validation, double Test) Shares(string text)
    {
        double[] shares = [.. text.Split(',').Select(part =>
            double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) ? share : double.NaN)];
        return shares is [>= 0, >= 0, >= 0] && Math.Abs(shares.Sum() - 1) < 1e-9 ? (shares[0], shares[1], shares[2])
            : throw new HseNetException($"--split {text}: expected three shares that add up to 1, as in 0.8,0.1,0.1");
    }

    static PreprocessingTarget Target(string? size, string? weights)
    {
        if (weights is not null)
            return PreprocessingTarget.Of(ModelConfig.Read(weights));
        var given = Verb.Size3("--size", size ?? "32,256,256");
        return new PreprocessingTarget(given.Depth, given.Height, given.Width, Slices: 0);
    }

    static (int X, int Y, int Z) Matrix(string text)
    {
        var given = Verb.Size3("--matrix", text);
        var (x, y, z) = (given.Depth, given.Height, given.Width); // three numbers, here columns, rows and slices
        return x is >= 32 and <= 192 && y is >= 32 and <= 192 && z is >= 16 and <= 96 ? (x, y, z)
            : throw new HseNetException($"--matrix {text}: expected columns,rows,slices from 32,32,16 to 192,192,96");
    }

    static FindingKind[] Kinds(string text)
    {
        if (text == "none")
            return [];
        FindingKind[] kinds = [.. text.Split(',').Select(name => Enum.GetValues<FindingKind>().Cast<FindingKind?>()
            .FirstOrDefault(kind => PhantomReport.Word(kind!) == name)
            ?? throw new HseNetException($"--findings {text}: {HseNetFileException.Quote(name)} is no kind; expected none, or "
                + string.Join(", ", Enum.GetValues<FindingKind>().Select(kind => PhantomReport.Word(kind)))))];
        if (kinds.Distinct().Count() < kinds.Length)
            throw new HseNetException($"--findings {text}: expected each kind once");
        return kinds;
    }
}
