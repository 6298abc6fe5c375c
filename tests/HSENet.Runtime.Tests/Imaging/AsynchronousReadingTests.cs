// Scans from streams that refuse to be read synchronously, as bodies of requests do, and that cannot seek.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class AsynchronousReadingTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    static byte[] Content(string kind) => kind switch
    {
        "nifti" => VolumeSeeds.Nifti(5, 4, 3),
        "nifti.gz" => VolumeSeeds.Gzip(VolumeSeeds.Nifti(5, 4, 3)),
        "dicom zip" => ArchiveSeeds.Zip([.. Enumerable.Range(0, 3).Select(z => ($"a/IM{z}", new DicomSeed().At(z).ToBytes()))]),
        _ => ArchiveSeeds.Zip(("scan.nii", VolumeSeeds.Nifti(5, 4, 3))),
    };

    public static TheoryData<string> Kinds => ["nifti", "nifti.gz", "dicom zip", "nifti zip"];

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_stream_gives_what_the_file_gives(string kind)
    {
        byte[] content = Content(kind);
        string file = _folder.Write("scan", content);
        using var expected = CtStudy.Open(file);
        using var opened = await CtStudy.OpenAsync(file);
        using var asynchronous = await CtStudy.ReadAsync(new Body(content), "body");
        using var synchronous = CtStudy.Read(new Forward(content), "body");
        foreach (var study in new[] { opened, asynchronous, synchronous })
        {
            Assert.Equal((expected.Size, expected.Spacing), (study.Size, study.Spacing));
            Assert.Equal(expected.Notes, study.Notes);
            Assert.Equal(Values(expected), Values(study));
            Assert.Equal(CancellationToken.None, study.Options.Reading.Cancellation);
        }
    }

    static double[] Values(CtStudy study)
    {
        var values = new double[study.Volume.Count];
        study.Volume.ToDoubles(0, values);
        return values;
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_body_that_breaks_off_is_refused(string kind)
    {
        byte[] content = Content(kind);
        byte[] half = content[..(content.Length / 2)];
        var error = await Assert.ThrowsAsync<HseNetFileException>(() => CtStudy.ReadAsync(new Body(half), "body"));
        Assert.StartsWith("body", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task What_a_stream_itself_throws_comes_as_it_is(string kind)
    {
        byte[] content = Content(kind);
        foreach (int length in (int[])[0, 100, content.Length / 2])
            foreach (var failure in (Exception[])[new IOException("the client has gone"), new InvalidDataException("a body that is too large"),
                new TimeoutException("too slow")])
            {
                var body = new Body(content[..length]) { Failure = failure };
                Assert.Same(failure, await Record.ExceptionAsync(() => CtStudy.ReadAsync(body, "body")));
                var forward = new Forward(content[..length]) { Failure = failure };
                Assert.Same(failure, Record.Exception(() => CtStudy.Read(forward, "body")));
            }
    }

    [Fact]
    public async Task What_is_no_scan_is_refused_without_reading_it_all()
    {
        var endless = new Body([]) { Fill = (byte)'x' };
        var error = await Assert.ThrowsAsync<HseNetFileException>(() => CtStudy.ReadAsync(endless, "body"));
        Assert.Contains("NIfTI", error.Expected, StringComparison.Ordinal);
        Assert.InRange(endless.Given, 1, 16 << 20);
    }

    [Fact]
    public async Task Waiting_for_a_body_can_be_cancelled()
    {
        foreach (bool inOptions in (bool[])[false, true])
        {
            using var cancel = new CancellationTokenSource();
            var reading = CtStudy.ReadAsync(new Body(Content("nifti")[..100]) { Hangs = true }, "body",
                new CtStudyOptions { Reading = new VolumeReadOptions { Cancellation = inOptions ? cancel.Token : default } },
                inOptions ? default : cancel.Token);
            Assert.False(reading.IsCompleted);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }
        var closed = new MemoryStream();
        closed.Dispose();
        await Assert.ThrowsAsync<ArgumentException>(() => CtStudy.ReadAsync(closed, "closed"));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>From front to back only.</summary>
    class Forward(byte[] content) : Stream
    {
        int _at;

        protected int Next(Span<byte> buffer)
        {
            int count = Math.Min(Math.Min(buffer.Length, 97), content.Length - _at);
            content.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public Exception? Failure { get; init; }

        public override int Read(Span<byte> buffer) => Next(buffer) is > 0 and int count ? count : Failure is null ? 0 : throw Failure;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>As a web server gives it: asynchronously alone, and not all at once.</summary>
    sealed class Body(byte[] content) : Forward(content)
    {
        public byte? Fill { get; init; }

        public bool Hangs { get; init; }

        public long Given { get; private set; }

        public override int Read(Span<byte> buffer) => throw new InvalidOperationException("synchronous operations are disallowed");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            int count = Next(buffer.Span);
            if (count == 0 && Failure is not null)
                throw Failure;
            if (count == 0 && Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            if (count == 0 && Fill is { } fill)
            {
                buffer.Span.Fill(fill);
                count = buffer.Length;
            }
            Given += count;
            return count;
        }
    }
}
