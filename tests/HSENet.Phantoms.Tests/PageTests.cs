// The picture of the phantoms' page is drawn from phantoms.
using HSENet.Evaluation;
using HSENet.Tests;

namespace HSENet.Phantoms.Tests;

public sealed class PageTests
{
    // Slices of one phantom of each kind and of a normal one; HSENET_APPROVE=1 writes them into the page.
    [Fact]
    public void The_page_shows_every_kind_and_a_normal_chest()
    {
        var rows = new List<byte>();
        int width = 0, height = 0, count = 0;
        foreach (var (kind, index) in ((FindingKind?, int)[])[(FindingKind.Nodule, 2), (FindingKind.Calcification, 3),
            (FindingKind.Consolidation, 4), (FindingKind.Effusion, 7), (FindingKind.Emphysema, 8), (FindingKind.Pneumothorax, 10),
            (FindingKind.Cardiomegaly, 12), (null, 0)])
        {
            var phantom = new Phantom(1, index, kind is { } wanted ? [wanted] : [], (112, 112, 72));
            rows.AddRange(PhantomPicture.Slices(phantom.Draw(), Slices(phantom), 5, PhantomPicture.LungWindow, out width, out height));
            count++;
        }
        Assert.Equal(Enum.GetValues<FindingKind>().Length + 1, count);
        string picture = Path.Combine(GoldenFolder.RepositoryRoot(), "src", "HSENet.Phantoms", "phantoms.png");
        if (Environment.GetEnvironmentVariable("HSENET_APPROVE") == "1")
            PngFile.Write(picture, rows.ToArray(), width, height * count);
        Assert.InRange(new FileInfo(picture).Length, 50_000, 300_000);
        Assert.Equal(rows.Count, 3 * width * height * count);
    }

    // Head to feet, one of them through the lesion.
    static int[] Slices(Phantom phantom)
    {
        int[] slices = [.. new[] { 0.82, 0.66, 0.52, 0.4, 0.26 }.Select(share => (int)(share * phantom.Scan.Size.Z))];
        if (phantom.Findings is [{ Lesions: [var lesion, ..] }])
        {
            int through = (int)MathF.Round(((phantom.CentreOf(lesion) - phantom.Scan.First) / phantom.Scan.Spacing).Z);
            slices[Array.IndexOf(slices, slices.MinBy(slice => Math.Abs(slice - through)))] = through;
        }
        return slices;
    }
}
