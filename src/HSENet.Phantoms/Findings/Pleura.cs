// How thick fluid or air in a pleural space is, at each place of the chest's wall.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>A patient lies on the back: fluid is behind and below, air in front.</summary>
static class Pleura
{
    /// <summary>Thickness at a place.</summary>
    /// <param name="finding">An effusion or a pneumothorax.</param>
    /// <param name="p">The place.</param>
    /// <param name="back">1 where the nearest wall is behind, −1 in front.</param>
    public static float Thickness(PhantomFinding finding, Vector3 p, float back) => finding.Kind == FindingKind.Effusion
        ? finding.Extent * Thorax.Smooth((back + 0.35f) / 1.25f) * Thorax.Smooth((75 + 2 * finding.Extent - 130 - p.Z) / 95 + 0.35f)
        : finding.Extent * MathF.Max(Thorax.Smooth((0.25f - back) / 1.1f) * Thorax.Smooth((p.Z + 105) / 70),
            0.7f * Thorax.Smooth((p.Z - 70) / 45));
}
