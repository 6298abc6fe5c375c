// Vessels and airways of the lungs: trees that branch from the hila and stay inside.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>Grows the trees of a person.</summary>
static class LungTree
{
    /// <summary>Vessels of both lungs.</summary>
    public static List<Tube> Vessels(Thorax thorax, Draws draws)
    {
        var tubes = new List<Tube>(1500);
        foreach (int side in (int[])[-1, 1])
        {
            var hilum = Hilum(side);
            // Towards the lobes: up, up and back, front, side, down and back, down.
            foreach (var aim in (Vector3[])[new(.35f, -.25f, 1), new(.5f, .5f, .75f), new(.6f, -.8f, .05f), new(.9f, .1f, -.1f),
                new(.35f, .65f, -.6f), new(.55f, .1f, -1), new(.7f, -.35f, -.55f), new(.2f, .9f, .1f)])
                for (int twin = 0; twin < 2; twin++)
                {
                    var wander = new Vector3(draws.Between(-.25f, .25f), draws.Between(-.25f, .25f), draws.Between(-.25f, .25f));
                    var start = hilum + 6 * new Vector3(draws.Between(-1, 1), draws.Between(-1, 1), draws.Between(-1.5f, 1.5f));
                    Grow(start, Vector3.Normalize(aim * new Vector3(side, 1, 1) + wander), draws.Between(3.2f, 4.6f),
                        draws.Between(20, 31), 0);
                }
        }
        return tubes;

        void Grow(Vector3 from, Vector3 direction, float radius, float length, int generation)
        {
            var to = from + direction * length;
            float inside = thorax.InsideLung(to);
            // Bends away from what bounds the lung, or ends before it.
            for (int attempt = 0; generation > 0 && inside < 2.5f + radius && attempt < 4; attempt++)
            {
                direction = Vector3.Normalize(direction + new Vector3(draws.Between(-.6f, .6f), draws.Between(-.6f, .6f),
                    draws.Between(-.6f, .6f)));
                length *= 0.8f;
                to = from + direction * length;
                inside = thorax.InsideLung(to);
            }
            if (generation > 0 && inside < 2)
                return;
            tubes.Add(new Tube(from, to, radius));
            if (radius < 0.75f || generation > 7)
                return;
            var across = Vector3.Normalize(Vector3.Cross(direction, new Vector3(draws.Normal(), draws.Normal(), draws.Normal())));
            float angle = draws.Between(0.4f, 0.8f), share = draws.Between(0.58f, 0.82f);
            Grow(to, Turned(angle * 0.5f), radius * MathF.Sqrt(share), length * draws.Between(0.72f, 0.98f), generation + 1);
            Grow(to, Turned(-angle), radius * MathF.Sqrt(1 - share) * 1.15f, length * draws.Between(0.6f, 0.9f), generation + 1);

            Vector3 Turned(float by) => Vector3.Normalize(direction * MathF.Cos(by) + across * MathF.Sin(by));
        }
    }

    /// <summary>Airways in the lungs, the hollow and its wall: branches of the main bronchi.</summary>
    public static List<Tube> Airways(Thorax thorax, Draws draws)
    {
        var tubes = new List<Tube>(100);
        foreach (int side in (int[])[-1, 1])
            foreach (var aim in (Vector3[])[new(.5f, -.1f, .9f), new(.7f, -.6f, -.15f), new(.45f, .35f, -.8f), new(.6f, .55f, .3f)])
                Grow(Hilum(side) + new Vector3(0, 4, 0), Vector3.Normalize(aim * new Vector3(side, 1, 1)), 3.6f, 20, 0);
        return tubes;

        void Grow(Vector3 from, Vector3 direction, float radius, float length, int generation)
        {
            var to = from + direction * length;
            if (generation > 0 && thorax.InsideLung(to) < 6)
                return;
            tubes.Add(new Tube(from, to, radius));
            if (generation == 3)
                return;
            for (int child = 0; child < 2; child++)
                Grow(to, Vector3.Normalize(direction + 0.45f * new Vector3(draws.Normal(), draws.Normal(), draws.Normal())), radius * 0.72f,
                    length * 0.85f, generation + 1);
        }
    }

    /// <summary>Where vessels and airways enter a lung.</summary>
    public static Vector3 Hilum(int side) => new(side * 40 + 3, 8, side < 0 ? 14 : 20);
}
