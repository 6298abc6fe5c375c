// The first layer of a picture: air, skin, fat, muscle, ribs, lungs, what lies between them and below the diaphragm.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>Fills every voxel with what its place in the chest is made of.</summary>
sealed class ChestLayers(Person person, Thorax thorax)
{
    const float Air = -1000, Fat = -100, RibSpacing = 25;

    /// <summary>Draws into a canvas that holds what lies outside the body.</summary>
    public void Draw(Canvas canvas)
    {
        var grid = canvas.Grid;
        var pose = canvas.Pose;
        var step = pose.AlongX * grid.Step.X;
        float smear = grid.Blur.X, smearDown = grid.Blur.Z;
        for (int z = 0, i = 0; z < grid.Size.Z; z++)
            for (int y = 0; y < grid.Size.Y; y++)
            {
                var place = pose.ToBody(grid.At(0, y, z));
                var level = thorax.At(place.Z);
                for (int x = 0; x < grid.Size.X; x++, i++, place += step)
                {
                    if (MathF.Abs(place.X) > level.SkinAcross + 4 || MathF.Abs(place.Y - level.SkinMiddle) > level.SkinDeep + 4)
                        continue;
                    float ribs = Thorax.InsideRibs(level, place.X, place.Y, out _);
                    float inner = Canvas.Cover(ribs * pose.Scale, smear);
                    float skin = inner == 1 ? 99 : Thorax.UnderSkin(level, place.X, place.Y) * pose.Scale;
                    float body = Canvas.Cover(skin, smear);
                    if (body == 0)
                        continue;
                    float value = inner < 1 ? Wall(level, place, skin, -ribs, smear) : 0;
                    if (inner > 0)
                        value += (Inside(canvas, i, place, ribs, smear, smearDown) - value) * inner;
                    canvas.Lung[i] *= inner;
                    canvas.Blend(i, value, body);
                }
            }
    }

    // Between ribs and skin.
    float Wall(in Thorax.Level level, Vector3 p, float underSkin, float outside, float smear)
    {
        float unevenness = person.Texture.At(p * 0.11f) * person.Unevenness;
        // Muscle is thick beside the spine and under the shoulder blades.
        float off = (MathF.Abs(p.X) - 34) / 26, beside = p.Y < 40 ? 0 : Thorax.Smooth((p.Y - 40) / 40) / (1 + off * off * off * off);
        float thickness = 11 + level.Muscle + 26 * beside;
        float muscle = Canvas.Cover(thickness - outside, smear + 1) * Thorax.Smooth((underSkin - 3) / 6);
        // Fat between the layers of muscle.
        float layer = MathF.Abs(outside - 17 - 9 * person.Texture.At(p * 0.025f));
        float seam = MathF.Max(0, 1 - layer / 2.4f) * Thorax.Smooth((outside - 10) / 4)
            * Thorax.Smooth(0.4f + 1.2f * person.Texture.At(p * 0.05f)) * 0.8f;
        float value = Fat + unevenness * 0.6f;
        value += (person.Tissue(person.Muscle, 0.12f) + unevenness - value) * muscle;
        value += (Fat - value) * seam;
        float skinLayer = Math.Clamp((2.2f - underSkin) / 1.5f, 0, 1);
        value += (30 - value) * skinLayer;
        return outside < 12 ? Rib(p, outside, value, smear) : value;
    }

    // Ribs go down towards the front; there they are cartilage.
    float Rib(Vector3 p, float outside, float value, float smear)
    {
        float turns = (p.Z + 0.47f * (90 - p.Y)) / RibSpacing + person.RibPhase;
        float along = MathF.Abs(turns - MathF.Round(turns)) * RibSpacing * 0.88f;
        float e = MathF.Max(MathF.Abs(outside - 5) / 3.7f, along / 6.4f);
        float share = Canvas.Cover((1 - e) * 4.5f, smear);
        if (share == 0 || p.Z > person.Apex + 4)
            return value;
        float cartilage = Thorax.Smooth((-p.Y - 50) / 16) * Thorax.Smooth((95 - MathF.Abs(p.X)) / 20);
        float bone = e > 0.62f ? person.Bone + 420 : person.Bone - 30;
        return value + (bone + (95 - bone) * cartilage - value) * share;
    }

    float Inside(Canvas canvas, int voxel, Vector3 p, float ribs, float smear, float smearDown)
    {
        float down = thorax.AboveDiaphragm(p), beside = thorax.BesideMediastinum(p), heart = 1e3f;
        if (beside > -3 && MathF.Abs(p.X) < 130)
            heart = thorax.OutsideHeart(p);
        float scale = canvas.Pose.Scale;
        float lung = MathF.Min(Canvas.Cover(MathF.Min(beside, heart) * scale, smear), Canvas.Cover(down * scale, 0.75f * smearDown + 0.4f
            * smear));
        canvas.Lung[voxel] = lung;
        float rest = lung == 1 ? 0 : Rest(p, down, smearDown);
        if (lung == 0)
            return rest;
        return rest + (Lung(canvas, voxel, p, MathF.Min(ribs, MathF.Min(beside, down)), smear) - rest) * lung;
    }

    // Between the lungs, and below them.
    float Rest(Vector3 p, float down, float smearDown)
    {
        float uneven = person.Texture.At(p * 0.07f);
        float between = -85 + 25 * uneven + 75 * Thorax.Smooth((uneven - 0.25f) / 0.3f);
        float below = Canvas.Cover(-down, smearDown);
        return below == 0 ? between : between + (Abdomen(p) - between) * below;
    }

    float Abdomen(Vector3 p)
    {
        float liver = Thorax.Smooth((14 - p.X + 0.2f * p.Y) / 14), uneven = person.Texture.At(p * 0.05f);
        // Stomach in front, spleen behind.
        float spleen = Thorax.Smooth((p.Y - 4) / 12);
        float left = person.Tissue(24, 0.08f) * (1 - spleen) + person.Tissue(48, 0.55f) * spleen;
        float fat = Thorax.Smooth((0.35f - MathF.Abs(p.X - 22 - 14 * uneven) / 40) / 0.2f) * 0.7f;
        float value = left + (person.Tissue(56, 0.4f) - left) * liver + 6 * uneven;
        return value + (Fat - value) * fat * (1 - liver);
    }

    float Lung(Canvas canvas, int voxel, Vector3 p, float deep, float smear)
    {
        float value = person.LungDensity.Middle + person.LungDensity.Gradient * p.Y / 90
            + person.Unevenness * (0.7f * person.Texture.At(p * 0.045f) + 0.5f * person.Texture.At(p * 0.19f));
        // Denser just above the diaphragm and where the chest presses.
        value += 40 / (1 + MathF.Max(0, deep) * 0.2f) * Thorax.Smooth((p.Y + 30) / 90);
        float oblique = thorax.AboveOblique(p), fissure = MathF.Abs(oblique);
        if (p.X < 0 && oblique > 0)
            fissure = MathF.Min(fissure, MathF.Abs(thorax.AboveHorizontal(p)) * 1.6f);
        float width = 0.7f + smear;
        if (fissure < width)
            value += 330 / width * (1 - fissure / width);
        if (canvas.Labels is not null)
            canvas.Mark(voxel, LabelOf(p, oblique), canvas.Lung[voxel]);
        return MathF.Max(value, Air + 10);
    }

    Label LabelOf(Vector3 p, float oblique) => p.X > 0 ? oblique < 0 ? Label.LeftLowerLobe : Label.LeftUpperLobe
        : oblique < 0 ? Label.RightLowerLobe : thorax.AboveHorizontal(p) > 0 ? Label.RightUpperLobe : Label.RightMiddleLobe;
}
