// A chest that never was: a person, a scan, findings, and the picture of them.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>
/// The phantom of a seed and a number. Person, scan, findings, noise and texts have random streams of their own: the same chest can be
/// drawn with and without its findings, and one phantom does not depend on how many others there are.
/// </summary>
sealed class Phantom
{
    readonly Thorax _thorax;
    readonly Person _person;

    /// <summary>Draws everything but the picture.</summary>
    /// <param name="seed">The set's seed.</param>
    /// <param name="index">The phantom's number in it.</param>
    /// <param name="kinds">Kinds of findings to have, none for a normal chest; null for what is drawn.</param>
    /// <param name="largest">Voxels of the scan at most; null for <see cref="Phantoms.Scan.LargestMatrix"/>.</param>
    public Phantom(long seed, long index, IReadOnlyList<FindingKind>? kinds = null, (int X, int Y, int Z)? largest = null)
    {
        (Seed, Index) = (seed, index);
        _person = Person.Draw(seed, index);
        Scan = Scan.Draw(seed, index, _person.Scale, largest ?? Scan.LargestMatrix);
        Findings = FindingDraws.Draw(_person, new Draws(seed, index, "findings"), kinds);
        float enlarged = Findings.FirstOrDefault(finding => finding.Kind == FindingKind.Cardiomegaly)?.Extent ?? 1;
        _thorax = new Thorax(_person, _person.Heart * enlarged);
    }

    public long Seed { get; }

    public long Index { get; }

    public Scan Scan { get; }

    public IReadOnlyList<PhantomFinding> Findings { get; }

    /// <summary>What contrast medium adds to blood, in Hounsfield units.</summary>
    public float Contrast => _person.Contrast;

    /// <summary>Centre of a lesion in the scan, in mm.</summary>
    public Vector3 CentreOf(Lesion lesion) => Scan.Pose.ToScanner(lesion.Centre);

    /// <summary>Radius of a lesion in mm.</summary>
    public float RadiusOf(Lesion lesion) => lesion.Radius * Scan.Pose.Scale;

    /// <summary>The scan in Hounsfield units.</summary>
    public Canvas Draw(bool labels = false) => Draw(Scan.Grid, labels, apart: false, Scan.Noise);

    /// <summary>What preprocessing makes of the scan, without drawing it first: samples at the places of the model's voxels, or means
    /// over their areas in the slice.</summary>
    public Canvas DrawResampled(int depth, int height, int width, bool labels = false, bool average = false)
    {
        var grid = Scan.Resampled(depth, height, width, average);
        bool apart = grid.Step.X > 1.6f * Scan.Spacing.X;
        // A sample between voxels is a mean of eight, which have less noise; neighbours in a mean share some of theirs.
        float share = 0.72f * (average ? MathF.Min(1, (1 + Scan.Noise.Grain) * Scan.Spacing.X / grid.Step.X) : 1);
        return Draw(grid, labels, apart, Scan.Noise with { Strength = Scan.Noise.Strength * share });
    }

    Canvas Draw(SampleGrid grid, bool labels, bool apart, ScanNoise noise)
    {
        var canvas = new Canvas(grid, Scan.Pose, labels);
        canvas.Values.AsSpan().Fill(-1000);
        var organs = new Organs(_person, _thorax, new Draws(Seed, Index, "organs"));
        organs.DrawOutside(canvas);
        new ChestLayers(_person, _thorax).Draw(canvas);
        DrawTrees(canvas);
        organs.Draw(canvas);
        new FindingPictures(_person, _thorax).Draw(canvas, Findings);
        noise.Add(canvas, new Draws(Seed, Index, "noise"), apart);
        Finish(canvas);
        return canvas;
    }

    void DrawTrees(Canvas canvas)
    {
        var draws = new Draws(Seed, Index, "trees");
        foreach (var tube in LungTree.Vessels(_thorax, draws))
            canvas.Tube(tube, _person.Tissue(35, 0.7f), Label.None, 0.95f);
        var airways = LungTree.Airways(_thorax, draws);
        foreach (var tube in airways)
            canvas.Tube(tube with { Radius = tube.Radius + 1.1f }, -150, Label.None, 0.8f);
        foreach (var tube in airways)
            canvas.Tube(tube, -960, Label.None, 0.95f);
    }

    // The scanner's numbers: whole Hounsfield units from −1024 on.
    void Finish(Canvas canvas)
    {
        var (width, height, depth) = canvas.Grid.Size;
        float[] values = canvas.Values;
        for (int z = 0, i = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++, i++)
                {
                    float u = (2f * x + 1) / width - 1, v = (2f * y + 1) / height - 1;
                    values[i] = Scan.Round && u * u + v * v > 1 ? -1024
                        : Math.Clamp(MathF.Round(values[i] + Scan.Offset), -1024, 3071);
                }
    }
}
