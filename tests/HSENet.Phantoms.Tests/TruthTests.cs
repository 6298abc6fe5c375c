// What is written beside a phantom agrees with its picture.
using HSENet.Evaluation;

namespace HSENet.Phantoms.Tests;

public sealed class TruthTests
{
    static readonly (int, int, int) Small = (112, 112, 72);

    [Fact]
    public void Lesions_lie_in_their_lobe_and_are_as_large_as_is_said()
    {
        int checkedLesions = 0;
        for (int index = 0; index < 12; index++)
        {
            var phantom = new Phantom(6, index, [FindingKind.Nodule, FindingKind.Calcification], Small);
            var canvas = phantom.Draw(labels: true);
            float[] spacing = [phantom.Scan.Spacing.X, phantom.Scan.Spacing.Y, phantom.Scan.Spacing.Z];
            float voxelVolume = spacing[0] * spacing[1] * spacing[2];
            byte[] lobes = new Phantom(6, index, [], Small).Draw(labels: true).Labels!;
            foreach (var finding in phantom.Findings)
            {
                byte label = (byte)Enum.Parse<Label>(finding.Kind.ToString());
                double stated = 0, drawn = canvas.Labels!.Count(voxel => voxel == label) * voxelVolume;
                foreach (var lesion in finding.Lesions)
                {
                    float radius = phantom.RadiusOf(lesion);
                    Assert.InRange(2 * radius, FindingDraws.SmallestLesion - 0.01f, 36.01f);
                    stated += 4 / 3.0 * Math.PI * radius * radius * radius;
                    var voxel = (phantom.CentreOf(lesion) - phantom.Scan.First) / phantom.Scan.Spacing;
                    int at = ((int)MathF.Round(voxel.Z) * phantom.Scan.Size.Y + (int)MathF.Round(voxel.Y)) * phantom.Scan.Size.X
                        + (int)MathF.Round(voxel.X);
                    Assert.Equal(label, canvas.Labels![at]);
                    Assert.Equal(LabelOf(finding.Said), (Label)lobes[at]);
                    checkedLesions++;
                }
                Assert.InRange(drawn / stated, 0.88, 1.15);
                Assert.Equal(finding.Lesions.Count, finding.Said.Number);
                Assert.Equal(Math.Round(2 * phantom.RadiusOf(finding.Lesions[0]), 1), finding.Said.Millimetres);
            }
        }
        Assert.True(checkedLesions >= 24, $"only {checkedLesions} lesions were drawn");
    }

    static Label LabelOf(Finding finding) => (finding.Side, finding.Lobe) switch
    {
        (Side.Right, Lobe.Upper) => Label.RightUpperLobe,
        (Side.Right, Lobe.Middle) => Label.RightMiddleLobe,
        (Side.Right, _) => Label.RightLowerLobe,
        (_, Lobe.Upper) => Label.LeftUpperLobe,
        _ => Label.LeftLowerLobe,
    };

    [Fact]
    public void No_lesion_is_thinner_than_1_3_slices_of_the_model()
    {
        for (int index = 0; index < 400; index++)
        {
            var phantom = new Phantom(7, index);
            float slice = phantom.Scan.Size.Z * phantom.Scan.Spacing.Z / 32;
            Assert.All(phantom.Findings.SelectMany(finding => finding.Lesions),
                lesion => Assert.True(2 * phantom.RadiusOf(lesion) >= 1.3f * slice, $"phantom {index}: slices of {slice:F1} mm"));
        }
    }

    [Fact]
    public void Findings_vary_in_kind_side_lobe_size_and_number()
    {
        Finding[][] all = [.. Enumerable.Range(0, 1000).Select(index =>
            new Phantom(8, index).Findings.Select(finding => finding.Said).ToArray())];
        Assert.InRange(all.Count(findings => findings.Length == 0), 100, 220);
        Assert.Equal(3, all.Max(findings => findings.Length));
        var flat = all.SelectMany(findings => findings).ToArray();
        foreach (var kind in Enum.GetValues<FindingKind>())
        {
            Finding[] own = [.. flat.Where(finding => finding.Kind == kind)];
            Assert.InRange(own.Length, 140, 280);
            Assert.All(own, finding => Assert.NotNull(finding.Millimetres));
            Assert.True(own.Max(finding => finding.Millimetres) > 1.2 * own.Min(finding => finding.Millimetres));
            if (kind == FindingKind.Cardiomegaly)
                continue;
            foreach (var side in (Side[])[Side.Right, Side.Left])
                Assert.InRange(own.Count(finding => finding.Side == side) / (double)own.Length, 0.15, 0.62);
            if (!Finding.IsLocal(kind))
                continue;
            Assert.Equal(5, own.Select(finding => (finding.Side, finding.Lobe)).Distinct().Count());
            Assert.True(own.Max(finding => finding.Millimetres) > 1.6 * own.Min(finding => finding.Millimetres));
            if (kind != FindingKind.Consolidation)
                Assert.Equal([1, 2, 3], own.Select(finding => finding.Number).Distinct().Order());
        }
        Assert.DoesNotContain(all, findings => findings.Any(finding => finding.Kind == FindingKind.Effusion)
            && findings.Any(finding => finding.Kind == FindingKind.Pneumothorax));
    }

    [Fact]
    public void Rules_read_every_report_as_the_truth()
    {
        var pairs = new List<(IReadOnlyList<Finding> Truth, IReadOnlyList<Finding> Said)>();
        for (int index = 0; index < 1500; index++)
        {
            var record = new PhantomRecord(new Phantom(9, index), new PhantomSetOptions { Count = 1, Seed = 9 });
            Finding[] truth = [.. record.Findings.Select(finding => finding with
            {
                Millimetres = finding.Millimetres is { } size ? Math.Round(size, MidpointRounding.AwayFromZero) : null
            })];
            foreach (string report in (string[])[record.Report, PhantomReport.WriteStructured(record.Findings)])
            {
                var said = FindingParser.Parse(report);
                Assert.True(truth.SequenceEqual(said), $"phantom {index}: {report}\nis read as {string.Join("; ", said)}");
                pairs.Add((truth, said));
            }
        }
        var score = FindingScore.Of(pairs);
        Assert.Equal((1, 1, 1, 1, 0), (score.Micro.F1, score.Side, score.Lobe, score.Number, score.SizeError));
    }

    [Fact]
    public void Every_wording_is_read()
    {
        foreach (var kind in Enum.GetValues<FindingKind>())
        {
            Assert.All(ReportSentences.Without(kind), sentence => Assert.Empty(FindingParser.Parse(sentence)));
            foreach (bool several in (bool[])[false, true])
                Assert.All(ReportSentences.Of(kind, several), sentence =>
                    Assert.Equal(kind, Assert.Single(FindingParser.Parse(sentence.Replace("{size}", "20").Replace("{side}", "left")))
                        .Kind));
        }
        Assert.All(ReportSentences.Normal.Concat(ReportSentences.Always), sentence => Assert.Empty(FindingParser.Parse(sentence)));
    }

    [Fact]
    public void Answers_follow_from_the_findings()
    {
        Finding[] findings = [new(FindingKind.Nodule, Side.Right, Lobe.Middle, 19.6, 2), new(FindingKind.Cardiomegaly, Millimetres: 171)];
        var questions = QuestionWriter.Write(findings, new Draws(1, 1, "questions"));
        Assert.Equal(2, questions.Count(question => question is { Type: "presence", Answer: "Yes" }));
        Assert.Equal(2, questions.Count(question => question is { Type: "presence", Answer: "No" }));
        string[] answers = ["count Two", "side Right", "lobe Right middle lobe", "size 20 mm", "number Two", "place Lung/Right middle lobe",
            "size 171 mm", "place Heart/Whole heart"];
        Assert.Equal(answers, questions.Where(question => question.Type != "presence")
            .Select(question => $"{question.Type} {question.Answer}"));
        Assert.All(questions, question => Assert.EndsWith("?", question.Question));
    }
}
