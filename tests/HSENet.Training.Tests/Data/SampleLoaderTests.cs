// Loading in the background: the order of the samples, what is skipped, and what comes back from the cache.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class SampleLoaderTests
{
    static readonly ManifestRow[] Rows =
        [.. Enumerable.Range(0, 7).Select(i => new ManifestRow { Line = i + 1, Image = $"{i}.npy", Text = "x" })];

    [Fact]
    public void Every_epoch_has_every_sample_once_in_an_order_of_its_own()
    {
        var order = new SampleOrder(7, 3, seed: 5);
        int[][] epochs = [.. Enumerable.Range(0, 2)
            .Select(epoch => Enumerable.Range(0, 3).SelectMany(i => order.At(epoch * 3 + i)).Select(place => place.Row).ToArray())];
        Assert.All(epochs, rows => Assert.Equal(Enumerable.Range(0, 7), rows.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.Equal(order.At(4), new SampleOrder(7, 3, seed: 5).At(4));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6],
            Enumerable.Range(0, 3).SelectMany(i => new SampleOrder(7, 3, null).At(i)).Select(place => place.Row));
    }

    [Fact]
    public void Batches_keep_their_order_whichever_sample_is_ready_first()
    {
        using var loader = Loader((row, place) => Thread.Sleep(row.Line % 3 * 5), workers: 4);
        var order = new SampleOrder(7, 2, seed: 1);
        var loaded = loader.From(3, order, CancellationToken.None).Take(9).ToArray();
        Assert.Equal(Enumerable.Range(3, 9).Select(i => (long)i), loaded.Select(batch => batch.Number));
        Assert.All(loaded, batch => Assert.Equal(order.At(batch.Number).Select(place => place.Row),
            batch.Examples.Select(example => example.Row)));
        Assert.True(loader.Wait > TimeSpan.Zero);
    }

    [Fact]
    public void A_sample_that_cannot_be_used_names_its_line_or_is_skipped()
    {
        void Fail(ManifestRow row, SamplePlace place)
        {
            if (row.Line == 4)
                throw new HseNetFileException(row.Image, "is broken", "a scan");
        }
        using var strict = Loader(Fail);
        var e = Assert.Throws<HseNetFileException>(() =>
            strict.From(0, new SampleOrder(7, 2, null), CancellationToken.None).Take(3).ToArray());
        Assert.Contains("m.jsonl: line 4 cannot be used: 3.npy: is broken", e.Message, StringComparison.Ordinal);
        using var lenient = Loader(Fail, skipBad: true);
        var batch = lenient.From(0, new SampleOrder(7, 2, null), CancellationToken.None).Skip(1).First();
        Assert.Equal([2], batch.Examples.Select(example => example.Row));
        Assert.Contains("line 4", Assert.Single(batch.Skipped), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_loader_stops_its_workers()
    {
        using var stop = new CancellationTokenSource();
        int started = 0;
        using var loader = Loader((row, place) => Interlocked.Increment(ref started));
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var batch in loader.From(0, new SampleOrder(7, 2, null), stop.Token))
                if (batch.Number == 2)
                    stop.Cancel();
        });
        int then = started;
        Thread.Sleep(30);
        Assert.Equal(then, started);
    }

    [Fact]
    public void A_scan_comes_from_the_cache_until_its_file_or_the_preprocessing_changes()
    {
        using var folder = new TemporaryFolder();
        string scan = folder.Write("scan.nii.gz",
            File.ReadAllBytes(Path.Combine(GoldenFolder.RepositoryRoot(), "tests", "golden", "data", "ct_sm.nii.gz"))),
            weights = GoldenFolder.Toy;
        var config = TrainingConfig.For(TrainingTask.Report) with { Manifest = "m", Weights = weights };
        var recipe = StudyRecipe.For(config, ModelConfig.Read(weights), new CtStudyOptions());
        var row = new ManifestRow { Line = 1, Image = scan, Text = "x" };
        var first = Prepare(recipe);
        Assert.Equal((recipe.VolumeLength, recipe.FeatureLength), (first.Volume.Length, first.SliceFeatures.Length));
        string[] files = Directory.GetFiles(folder.At("cache"));
        Assert.Equal(2, files.Length);
        // What the cache gives is used: a changed value comes back.
        string volume = files.MaxBy(file => new FileInfo(file).Length)!;
        NumpyFile.Write(volume, new float[first.Volume.Length], recipe.VolumeShape);
        Assert.All(Prepare(recipe).Volume, value => Assert.Equal(0, value));
        Assert.Equal(first.Volume, Prepare(recipe
            with
        { Study = new CtStudyOptions { Preprocessing = new PreprocessingOptions { Force = true } } }).Volume);
        File.SetLastWriteTimeUtc(scan, DateTime.UtcNow.AddHours(1));
        Assert.Equal(first.Volume, Prepare(recipe).Volume);
        // A damaged file is made again.
        File.WriteAllText(Directory.GetFiles(folder.At("cache")).MaxBy(File.GetLastWriteTimeUtc)!, "damage");
        var again = Prepare(recipe);
        Assert.Equal(first.Volume, again.Volume);
        Assert.Equal(first.SliceFeatures, again.SliceFeatures);

        // Finished files give what the scan gave.
        NumpyFile.Write(folder.At("v.npy"), first.Volume, recipe.VolumeShape);
        NumpyFile.Write(folder.At("f.npy"), first.SliceFeatures, recipe.Target.Slices, recipe.SliceChannels);
        row = row with { Image = folder.At("v.npy"), SliceFeatures = folder.At("f.npy") };
        var finished = Prepare(recipe);
        Assert.Equal(first.Volume, finished.Volume);
        Assert.Equal(first.SliceFeatures, finished.SliceFeatures);
        row = row with { SliceFeatures = null };
        Assert.Contains("biomedclip_features", Assert.Throws<HseNetFileException>(() => Prepare(recipe)).Message, StringComparison.Ordinal);

        PreparedArrays Prepare(StudyRecipe recipe)
        {
            var cache = new VolumeCache(folder.At("cache"));
            cache.Create();
            using var preparer = new StudyPreparer(recipe, cache, new Lazy<string>("hash"), new HostDevice(1));
            return preparer.Prepare(row, CancellationToken.None);
        }
    }

    static SampleLoader Loader(Action<ManifestRow, SamplePlace> prepare, int workers = 2, bool skipBad = false) =>
        new("m.jsonl", Rows, (row, place, _) =>
    {
        prepare(row, place);
        return new TrainingExample(place.Row, default, default, [], []);
    }, workers, 6, skipBad);
}
