// The demo as the README shows it: what it says of the example, how surely, that a real CT is noted, and that nothing of it is large.
using HSENet.Evaluation;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Phantoms.Tests;

public sealed class DemoTests
{
    // Where the choice is closer, another order of sums may give another word.
    const float LeastMargin = 0.05f;

    static readonly string Root = GoldenFolder.RepositoryRoot(), Demo = Path.Combine(Root, "weights", "demo"),
        Example = Path.Combine(Root, "src", "HSENet.Phantoms", "example");

    static readonly PhantomTruth Truth = PhantomTruth.ReadAll(Example).Single();

    [Fact]
    public void Its_report_of_the_example_says_what_is_there_and_no_word_is_a_close_choice()
    {
        var result = Report(Path.Combine(Example, Truth.Image));
        var said = FindingParser.Parse(result.Text);
        Assert.Equal(Truth.Findings.Select(Where), said.Select(Where));
        foreach (var (wanted, finding) in Truth.Findings.Zip(said))
            Assert.InRange(finding.Millimetres!.Value, 0.75 * wanted.Millimetres!.Value, 1.25 * wanted.Millimetres.Value);
        Assert.DoesNotContain(result.Notes, note => note.Contains("unlike", StringComparison.Ordinal));
        foreach (var logits in result.Logits!)
        {
            float[] largest = [.. logits.ToArray().OrderDescending().Take(2)];
            Assert.True(largest[0] - largest[1] > LeastMargin, $"a margin of {largest[0] - largest[1]}");
        }
    }

    [Fact]
    public void It_knows_of_the_example_what_is_there_and_what_is_not()
    {
        PhantomQuestion[] asked = [.. Truth.Questions.Where(question => question.Type == "presence")];
        using var device = new HostDevice(1);
        using var model = HseNetModel.Open(Demo, device);
        using var study = CtStudy.Open(Path.Combine(Example, Truth.Image));
        using var encoded = model.Encode(study);
        int right = asked.Count(question =>
            encoded.Ask(question.Question).Complete().Text.Trim().TrimEnd('.') == question.Answer);
        // Of all phantoms one answer in seven is wrong.
        Assert.InRange(right, asked.Length - 1, asked.Length);
    }

    [Theory, InlineData("ct_sm"), InlineData("ct_odd"), InlineData("ct_padded"), InlineData("ct_tall"), InlineData("ct_thin")]
    public void A_real_CT_is_noted(string name) => Assert.Contains(Report(Path.Combine(Root, "tests", "golden", "data", $"{name}.nii.gz")).Notes,
        note => note.StartsWith("is unlike the volumes that the model was trained on", StringComparison.Ordinal));

    [Fact]
    public void It_is_small_and_knows_both_tasks()
    {
        string[] files = Directory.GetFiles(Demo, "*.safetensors", SearchOption.AllDirectories);
        Assert.InRange(files.Sum(file => new FileInfo(file).Length), 1_000_000, 12_000_000);
        using var source = TensorSource.Open(Demo);
        Assert.InRange(source.Tensors.Sum(tensor => tensor.ElementCount), 500_000, 6_000_000);
        Assert.Equal(["report", "vqa"], ModelConfig.Read(Demo).Adapters!.Keys.Order());
    }

    static (FindingKind Kind, Side Side, Lobe Lobe) Where(Finding finding) => (finding.Kind, finding.Side, finding.Lobe);

    static ReportResult Report(string scan)
    {
        using var device = new HostDevice(1);
        using var model = HseNetModel.Open(Demo, device);
        using var study = CtStudy.Open(scan);
        return model.Report(study, new ReportOptions { Logits = true }).Complete();
    }
}
