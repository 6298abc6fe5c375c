// An encoded study as a file: the same ids without reading the prefix again, and a refusal where anything that made it is another.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class EncodedFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new(2);
    readonly HseNetModel _model;
    readonly string _file;
    readonly ReportResult _expected, _expectedLong;

    static readonly ReportOptions Options = new() { MaxTokens = 8, Sampling = new SamplingOptions { Temperature = 5, Seed = 1 } };

    public EncodedFileTests()
    {
        _model = HseNetModel.Open(EncodedStudyTests.Demo, _device);
        _file = _folder.At("study.safetensors");
        using var study = FinishedStudy.Create(_folder, _model.Config, 3);
        using var encoded = _model.Encode(study);
        encoded.Ask("Where?", Options).Complete();
        encoded.Ask(EncodedStudyTests.LongQuestion, Options).Complete();
        _expected = encoded.Ask("What is seen?", Options).Complete();
        _expectedLong = encoded.Ask(EncodedStudyTests.LongQuestion, Options).Complete();
        encoded.Save(_file);
    }

    [Fact]
    public void What_was_kept_goes_on_elsewhere()
    {
        using var device = new HostDevice(2);
        using var model = HseNetModel.Open(EncodedStudyTests.Demo, device);
        using var encoded = model.LoadEncoded(_file);
        foreach (var (question, expected) in new[] { ("What is seen?", _expected), (EncodedStudyTests.LongQuestion, _expectedLong) })
        {
            var result = encoded.Ask(question, Options).Complete();
            Assert.Equal(expected.Ids, result.Ids);
            Assert.Equal((expected.ReadTokens, expected.Preprocessing, expected.Weights),
                (result.ReadTokens, result.Preprocessing, result.Weights));
        }
        Assert.Equal(model.PlanEncoded().TotalBytes, encoded.Bytes);
    }

    [Fact]
    public void A_file_of_other_weights_is_refused()
    {
        using var model = HseNetModel.Open(TinyModel.Folder, PartRun.Host);
        Refused(model, _file, $"weights is '{_model.WeightsHash}'; expected {model.WeightsHash}");
    }

    [Theory]
    [InlineData("\"preprocessing\":\"finished\"", "\"preprocessing\":\"standard\"", "preprocessing 'standard'")]
    [InlineData("\"format\":\"hsenet-encoded/1\"", "\"format\":\"hsenet-encoded/0\"", "format is 'hsenet-encoded/0'")]
    [InlineData("\"adapter.base\":\"", "\"adapter.none\":\"", "adapter 'none'")]
    [InlineData("\"weights\":", "\"weighty\":", "does not state its weights")]
    [InlineData("\"xxh3:features\"", "\"xxh3:featured\"", "no checksum of 'features'")]
    [InlineData("\"base.short.keys\":{", "\"base.shore.keys\":{", "no checksum of 'base.shore.keys'")]
    public void A_file_of_another_making_is_refused(string stated, string other, string problem)
    {
        byte[] bytes = File.ReadAllBytes(_file);
        int at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(stated));
        Assert.True(at > 0 && stated.Length >= other.Length);
        System.Text.Encoding.ASCII.GetBytes(other.PadRight(stated.Length)).CopyTo(bytes, at);
        File.WriteAllBytes(_folder.At("other"), bytes);
        Refused(_model, _folder.At("other"), problem);
    }

    // Every way of preparing a scan that this version has may be kept; an older version, and another model's own preset, may not.
    [Fact]
    public void A_preprocessing_is_current_whatever_its_choices_and_no_more_in_another_version()
    {
        OwnPreset own = new() { GreyCurve = GreyCurve.Standard, InPlane = InPlane.Average };
        foreach (var options in new[] { new(), new() { SliceJpeg = true }, new() { Orientation = ScanOrientation.Stored },
            new PreprocessingOptions { Preset = PreprocessingPreset.BimcvR } })
        {
            string name = Preprocessing.NameOf(options);
            Assert.True(Preprocessing.IsCurrent(name, null), name);
            Assert.False(Preprocessing.IsCurrent(name, own), name);
            string older = name.Replace($"-{Preprocessing.Version}", $"-{Preprocessing.Version - 1}", StringComparison.Ordinal);
            Assert.NotEqual(name, older);
            Assert.False(Preprocessing.IsCurrent(older, null), older);
        }
        string ofOwn = Preprocessing.NameOf(new(), own);
        Assert.True(Preprocessing.IsCurrent(ofOwn, own));
        Assert.False(Preprocessing.IsCurrent(ofOwn, null));
        Assert.All([null, own], preset => Assert.True(Preprocessing.IsCurrent(Preprocessing.Finished, preset)));
    }

    [Fact]
    public void A_study_that_was_prepared_from_a_scan_is_not_prepared_again()
    {
        using var scan = LifetimeTests.Study();
        string kept = _folder.At("scan.safetensors");
        int[] expected;
        using (var encoded = _model.Encode(scan))
        {
            expected = [.. encoded.Ask("What is seen?", Options).Complete().Ids];
            encoded.Save(kept);
        }
        scan.Dispose();
        using var loaded = _model.LoadEncoded(kept);
        var stages = new List<ReportStage>();
        var result = loaded.Ask("What is seen?", Options with { Progress = new Told(stages) }).Complete();
        Assert.Equal(expected, result.Ids);
        Assert.DoesNotContain(ReportStage.Preprocessing, stages);
        Assert.DoesNotContain(ReportStage.Encoding, stages);
        Assert.Equal(Preprocessing.NameOf(new()), result.Preprocessing);
        // A second keeping is the first one.
        loaded.Save(_folder.At("again.safetensors"));
        Assert.Equal(File.ReadAllBytes(kept), File.ReadAllBytes(_folder.At("again.safetensors")));
    }

    sealed class Told(List<ReportStage> stages) : IProgress<ReportProgress>
    {
        public void Report(ReportProgress value) => stages.Add(value.Stage);
    }

    [Fact]
    public void A_file_of_another_adapter_is_refused()
    {
        byte[] bytes = File.ReadAllBytes(_file);
        int at = bytes.AsSpan().IndexOf("\"adapter.base\":\""u8) + "\"adapter.base\":\"".Length;
        bytes[at] = (byte)(bytes[at] == 'a' ? 'b' : 'a');
        File.WriteAllBytes(_folder.At("other"), bytes);
        Refused(_model, _folder.At("other"), "adapter.base is");
    }

    [Fact]
    public void A_file_of_another_type_of_activations_is_told_of()
    {
        using (var same = _model.LoadEncoded(_file))
            Assert.DoesNotContain(same.Notes, note => note.Contains("activations", StringComparison.Ordinal));
        using var emulator = new EmulatorDevice();
        using var model = HseNetModel.Open(EncodedStudyTests.Demo, emulator);
        using var loaded = model.LoadEncoded(_file);
        Assert.Contains("was encoded with activations in f32, the model has them in bf16: answers may differ from those of one type",
            loaded.Notes);
    }

    [Fact]
    public void A_damaged_file_and_one_that_is_none_are_refused()
    {
        byte[] bytes = File.ReadAllBytes(_file);
        bytes[^1000] ^= 1;
        File.WriteAllBytes(_folder.At("damaged"), bytes);
        Refused(_model, _folder.At("damaged"), "has checksum");
        Refused(_model, Path.Combine(EncodedStudyTests.Demo, "model.safetensors"), "does not state its format");
        Refused(_model, _folder.At("nowhere"), "no such file");
        // Whatever its name says, such a file is safetensors: an error speaks of nothing else.
        File.WriteAllBytes(_folder.At("empty.bin"), []);
        Refused(_model, _folder.At("empty.bin"), "a safetensors file");
    }

    [Fact]
    public void Nothing_is_left_of_a_file_that_cannot_be_written()
    {
        using var encoded = _model.LoadEncoded(_file);
        Assert.Throws<HseNetFileException>(() => encoded.Save(_folder.At("no/such/folder")));
        encoded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => encoded.Save(_folder.At("gone")));
        Assert.False(File.Exists(_folder.At("gone")));
    }

    static void Refused(HseNetModel model, string file, string problem)
    {
        var error = Assert.Throws<HseNetFileException>(() => model.LoadEncoded(file));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }
}
