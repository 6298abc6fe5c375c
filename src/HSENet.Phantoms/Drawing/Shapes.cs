// Tubes, balls and ellipsoids with soft edges.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>A piece of a vessel, an airway or a bone, in the body's coordinates.</summary>
readonly record struct Tube(Vector3 From, Vector3 To, float Radius);

static class Shapes
{
    /// <summary>Draws a tube.</summary>
    public static void Tube(this Canvas canvas, Tube tube, float value, Label label = Label.None, float strength = 1)
    {
        Vector3 a = canvas.Pose.ToScanner(tube.From), b = canvas.Pose.ToScanner(tube.To);
        float radius = tube.Radius * canvas.Pose.Scale;
        var along = b - a;
        float length = MathF.Max(along.LengthSquared(), 1e-6f);
        var reach = new Vector3(radius) + canvas.Grid.Blur * 0.9f;
        var grid = canvas.Grid;
        var from = (Vector3.Min(a, b) - reach - grid.First) / grid.Step;
        var to = (Vector3.Max(a, b) + reach - grid.First) / grid.Step;
        int x0 = Math.Max(0, (int)MathF.Ceiling(from.X)), x1 = Math.Min(grid.Size.X - 1, (int)MathF.Floor(to.X));
        int y0 = Math.Max(0, (int)MathF.Ceiling(from.Y)), y1 = Math.Min(grid.Size.Y - 1, (int)MathF.Floor(to.Y));
        int z0 = Math.Max(0, (int)MathF.Ceiling(from.Z)), z1 = Math.Min(grid.Size.Z - 1, (int)MathF.Floor(to.Z));
        for (int z = z0; z <= z1; z++)
            for (int y = y0; y <= y1; y++)
            {
                int i = (z * grid.Size.Y + y) * grid.Size.X + x0;
                for (int x = x0; x <= x1; x++, i++)
                {
                    var p = grid.At(x, y, z) - a;
                    var off = p - along * Math.Clamp(Vector3.Dot(p, along) / length, 0, 1);
                    float distance = off.Length();
                    if (distance > radius + 4)
                        continue;
                    float smear = distance > 1e-3f ? canvas.Smear(off / distance) : grid.Blur.X;
                    // What is thinner than a voxel fills only a part of it.
                    float share = Canvas.Cover(radius - distance, smear) * MathF.Min(1, 2 * radius / smear) * strength;
                    if (share <= 0)
                        continue;
                    canvas.Blend(i, value, share);
                    if (label != Label.None)
                        canvas.Mark(i, label, share);
                }
            }
    }

    /// <summary>Draws an ellipsoid whose axes are the body's, or those of a turn of it.</summary>
    public static void Ellipsoid(this Canvas canvas, Vector3 centre, Vector3 radii, float value, Quaternion? turn = null,
        Label label = Label.None)
    {
        var pose = canvas.Pose;
        var back = turn is { } q ? Quaternion.Inverse(q) : Quaternion.Identity;
        canvas.Each(pose.ToScanner(centre), Reach(pose, radii, turn ?? Quaternion.Identity) + canvas.Grid.Blur, (i, place) =>
        {
            var p = Vector3.Transform(pose.ToBody(place) - centre, back) / radii;
            float inside = 1 - p.Length();
            if (inside < -0.7f)
                return;
            var normal = p / radii;
            float steepness = normal.Length() / MathF.Max(p.Length(), 1e-3f);
            float smear = canvas.Smear(Vector3.Transform(normal / MathF.Max(normal.Length(), 1e-6f), turn ?? Quaternion.Identity));
            float share = Canvas.Cover(inside / MathF.Max(steepness, 1e-4f) * pose.Scale, smear);
            if (share <= 0)
                return;
            canvas.Blend(i, value, share);
            if (label != Label.None)
                canvas.Mark(i, label, share);
        });
    }

    // Half edges of the box around a turned ellipsoid.
    static Vector3 Reach(Pose pose, Vector3 radii, Quaternion turn)
    {
        var sum = Vector3.Zero;
        foreach (var axis in (Vector3[])[new(radii.X, 0, 0), new(0, radii.Y, 0), new(0, 0, radii.Z)])
        {
            var way = pose.ToScanner(Vector3.Transform(axis, turn)) - pose.ToScanner(Vector3.Zero);
            sum += way * way;
        }
        return Vector3.SquareRoot(sum);
    }
}
