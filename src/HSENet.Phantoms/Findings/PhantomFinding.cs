// A finding that is drawn: what a report says of it, and exactly where it is.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>A lesion in the body's own coordinates.</summary>
/// <param name="Centre">Its middle.</param>
/// <param name="Radius">Its mean radius.</param>
/// <param name="Density">In Hounsfield units.</param>
/// <param name="Shape">Seed of its outline.</param>
readonly record struct Lesion(Vector3 Centre, float Radius, float Density, ulong Shape);

/// <summary>A finding with what decides its picture.</summary>
/// <param name="Said">What a report says.</param>
/// <param name="Lesions">Places of a local finding, the largest first; of emphysema the largest bulla.</param>
/// <param name="Extent">Depth of fluid or air, strength of emphysema, enlargement of the heart.</param>
sealed record PhantomFinding(Finding Said, IReadOnlyList<Lesion> Lesions, float Extent)
{
    public FindingKind Kind => Said.Kind;

    /// <summary>Whether it is in the lung of this side.</summary>
    public bool IsOn(float x) => Said.Side == Side.Both || Said.Side == (x < 0 ? Side.Right : Side.Left);
}
