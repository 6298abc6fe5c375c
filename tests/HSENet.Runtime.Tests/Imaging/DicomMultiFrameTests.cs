// Enhanced CT: the frames of a file are slices, each with place, scaling and phase of its own.
using System.Globalization;
using static HSENet.Runtime.Tests.VoxelValues;

namespace HSENet.Runtime.Tests;

public sealed class DicomMultiFrameTests
{
    public static TheoryData<string, bool, bool> Forms => new()
    {
        { DicomTransferSyntax.ExplicitLittleEndian, true, true },
        { DicomTransferSyntax.ExplicitLittleEndian, false, true },
        { DicomTransferSyntax.ExplicitLittleEndian, true, false },
        { DicomTransferSyntax.ImplicitLittleEndian, false, false },
        { DicomTransferSyntax.RunLength, true, true },
    };

    [Theory, MemberData(nameof(Forms))]
    public void Frames_are_slices_at_their_places(string syntax, bool isOpen, bool itemsExplicit)
    {
        // Out of order in the file.
        byte[] file = Enhanced(syntax, [4, 0, 2], isOpen, itemsExplicit).ToBytes();
        using VoxelVolume volume = DicomVolume.Read("scan", [DicomSource.FromBytes("scan", file)], new());
        Assert.Equal((4, 3, 3), volume.Size);
        Assert.Equal((0.25, 0.5, 2.0), volume.Spacing);
        Assert.Equal(new PatientVector(-10, -20, 0), volume.Orientation!.Origin);
        Assert.Equal((int[])[.. Enumerable.Range(12, 24), .. Enumerable.Range(0, 12)], Values(volume).Select(v => (int)v + 1024));
        Assert.Equal([1, 2, 0], volume.DicomImages.Select(image => image.Frame));
        Assert.Empty(volume.Notes);
    }

    [Fact]
    public void A_frame_may_have_a_scaling_of_its_own()
    {
        byte[] Rescaled(int frame) => Group(0x00289145, true, true,
            DicomSeed.Element(0x00281052, "DS", DicomSeed.Text($"{-1000 - frame}"), true),
            DicomSeed.Element(0x00281053, "DS", DicomSeed.Text($"{frame + 1}"), true));
        DicomSeed seed = Enhanced(DicomTransferSyntax.ExplicitLittleEndian, [0, 1], true, true, Rescaled);
        using VoxelVolume volume = Read(seed);
        Assert.Equal([.. Enumerable.Range(0, 12).Select(v => v - 1000.0), .. Enumerable.Range(12, 12).Select(v => 2.0 * v - 1001)],
            Values(volume));
    }

    [Theory]
    [InlineData(0x00209111u, 0x00209128u, "UL")] // frame content: temporal position
    [InlineData(0x00209111u, 0x00209156u, "US")] // frame content: acquisition number
    [InlineData(0x00189118u, 0x00209241u, "FD")] // cardiac phase
    [InlineData(0x00209111u, 0x00209056u, "SH")] // stack
    [InlineData(0x00189329u, 0x00089007u, "CS")] // frame type
    public void Phases_are_never_mixed(uint group, uint tag, string representation)
    {
        byte[] Value(int phase) => representation switch
        {
            "UL" => BitConverter.GetBytes(phase),
            "US" => BitConverter.GetBytes((ushort)phase),
            "FD" => BitConverter.GetBytes(10.0 * phase),
            _ => DicomSeed.Text($"P{phase}"),
        };
        byte[] Phase(int frame) => Group(group, true, true, DicomSeed.Element(tag, representation, Value(1 + frame % 2), true));
        DicomSeed seed = Enhanced(DicomTransferSyntax.ExplicitLittleEndian, [0, 0, 1, 1, 2, 2], true, true, Phase);
        using VoxelVolume volume = Read(seed);
        Assert.Equal([0, 24, 48], Values(volume).Where((_, i) => i % 12 == 0).Select(v => (int)v + 1024));
        Assert.StartsWith("2 acquisitions in the series: ", Assert.Single(volume.Notes));
        using VoxelVolume second = Read(seed, new() { Acquisition = 2 });
        Assert.Equal([12, 36, 60], Values(second).Where((_, i) => i % 12 == 0).Select(v => (int)v + 1024));
    }

    [Fact]
    public void A_wide_step_between_frames_is_no_gap_and_files_of_one_concatenation_go_on()
    {
        using VoxelVolume wide = Read(Enhanced(DicomTransferSyntax.ExplicitLittleEndian, [0, 1, 2, 5, 8], true, true));
        Assert.Equal(5, wide.Size.Z);
        Assert.Equal(9, SliceGrid.Of(wide)!.Size.Z);
        DicomSeed Part(int first, double[] z) => Enhanced(DicomTransferSyntax.ExplicitLittleEndian, z, true, true) is var seed
            ? seed with { Instance = $"1.{first}", More = [.. seed.More, (0x00209228, "UL", BitConverter.GetBytes(first))] } : seed;
        using VoxelVolume parts = DicomVolume.Read("folder", [DicomSource.FromBytes("b", Part(3, [5, 8]).ToBytes()),
            DicomSource.FromBytes("a", Part(0, [0, 1, 2]).ToBytes())], new());
        Assert.Equal([0, 1, 2, 5, 8], parts.SlicePositions!.Select(place => place.Z));
    }

    [Fact]
    public void Frames_without_places_or_pixels_are_refused()
    {
        DicomSeed seed = Enhanced(DicomTransferSyntax.ExplicitLittleEndian, [0, 1, 2], true, true);
        Assert.Contains("has 4 frames and tells of 3", Refused(seed with { Frames = 4 }));
        Assert.Contains("3 multi-frame", Refused(seed with { Raw = [] }).Replace("1 multi-frame", "3 multi-frame"));
        Assert.Contains("enough for 3 frames of 3 rows of 400 columns", Refused(seed with { Columns = 400, Pixels = [1, 2, 3] }));
        byte[] file = Enhanced(DicomTransferSyntax.RunLength, [0, 1, 2], true, true).ToBytes();
        foreach (int length in Enumerable.Range(file.Length - 60, 60))
            Assert.Throws<HseNetFileException>(() => DicomVolume.Read("scan", [DicomSource.FromBytes("scan", file[..length])], new()));
    }

    /// <summary>A file of a frame for each place, with pixels that count on.</summary>
    internal static DicomSeed Enhanced(string syntax, double[] z, bool isOpen, bool itemsExplicit, Func<int, byte[]>? more = null)
    {
        bool isExplicit = syntax != DicomTransferSyntax.ImplicitLittleEndian;
        byte[] shared = [
            .. Group(0x00209116, isOpen, itemsExplicit,
                DicomSeed.Element(0x00200037, "DS", DicomSeed.Text("1\\0\\0\\0\\1\\0"), itemsExplicit)),
            .. Group(0x00289110, isOpen, itemsExplicit, DicomSeed.Element(0x00280030, "DS", DicomSeed.Text("0.5\\0.25"), itemsExplicit)),
        ];
        byte[][] frames = [.. z.Select((place, i) => (byte[])[.. more?.Invoke(i) ?? [], .. Group(0x00209113, isOpen, itemsExplicit,
            DicomSeed.Element(0x00200032, "DS", DicomSeed.Text(string.Create(CultureInfo.InvariantCulture, $"-10\\-20\\{place}")),
                itemsExplicit))])];
        return new DicomSeed
        {
            Syntax = syntax,
            Class = "1.2.840.10008.5.1.4.1.1.2.1",
            Frames = z.Length,
            Position = [],
            Orientation = [],
            PixelSpacing = "",
            Raw = [(0x52009229, DicomSeed.Sequence(0x52009229, isExplicit, isOpen, shared)),
                (0x52009230, DicomSeed.Sequence(0x52009230, isExplicit, isOpen, frames))],
        };
    }

    static byte[] Group(uint tag, bool isOpen, bool isExplicit, params byte[][] elements) =>
        DicomSeed.Sequence(tag, isExplicit, isOpen, [.. elements.SelectMany(element => element)]);

    static VoxelVolume Read(DicomSeed seed, VolumeReadOptions? options = null) =>
        DicomVolume.Read("scan", [DicomSource.FromBytes("scan", seed.ToBytes())], options ?? new());

    static string Refused(DicomSeed seed) => Assert.Throws<HseNetFileException>(() => Read(seed)).Message;
}
