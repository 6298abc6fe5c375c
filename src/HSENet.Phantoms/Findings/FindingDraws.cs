// Which findings a phantom has, and where: drawn so that each can be seen.
using System.Numerics;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>Draws the findings of a phantom. None hides another: a lesion lies apart from others, from fluid and from free air.</summary>
sealed class FindingDraws
{
    /// <summary>Smallest diameter of a lesion in mm: 1.3 slices of a model that looks at 32.</summary>
    public const float SmallestLesion = 14;

    // Smaller ones are hard to tell from a vessel in a volume of 5 mm voxels, for a reader as well.
    const float SmallestNodule = 18;

    const int Tries = 400, Retries = 12;
    static readonly FindingKind[] Kinds = Enum.GetValues<FindingKind>();
    readonly Person _person;
    readonly Draws _draws;
    readonly Thorax _thorax;
    readonly List<PhantomFinding> _found = [];

    FindingDraws(Person person, Draws draws, float heart) =>
        (_person, _draws, _thorax) = (person, draws, new Thorax(person, person.Heart * heart));

    /// <summary>Draws findings.</summary>
    /// <param name="person">Whose chest.</param>
    /// <param name="draws">The stream of findings.</param>
    /// <param name="wanted">The kinds to draw; null for none to three at random.</param>
    public static IReadOnlyList<PhantomFinding> Draw(Person person, Draws draws, IReadOnlyList<FindingKind>? wanted)
    {
        FindingKind[] kinds = [.. Kinds];
        draws.Shuffle<FindingKind>(kinds);
        int count = draws.Weighted(0.15f, 0.35f, 0.32f, 0.18f);
        List<FindingKind> chosen = [.. wanted ?? kinds[..count]];
        // Fluid and air in one pleural space would be a third thing, with a level.
        if (wanted is null && chosen.Contains(FindingKind.Effusion) && chosen.Contains(FindingKind.Pneumothorax))
            chosen.Remove(draws.Chance(0.5f) ? FindingKind.Effusion : FindingKind.Pneumothorax);
        float enlarged = draws.Between(1.38f, 1.56f);
        bool large = chosen.Contains(FindingKind.Cardiomegaly);
        var found = new FindingDraws(person, draws, large ? enlarged : 1);
        // What takes most room first.
        foreach (var kind in chosen.OrderBy(kind => kind switch
        {
            FindingKind.Effusion or FindingKind.Pneumothorax or FindingKind.Cardiomegaly => 0,
            FindingKind.Emphysema => 1,
            FindingKind.Consolidation => 2,
            _ => 3,
        }).ThenBy(kind => kind))
            found.Add(kind, enlarged);
        return [.. found._found.OrderBy(finding => finding.Kind)];
    }

    void Add(FindingKind kind, float enlarged)
    {
        var finding = kind switch
        {
            FindingKind.Effusion => Pleural(kind, _draws.Between(16, 52), 0.2f),
            FindingKind.Pneumothorax => Pleural(kind, _draws.Between(16, 42), 0),
            FindingKind.Emphysema => Emphysema(),
            FindingKind.Cardiomegaly => new PhantomFinding(
                new Finding(kind, Millimetres: Math.Round(_thorax.HeartWidth * _person.Scale)), [], enlarged),
            _ => Local(kind),
        };
        if (finding is not null)
            _found.Add(finding);
    }

    PhantomFinding Pleural(FindingKind kind, float depth, float both) =>
        new(new Finding(kind, AnySide(both), Lobe.None, MathF.Round(depth)), [], MathF.Round(depth) / _person.Scale);

    Side AnySide(float both) => _draws.Chance(both) ? Side.Both : _draws.OneOf(Side.Right, Side.Left);

    // Its size is that of the largest bulla, which is a place as well.
    PhantomFinding? Emphysema()
    {
        for (int attempt = 0; attempt < Retries; attempt++)
        {
            Side side = AnySide(0.5f), at = side == Side.Both ? _draws.OneOf(Side.Right, Side.Left) : side;
            var lobe = _draws.Chance(0.6f) ? Lobe.Upper : Lobe.Lower;
            float strength = _draws.Between(0.7f, 1);
            if (Place(FindingKind.Emphysema, at, lobe, []) is not { } bulla)
                continue;
            double size = Math.Round(2 * bulla.Radius * _person.Scale, 1);
            return new PhantomFinding(new Finding(FindingKind.Emphysema, side, lobe, size), [bulla], strength);
        }
        return null;
    }

    PhantomFinding? Local(FindingKind kind)
    {
        int number = kind == FindingKind.Consolidation ? 1 : 1 + _draws.Weighted(0.7f, 0.2f, 0.1f);
        for (int attempt = 0; attempt < Retries; attempt++)
        {
            var side = _draws.OneOf(Side.Right, Side.Left);
            var lobe = side == Side.Right ? _draws.OneOf(Lobe.Upper, Lobe.Middle, Lobe.Lower) : _draws.OneOf(Lobe.Upper, Lobe.Lower);
            var lesions = new List<Lesion>();
            while (lesions.Count < number && Place(kind, side, lobe, lesions) is { } lesion)
                lesions.Add(lesion);
            if (lesions.Count == 0)
                continue;
            lesions = [.. lesions.OrderByDescending(lesion => lesion.Radius)];
            double size = Math.Round(2 * lesions[0].Radius * _person.Scale, 1);
            return new PhantomFinding(new Finding(kind, side, lobe, size, lesions.Count), lesions, 1);
        }
        return null;
    }

    Lesion? Place(FindingKind kind, Side side, Lobe lobe, List<Lesion> beside)
    {
        (float smallest, float largest) = kind switch
        {
            FindingKind.Nodule => (SmallestNodule, 36),
            FindingKind.Calcification => (SmallestLesion, 26),
            FindingKind.Emphysema => (18f, 40f),
            _ => (44f, 84f),
        };
        float radius = _draws.Between(smallest, largest) / 2 / _person.Scale, density = kind switch
        {
            FindingKind.Nodule => _person.Tissue(_draws.Between(10, 50), 0.2f),
            FindingKind.Calcification => _draws.Between(600, 1100),
            FindingKind.Emphysema => -1000,
            _ => _person.Tissue(_draws.Between(10, 45), 0.25f),
        };
        // An infiltrate may reach the fissures and the pleura, which bound it.
        float own = kind == FindingKind.Consolidation ? 0.45f : 1;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            var at = new Vector3(_draws.Between(20, 125) * (side == Side.Right ? -1 : 1), _draws.Between(-85, 85),
                _draws.Between(-125, 115));
            if (_thorax.InsideLung(at) < own * radius + 1.5f || _thorax.LobeAt(at) is var place && place.Lobe != lobe
                || place.Depth < own * 0.85f * radius)
                continue;
            bool apart = kind == FindingKind.Consolidation || Vector3.Distance(at, LungTree.Hilum(at.X < 0 ? -1 : 1)) > radius + 26;
            apart &= beside.All(other => Vector3.Distance(at, other.Centre) > radius + other.Radius + 12);
            apart &= _found.All(finding => IsApart(finding, at, radius));
            if (apart)
                return new Lesion(at, radius, density, _draws.Bits());
        }
        return null;
    }

    bool IsApart(PhantomFinding finding, Vector3 at, float radius)
    {
        if (finding.Kind is FindingKind.Effusion or FindingKind.Pneumothorax && finding.IsOn(at.X))
            return Pleura.Thickness(finding, at, back: finding.Kind == FindingKind.Effusion ? 1 : -1) + radius + 10
                < Thorax.InsideRibs(_thorax.At(at.Z), at.X, at.Y, out _)
                && (finding.Kind == FindingKind.Pneumothorax || at.Y < 20 || _thorax.AboveDiaphragm(at) > finding.Extent + radius);
        return finding.Lesions.All(other => Vector3.Distance(at, other.Centre) > 1.25f * other.Radius + radius + 10);
    }
}
