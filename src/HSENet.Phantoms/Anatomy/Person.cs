// Who lies in the scanner: everything about a person that varies, drawn once.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>Sizes are in the body's own millimetres, densities in Hounsfield units.</summary>
sealed record Person
{
    public required float Scale { get; init; }

    /// <summary>Half widths of the inside of the ribs, across and front to back.</summary>
    public required (float Across, float Deep) Cage { get; init; }

    /// <summary>Height of the lungs' apex.</summary>
    public required float Apex { get; init; }

    /// <summary>Heights of the domes of the diaphragm.</summary>
    public required (float Right, float Left) Dome { get; init; }

    /// <summary>Thickness of fat under the skin, and of muscle on the ribs.</summary>
    public required (float Fat, float Muscle) Wall { get; init; }

    /// <summary>Size of the heart against the usual.</summary>
    public required float Heart { get; init; }

    /// <summary>Size of the breasts; 0 for a man's chest.</summary>
    public required float Breasts { get; init; }

    /// <summary>Density of lung in the middle of the chest, and how much denser it is at the back.</summary>
    public required (float Middle, float Gradient) LungDensity { get; init; }

    /// <summary>What contrast medium adds to blood: 0 without.</summary>
    public required float Contrast { get; init; }

    public required float Muscle { get; init; }

    public required float Bone { get; init; }

    /// <summary>Where the ribs lie along the spine, from 0 to 1 of their distance.</summary>
    public required float RibPhase { get; init; }

    /// <summary>Height of the oblique fissures at the middle of the chest, and of the horizontal one.</summary>
    public required (float Right, float Left, float Horizontal) Fissures { get; init; }

    public required float Unevenness { get; init; }

    public required Ripples Texture { get; init; }

    public static Person Draw(long seed, long index)
    {
        var d = new Draws(seed, index, "person");
        bool contrast = d.Chance(0.6f);
        return new Person
        {
            Scale = d.Between(0.92f, 1.06f),
            Cage = (d.Between(122, 136), d.Between(90, 102)),
            Apex = d.Between(118, 132),
            Dome = (d.Between(-78, -56), d.Between(-88, -66)),
            Wall = (d.Between(8, 26), d.Between(8, 14)),
            Heart = d.Between(0.9f, 1.02f),
            Breasts = d.Chance(0.5f) ? d.Between(0.6f, 1.1f) : 0,
            LungDensity = (d.Between(-880, -830), d.Between(20, 70)),
            Contrast = contrast ? d.Between(60, 170) : 0,
            Muscle = d.Between(45, 65),
            Bone = d.Between(140, 260),
            RibPhase = d.Share(),
            Fissures = (d.Between(-24, -6), d.Between(-18, 2), d.Between(0, 14)),
            Unevenness = d.Between(8, 24),
            Texture = new Ripples(d),
        };
    }

    /// <summary>Density of blood.</summary>
    public float Blood => 42 + Contrast;

    /// <summary>Density of tissue that takes a part of the contrast medium.</summary>
    public float Tissue(float plain, float share) => plain + share * Contrast;

    /// <summary>The middle of the heart.</summary>
    public static Vector3 HeartCentre => new(16, -28, -42);
}
