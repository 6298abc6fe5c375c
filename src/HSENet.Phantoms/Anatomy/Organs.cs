// Heart, great vessels, windpipe, gullet, spine and the bones around: drawn over the layers of the chest.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>Draws the organs of a person, each over what is there.</summary>
sealed class Organs(Person person, Thorax thorax, Draws draws)
{
    const float Fat = -100;
    readonly Vector3 _arch = new(draws.Between(-3, 3), draws.Between(-3, 3), draws.Between(-5, 7));
    readonly float _aorta = draws.Between(0.88f, 1.12f), _carina = draws.Between(26, 36);

    /// <summary>What lies outside the body: the table, and breasts, which the body's own layers then cover.</summary>
    public void DrawOutside(Canvas canvas)
    {
        var level = thorax.At(0);
        float table = level.SkinMiddle + level.SkinDeep + 6;
        DrawTable(canvas, table);
        if (person.Breasts == 0)
            return;
        foreach (int side in (int[])[-1, 1])
        {
            var centre = new Vector3(side * 76, -level.SkinDeep + 24, -14);
            var radii = new Vector3(66, 42, 62) * person.Breasts;
            canvas.Ellipsoid(centre, radii, 20);
            canvas.Ellipsoid(centre, radii - new Vector3(2.5f), Fat);
            canvas.Ellipsoid(centre + new Vector3(0, -5, 0), new Vector3(26, 14, 24) * person.Breasts, 15);
        }
    }

    // A hollow board with a bend.
    static void DrawTable(Canvas canvas, float top)
    {
        var grid = canvas.Grid;
        for (int z = 0; z < grid.Size.Z; z++)
            for (int y = 0; y < grid.Size.Y; y++)
            {
                int i = (z * grid.Size.Y + y) * grid.Size.X;
                var p = grid.At(0, y, z);
                if (p.Y < top - 30 || p.Y > top + 60)
                    continue;
                for (int x = 0; x < grid.Size.X; x++, p.X += grid.Step.X)
                {
                    float under = p.Y - top * canvas.Pose.Scale - 8 + p.X * p.X / 900;
                    float board = MathF.Max(MathF.Max(0, 2 - MathF.Abs(under)), MathF.Max(0, 2 - MathF.Abs(under - 30)));
                    canvas.Blend(i + x, -700, MathF.Min(1, board / 2));
                }
            }
    }

    public void Draw(Canvas canvas)
    {
        Spine(canvas);
        Bones(canvas);
        Heart(canvas);
        Vessels(canvas);
        Windpipe(canvas);
    }

    void Heart(Canvas canvas)
    {
        var (radii, turn) = thorax.Heart;
        var centre = thorax.HeartCentre;
        float size = thorax.HeartSize, muscle = person.Tissue(44, 0.45f), blood = person.Blood;
        canvas.Ellipsoid(centre, radii + new Vector3(3), Fat + 15, turn);
        canvas.Ellipsoid(thorax.AtriumCentre, thorax.Atrium + new Vector3(2), Fat + 15);
        canvas.Ellipsoid(thorax.AtriumCentre, thorax.Atrium, blood - 4, null, Label.Heart);
        canvas.Ellipsoid(new Vector3(2, 20, -14), new Vector3(36, 21, 25) * size, blood + 6, null, Label.Heart); // left atrium
        canvas.Ellipsoid(centre, radii, muscle, turn, Label.Heart);
        canvas.Ellipsoid(centre + new Vector3(14, 6, -4) * size, new Vector3(37, 22, 24) * size, blood + 8, turn, Label.Heart);
        canvas.Ellipsoid(centre + new Vector3(-9, -18, 3) * size, new Vector3(38, 15, 28) * size, blood, turn, Label.Heart);
    }

    void Vessels(Canvas canvas)
    {
        float bright = person.Blood + 12, veins = person.Blood;
        // Veins first: where they cross an artery, the artery is seen.
        Chain(canvas, 8.5f, veins + 0.3f * person.Contrast, Label.None, new(-27, -14, 78), new(-29, -12, 6));
        Chain(canvas, 6, veins, Label.None, new(-27, -16, 76), new(-6, -38, 80), new(30, -36, 92), new(48, -28, 120));
        Chain(canvas, 6, veins, Label.None, new(-27, -16, 76), new(-42, -26, 98), new(-54, -24, 122));
        Chain(canvas, 11, veins - 6, Label.None, new(-24, 4, -52), new(-26, 6, -130));
        Chain(canvas, 12.5f, bright, Label.None, new(20, -36, 0), new(16, -28, 18), new(13, -15, 28));
        Chain(canvas, 9.5f, bright, Label.None, new(14, -12, 28), new(-16, -4, 24), new(-42, 4, 16));
        Chain(canvas, 10, bright, Label.None, new(13, -14, 28), new(26, 2, 31), new(43, 12, 24));
        foreach (int side in (int[])[-1, 1])
            Chain(canvas, 7, veins, Label.None, new(side * 20, 22, -10), new(side * 44, 14, -8));
        float r = _aorta;
        Chain(canvas, 15 * r, bright, Label.Aorta, new(2, -22, -8), new(-9, -28, 20), new Vector3(-9, -26, 44) + _arch,
            new Vector3(-1, -16, 60) + _arch);
        Chain(canvas, 13.5f * r, bright, Label.Aorta, new Vector3(-1, -16, 60) + _arch, new Vector3(11, 2, 65) + _arch,
            new Vector3(20, 22, 58) + _arch, new(25, 40, 36));
        Chain(canvas, 12 * r, bright, Label.Aorta, new(25, 40, 36), new(24, 45, -20), new(14, 48, -90), new(8, 46, -170));
        Chain(canvas, 6, bright, Label.None, new Vector3(-5, -14, 68) + _arch, new(-14, -8, 100), new(-24, -6, 140));
        Chain(canvas, 4, bright, Label.None, new Vector3(6, -4, 72) + _arch, new(12, -2, 104), new(22, -2, 142));
        Chain(canvas, 4.5f, bright, Label.None, new Vector3(13, 8, 70) + _arch, new(22, 14, 104), new(44, 12, 132));
    }

    void Windpipe(Canvas canvas)
    {
        Vector3[] right = [new(0, 16, _carina), new(-17, 17, _carina - 12), new(-38, 14, _carina - 20)];
        Vector3[] left = [new(0, 16, _carina), new(20, 18, _carina - 13), new(44, 17, _carina - 22)];
        Chain(canvas, 6, person.Tissue(36, 0.15f), Label.None, new(3, 32, 140), new(3, 34, 20), new(9, 34, -60), new(14, 30, -110));
        Chain(canvas, 10.2f, 20, Label.None, new(0, 6, 150), new(0, 16, _carina));
        Chain(canvas, 8.4f, 20, Label.None, right);
        Chain(canvas, 7.6f, 20, Label.None, left);
        Chain(canvas, 8.6f, -985, Label.None, new(0, 6, 150), new(0, 16, _carina));
        Chain(canvas, 7f, -985, Label.None, right);
        Chain(canvas, 6.2f, -985, Label.None, left);
    }

    void Spine(Canvas canvas)
    {
        const float height = 25;
        float first = -200 + height * person.RibPhase, bone = person.Bone;
        for (float z = first; z < 190; z += height)
        {
            canvas.Ellipsoid(new Vector3(0, 64, z), new Vector3(19, 16, 21), bone + 200);
            canvas.Ellipsoid(new Vector3(0, 64, z), new Vector3(17.2f, 14.2f, 17), bone - 20);
            canvas.Ellipsoid(new Vector3(0, 64, z + height / 2), new Vector3(19, 16, 5), 85); // disc
        }
        for (float z = first; z < 190; z += height)
        {
            foreach (int side in (int[])[-1, 1])
            {
                canvas.Tube(new Tube(new(side * 11, 76, z + 4), new(side * 12, 92, z + 2), 4), bone + 160);
                canvas.Tube(new Tube(new(side * 12, 92, z + 2), new(0, 99, z - 6), 3.4f), bone + 200);
                canvas.Tube(new Tube(new(side * 12, 88, z + 5), new(side * 32, 97, z + 9), 4.4f), bone + 120);
                canvas.Tube(new Tube(new(side * 18, 76, z + 10), new(side * 36, 92, z + 8), 4.6f), bone + 120);
            }
            canvas.Tube(new Tube(new(0, 98, z - 5), new(0, 113, z - 18), 3.2f), bone + 160);
        }
        Chain(canvas, 8, 25, Label.None, new(0, 86, -200), new(0, 86, 200));
    }

    void Bones(Canvas canvas)
    {
        float bone = person.Bone, front = -person.Cage.Deep - 7;
        canvas.Ellipsoid(new Vector3(0, front + 2, 2), new Vector3(17, 6.5f, 76), bone + 220);
        canvas.Ellipsoid(new Vector3(0, front + 2, 2), new Vector3(15, 4.2f, 72), bone - 40);
        canvas.Ellipsoid(new Vector3(0, front + 16, 88), new Vector3(26, 7, 24), bone + 200);
        canvas.Ellipsoid(new Vector3(0, front + 16, 88), new Vector3(24, 5, 21), bone - 40);
        foreach (int side in (int[])[-1, 1])
        {
            Vector3[] collarbone = [new(side * 24, front + 26, 102), new(side * 70, front + 32, 122), new(side * 118, 0, 136)];
            Chain(canvas, 6.2f, bone + 320, Label.None, collarbone);
            Chain(canvas, 3.6f, bone + 40, Label.None, collarbone);
            // Shoulder blade: a thin plate behind the ribs, and its spine.
            var turn = Quaternion.CreateFromAxisAngle(Vector3.UnitZ, side * -0.62f);
            var centre = new Vector3(side * (person.Cage.Across - 22), person.Cage.Deep - 4, 62);
            canvas.Ellipsoid(centre, new Vector3(40, 4.2f, 62), bone + 230, turn);
            canvas.Ellipsoid(centre, new Vector3(36, 1.8f, 57), bone, turn);
            canvas.Tube(new Tube(centre + new Vector3(side * -20, 12, 40), centre + new Vector3(side * 34, -8, 58), 6), bone + 150);
        }
    }

    static void Chain(Canvas canvas, float radius, float value, Label label, params ReadOnlySpan<Vector3> places)
    {
        for (int i = 1; i < places.Length; i++)
            canvas.Tube(new Tube(places[i - 1], places[i], radius), value, label);
    }
}
