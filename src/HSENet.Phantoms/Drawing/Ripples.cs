// Smooth random values in space: what makes tissue uneven, and edges of infiltrates irregular.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>Random values on a lattice that repeats, with trilinear values between them: about −1 to 1.</summary>
sealed class Ripples
{
    const int Side = 16, Mask = Side - 1;
    readonly float[] _lattice = new float[Side * Side * Side];

    public Ripples(Draws draws)
    {
        for (int i = 0; i < _lattice.Length; i++)
            _lattice[i] = draws.Between(-1, 1);
    }

    /// <summary>The value at a place, in distances of the lattice.</summary>
    public float At(Vector3 place)
    {
        var floor = new Vector3(MathF.Floor(place.X), MathF.Floor(place.Y), MathF.Floor(place.Z));
        var t = place - floor;
        int x = (int)floor.X & Mask, y = (int)floor.Y & Mask, z = (int)floor.Z & Mask;
        int x1 = (x + 1) & Mask, y0 = y * Side, y1 = ((y + 1) & Mask) * Side, z0 = z * Side * Side, z1 = ((z + 1) & Mask) * Side * Side;
        float near = Mix(Mix(_lattice[z0 + y0 + x], _lattice[z0 + y0 + x1], t.X), Mix(_lattice[z0 + y1 + x], _lattice[z0 + y1 + x1], t.X),
            t.Y);
        float far = Mix(Mix(_lattice[z1 + y0 + x], _lattice[z1 + y0 + x1], t.X), Mix(_lattice[z1 + y1 + x], _lattice[z1 + y1 + x1], t.X),
            t.Y);
        return Mix(near, far, t.Z);
    }

    static float Mix(float a, float b, float t) => a + (b - a) * t;
}
