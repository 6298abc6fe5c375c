// The shape of the chest as distances: how deep a place lies inside the skin, the ribs, a lung, and on which side of a fissure.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>Distances are millimetres of the body, above 0 inside, and near enough to true ones close to a surface.</summary>
/// <param name="person">Whose chest.</param>
/// <param name="heartSize">Size of the heart, an enlargement included.</param>
sealed class Thorax(Person person, float heartSize)
{
    // How round the cross-sections are: 1 for an ellipse, 0 for a rounded box.
    const float SkinRoundness = 0.45f, CageRoundness = 0.7f;

    static readonly Quaternion HeartTurn = Quaternion.CreateFromYawPitchRoll(0, 0.42f, -0.5f);
    static readonly Quaternion HeartBack = Quaternion.Inverse(HeartTurn);

    /// <summary>Cross-section of the chest at one height.</summary>
    public readonly record struct Level(float Z, float SkinAcross, float SkinDeep, float SkinMiddle, float CageAcross, float CageDeep,
        float Muscle, float Neck);

    /// <summary>Half axes and turn of the main part of the heart.</summary>
    public (Vector3 Radii, Quaternion Turn) Heart => (new Vector3(60, 43, 44) * heartSize, HeartTurn);

    public float HeartSize => heartSize;

    /// <summary>The middle of the heart: the larger it is, the further left and down.</summary>
    public Vector3 HeartCentre => Person.HeartCentre + new Vector3(9, -1, -5) * Math.Max(0, heartSize - 1);

    /// <summary>Half axes of the right atrium.</summary>
    public Vector3 Atrium => new Vector3(27, 30, 34) * heartSize;

    /// <summary>The middle of the right atrium.</summary>
    public Vector3 AtriumCentre => new(-20 - 10 * (heartSize - 1), -12, -26);

    /// <summary>How wide the heart is, from the right atrium's border to the left ventricle's.</summary>
    public float HeartWidth
    {
        get
        {
            var (radii, _) = Heart;
            float reach = (Vector3.Transform(Vector3.UnitX, HeartBack) * radii).Length();
            return HeartCentre.X + reach - MathF.Min(HeartCentre.X - reach, AtriumCentre.X - Atrium.X);
        }
    }

    public Level At(float z)
    {
        float top = person.Apex, narrowing = Math.Clamp((z - (top - 105)) / 105, 0, 1.2f);
        float profile = MathF.Sqrt(MathF.Max(0, 1 - narrowing * narrowing));
        float lower = 1 - 0.06f * Smooth((-z - 60) / 120);
        float across = person.Cage.Across * (0.12f + 0.88f * profile) * lower, deep = person.Cage.Deep * (0.3f + 0.7f * profile);
        float wall = person.Wall.Fat + person.Wall.Muscle + 11;
        // Muscles of the shoulder girdle fill what the ribs leave.
        float shoulders = Smooth((z - 40) / 90);
        float skinAcross = person.Cage.Across + wall + 8 + 14 * shoulders, skinDeep = person.Cage.Deep + wall + 2 - 14 * shoulders;
        return new Level(z, skinAcross, skinDeep, 8, across, deep, person.Wall.Muscle + 60 * shoulders * shoulders,
            Smooth((z - top + 20) / 30));
    }

    /// <summary>How deep under the skin.</summary>
    public static float UnderSkin(in Level level, float x, float y) =>
        Rounded(x, y - level.SkinMiddle, level.SkinAcross, level.SkinDeep, SkinRoundness, out _);

    /// <summary>How deep inside the ribs; <paramref name="back"/> is 1 where the nearest wall is behind, −1 in front.</summary>
    public static float InsideRibs(in Level level, float x, float y, out float back) =>
        Rounded(x, y, level.CageAcross, level.CageDeep, CageRoundness, out back);

    /// <summary>How far above the diaphragm.</summary>
    public float AboveDiaphragm(Vector3 p)
    {
        float right = Dome(p, -66, person.Dome.Right), left = Dome(p, 64, person.Dome.Left);
        float share = Smooth((p.X + 25) / 50);
        return (p.Z - (right + (left - right) * share)) * 0.85f;
    }

    static float Dome(Vector3 p, float centre, float top)
    {
        float x = (p.X - centre) / 82, y = (p.Y + 8) / 88, behind = Math.Max(0, p.Y - 10) / 80;
        return top - 44 * (x * x + y * y) - 26 * behind * behind;
    }

    /// <summary>How far from the middle of the chest the lung of a side begins, less what is there: above 0 in the lung.</summary>
    public float BesideMediastinum(Vector3 p)
    {
        // Narrow behind the breastbone, wide around vessels and windpipe, and around the spine.
        float middle = Smooth((p.Y + 72) / 40) * (1 - 0.25f * Smooth((p.Y - 15) / 20)) * (1 - 0.5f * Smooth((-p.Z - 20) / 60));
        float spine = Smooth((p.Y - 34) / 18);
        float width = MathF.Max(5 + 26 * middle, 27 * spine) + 6 * Smooth((p.Z - 70) / 50) + 16 * Smooth((-p.Z - 50) / 40);
        return MathF.Abs(p.X - 3 * middle) - width;
    }

    /// <summary>How far outside the heart.</summary>
    public float OutsideHeart(Vector3 p)
    {
        // Far away no one asks how far.
        if (Vector3.DistanceSquared(p, HeartCentre) > 95 * 95 * heartSize * heartSize)
            return 30;
        var (radii, _) = Heart;
        float main = Outside(Vector3.Transform(p - HeartCentre, HeartBack), radii + new Vector3(4));
        return MathF.Min(main, Outside(p - AtriumCentre, Atrium + new Vector3(3)));
    }

    /// <summary>How deep inside a lung.</summary>
    public float InsideLung(in Level level, Vector3 p) => MathF.Min(MathF.Min(InsideRibs(level, p.X, p.Y, out _), BesideMediastinum(p)),
        MathF.Min(OutsideHeart(p), AboveDiaphragm(p)));

    /// <inheritdoc cref="InsideLung(in Level, Vector3)"/>
    public float InsideLung(Vector3 p) => InsideLung(At(p.Z), p);

    /// <summary>How far above and before the oblique fissure: below 0 in the lower lobe.</summary>
    public float AboveOblique(Vector3 p)
    {
        float height = p.X < 0 ? person.Fissures.Right : person.Fissures.Left;
        float fissure = height + 0.95f * p.Y - 0.0016f * p.Y * p.Y + 0.003f * (MathF.Abs(p.X) - 62) * (MathF.Abs(p.X) - 62);
        return (p.Z - fissure) * 0.72f;
    }

    /// <summary>How far above the horizontal fissure of the right lung.</summary>
    public float AboveHorizontal(Vector3 p) =>
        p.Z - person.Fissures.Horizontal - 5 + 0.004f * (p.X + 70) * (p.X + 70) - 0.06f * p.Y;

    /// <summary>The lobe at a place in a lung, and how far the nearest fissure is.</summary>
    public (Lobe Lobe, float Depth) LobeAt(Vector3 p)
    {
        float oblique = AboveOblique(p);
        if (oblique < 0)
            return (Lobe.Lower, -oblique);
        if (p.X > 0)
            return (Lobe.Upper, oblique);
        float horizontal = AboveHorizontal(p);
        return (horizontal > 0 ? Lobe.Upper : Lobe.Middle, MathF.Min(oblique, MathF.Abs(horizontal)));
    }

    /// <summary>From 0 to 1, without corners.</summary>
    public static float Smooth(float t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - 2 * t);
    }

    // Distance to a rounded box, from the value and the gradient of its equation.
    static float Rounded(float x, float y, float across, float deep, float roundness, out float back)
    {
        float u = x / across, v = y / deep, uu = u * u, vv = v * v;
        float f = MathF.Sqrt(MathF.Sqrt(uu * uu + vv * vv + 2 * roundness * uu * vv));
        if (f < 1e-3f)
        {
            back = 0;
            return MathF.Min(across, deep);
        }
        float f3 = f * f * f, gx = u * (uu + roundness * vv) / (f3 * across), gy = v * (vv + roundness * uu) / (f3 * deep);
        float slope = MathF.Sqrt(gx * gx + gy * gy);
        back = gy / slope;
        return (1 - f) / slope;
    }

    static float Outside(Vector3 p, Vector3 radii)
    {
        var q = p / radii;
        float f = q.Length();
        return f < 1e-3f ? -radii.X : (f - 1) * f / (q / radii).Length();
    }
}
