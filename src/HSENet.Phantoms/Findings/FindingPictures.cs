// Draws findings into a finished chest.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>Draws each kind of finding; an enlarged heart is drawn with the organs.</summary>
sealed class FindingPictures(Person person, Thorax thorax)
{
    public void Draw(Canvas canvas, IReadOnlyList<PhantomFinding> findings)
    {
        // Air in front covers whatever was drawn there.
        foreach (var finding in findings.OrderBy(finding => finding.Kind == FindingKind.Pneumothorax))
            switch (finding.Kind)
            {
                case FindingKind.Nodule or FindingKind.Calcification:
                    foreach (var lesion in finding.Lesions)
                        Ball(canvas, lesion, finding.Kind);
                    break;
                case FindingKind.Consolidation:
                    Infiltrate(canvas, finding.Lesions[0]);
                    break;
                case FindingKind.Effusion:
                    Fluid(canvas, finding);
                    break;
                case FindingKind.Pneumothorax:
                    FreeAir(canvas, finding);
                    break;
                case FindingKind.Emphysema:
                    Holes(canvas, finding);
                    break;
                default:
                    if (canvas.Labels is { } labels)
                        labels.AsSpan().Replace((byte)Label.Heart, (byte)Label.Cardiomegaly);
                    break;
            }
    }

    // A ball whose radius changes a little with direction.
    static void Ball(Canvas canvas, Lesion lesion, FindingKind kind)
    {
        var outline = new Draws((long)lesion.Shape, 0, "outline");
        Vector3 a = Direction(outline) * 3, b = Direction(outline) * 5;
        float phase = outline.Between(0, 6), grain = kind == FindingKind.Nodule ? 0.06f : 0.04f;
        float scale = canvas.Pose.Scale, radius = lesion.Radius * scale;
        var centre = canvas.Pose.ToScanner(lesion.Centre);
        var label = kind == FindingKind.Nodule ? Label.Nodule : Label.Calcification;
        canvas.Each(centre, new Vector3(radius * 1.15f) + canvas.Grid.Blur, (i, place) =>
        {
            var off = place - centre;
            float distance = off.Length();
            var n = off / MathF.Max(distance, 1e-3f);
            float edge = radius * (1 + grain * (MathF.Sin(Vector3.Dot(n, a) + phase) + MathF.Sin(Vector3.Dot(n, b))));
            float share = Canvas.Cover(edge - distance, canvas.Smear(n));
            canvas.Blend(i, lesion.Density, share);
            canvas.Mark(i, label, share);
        });
    }

    // Air spaces filled within one lobe, patchy at the edge, with airways that stay open.
    void Infiltrate(Canvas canvas, Lesion lesion)
    {
        var outline = new Draws((long)lesion.Shape, 0, "outline");
        var shift = new Vector3(outline.Between(0, 16), outline.Between(0, 16), outline.Between(0, 16));
        float scale = canvas.Pose.Scale, radius = lesion.Radius * scale;
        var centre = canvas.Pose.ToScanner(lesion.Centre);
        var lobe = thorax.LobeAt(lesion.Centre).Lobe;
        var hilum = LungTree.Hilum(lesion.Centre.X < 0 ? -1 : 1);
        var inward = Vector3.Normalize(hilum - lesion.Centre);
        var airways = new List<Tube>();
        for (int i = 0; i < 5; i++)
        {
            var to = lesion.Centre - inward * lesion.Radius * outline.Between(0.1f, 0.6f)
                + Direction(outline) * lesion.Radius * outline.Between(0.2f, 0.55f);
            var from = lesion.Centre + inward * lesion.Radius * 0.75f + Direction(outline) * lesion.Radius * 0.25f;
            airways.Add(new Tube(from, to, outline.Between(0.9f, 1.6f)));
        }
        float density = lesion.Density;
        canvas.Each(centre, new Vector3(radius * 1.8f), (i, place) =>
        {
            if (canvas.Lung[i] == 0)
                return;
            var body = canvas.Pose.ToBody(place);
            float distance = Vector3.Distance(place, centre);
            float irregular = person.Texture.At(body * 0.03f + shift) * 0.4f + person.Texture.At(body * 0.075f + shift) * 0.28f
                + person.Texture.At(body * 0.2f + shift) * 0.12f;
            float inside = radius * (1 + irregular) - distance;
            var (at, depth) = thorax.LobeAt(body);
            // A fissure is a sharp border.
            float clip = at == lobe ? Canvas.Cover(depth * scale, canvas.Grid.Blur.X) : 0;
            float haze = Thorax.Smooth((inside + 16) / 20) * clip * canvas.Lung[i] * 0.42f;
            canvas.Blend(i, -420 + 120 * person.Texture.At(body * 0.3f), haze);
            float share = Thorax.Smooth(inside / 7 + 0.5f) * clip * canvas.Lung[i];
            canvas.Blend(i, density + 18 * person.Texture.At(body * 0.4f), share);
            canvas.Mark(i, Label.Consolidation, share);
        });
        foreach (var airway in airways)
            canvas.Tube(airway, -820, Label.None, 0.9f);
    }

    void Fluid(Canvas canvas, PhantomFinding finding)
    {
        float fluid = 4 + finding.Extent % 3 * 6, scale = canvas.Pose.Scale;
        EachInLung(canvas, finding, (i, p, level) =>
        {
            float wall = Thorax.InsideRibs(level, p.X, p.Y, out float back);
            // Deepest where lung ends above the diaphragm.
            float down = thorax.AboveDiaphragm(p) * 1.15f + 70 * (1 - Thorax.Smooth((p.Y + 35) / 60));
            float thickness = Pleura.Thickness(finding, p, back);
            float above = MathF.Min(wall, down) + 2 * person.Texture.At(p * 0.05f);
            float limit = wall < down ? thickness : finding.Extent * 0.85f * Thorax.Smooth((p.Y - 15) / 50);
            float inside = MathF.Max(thickness - wall, limit - above);
            float collapsed = Thorax.Smooth((inside + 13) / 10) * canvas.Lung[i] * (limit > 6 ? 0.75f : limit / 8);
            canvas.Blend(i, person.Tissue(20, 0.35f) + 30 * person.Texture.At(p * 0.25f), collapsed * (inside > -13 ? 1 : 0) * 0.9f);
            float share = Canvas.Cover(inside * scale, canvas.Grid.Blur.X) * canvas.Lung[i];
            canvas.Blend(i, fluid, share);
            canvas.Mark(i, Label.Effusion, share);
        });
    }

    void FreeAir(Canvas canvas, PhantomFinding finding)
    {
        float scale = canvas.Pose.Scale;
        EachInLung(canvas, finding, (i, p, level) =>
        {
            float wall = Thorax.InsideRibs(level, p.X, p.Y, out float back);
            float thickness = Pleura.Thickness(finding, p, back);
            float inside = (thickness - wall) * scale;
            float share = Canvas.Cover(inside, canvas.Grid.Blur.X) * canvas.Lung[i];
            // The lung that gave way is a little denser.
            float denser = Thorax.Smooth((thickness + 45 - wall) / 60) * canvas.Lung[i] * 0.07f;
            canvas.Blend(i, -100, denser * (1 - share));
            canvas.Blend(i, -995, share);
            canvas.Mark(i, Label.Pneumothorax, share);
            // The pleura of the lung: a thin line between two blacks.
            float line = thickness > 4 ? MathF.Max(0, 1 - MathF.Abs(inside + 0.6f) / (0.6f + canvas.Grid.Blur.X)) : 0;
            canvas.Blend(i, -150, line * 0.62f * canvas.Lung[i]);
        });
    }

    // Air spaces that lost their walls: holes without a wall of their own in a lobe that is too dark, the largest a bulla.
    void Holes(Canvas canvas, PhantomFinding finding)
    {
        var draws = new Draws((long)(finding.Extent * 1e6f), (long)(person.Texture.At(Vector3.One * 0.5f) * 1e6f), "emphysema");
        EachInLung(canvas, finding, (i, p, _) =>
        {
            var (lobe, depth) = thorax.LobeAt(p);
            float inside = lobe == finding.Said.Lobe ? Canvas.Cover(depth, 8) : 0;
            if (inside == 0 || canvas.Values[i] > -600)
                return;
            canvas.Blend(i, -975, 0.45f * finding.Extent * inside * canvas.Lung[i]);
        });
        for (int side = -1; side <= 1; side += 2)
            if (finding.IsOn(side))
                for (int hole = 0; hole < (int)(450 * finding.Extent); hole++)
                {
                    var at = new Vector3(draws.Between(12, 122) * side, draws.Between(-82, 82), draws.Between(-125, 122));
                    float radius = draws.Between(3.5f, 7) + (draws.Chance(0.15f) ? draws.Between(2, 6) : 0);
                    var (lobe, depth) = thorax.LobeAt(at);
                    if (lobe == finding.Said.Lobe && depth > 3 && thorax.InsideLung(at) > 3)
                        Hole(canvas, at, radius);
                }
        foreach (var bulla in finding.Lesions)
            Hole(canvas, bulla.Centre, bulla.Radius);
    }

    static void Hole(Canvas canvas, Vector3 at, float radius)
    {
        var centre = canvas.Pose.ToScanner(at);
        radius *= canvas.Pose.Scale;
        canvas.Each(centre, new Vector3(radius) + canvas.Grid.Blur, (i, place) =>
        {
            // A vessel that runs through stays.
            if (canvas.Values[i] > -500)
                return;
            var off = place - centre;
            float distance = off.Length();
            float share = Canvas.Cover((radius - distance) * 0.7f, canvas.Smear(off / MathF.Max(distance, 1e-3f))) * canvas.Lung[i];
            canvas.Blend(i, -1000, share * 0.92f);
            canvas.Mark(i, Label.Emphysema, share);
        });
    }

    void EachInLung(Canvas canvas, PhantomFinding finding, LungAction action)
    {
        var grid = canvas.Grid;
        var step = canvas.Pose.AlongX * grid.Step.X;
        for (int z = 0, i = 0; z < grid.Size.Z; z++)
            for (int y = 0; y < grid.Size.Y; y++)
            {
                var p = canvas.Pose.ToBody(grid.At(0, y, z));
                var level = thorax.At(p.Z);
                for (int x = 0; x < grid.Size.X; x++, i++, p += step)
                    if (canvas.Lung[i] > 0 && finding.IsOn(p.X))
                        action(i, p, level);
            }
    }

    delegate void LungAction(int voxel, Vector3 place, Thorax.Level level);

    static Vector3 Direction(Draws draws) =>
        Vector3.Normalize(new Vector3(draws.Normal(), draws.Normal(), draws.Normal()) + new Vector3(1e-3f));
}
