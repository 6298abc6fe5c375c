// Volumes put together of crops: every second patch holds a lesion of some study at about the place where that study has it.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// The first lesson of an encoder that is to find small lesions: in whole volumes one patch in a hundred holds one, here half of them do.
/// Half of the patches are cut around lesions, whose kinds are drawn evenly, at any offset within a patch; the others come from studies
/// without local findings. Only the kinds of the patches are learned.
/// </summary>
sealed class Mosaic
{
    // Many lesions want the same patches: this many are drawn for each patch that may hold one.
    const int Tries = 4;

    // Of a patch, to either side of its middle: nearly all of the patch.
    const double Offset = 0.45;

    const int Fine = 1 << 16;
    const long MostBytes = 8L << 30;

    readonly record struct Lesion(int Row, LabelledPlace Place, int Patch);

    readonly VisionConfig _vision;
    readonly LabelSpace _space;
    readonly List<Lesion>[] _lesions;
    readonly int[] _clear;
    readonly Lazy<Half[]>?[] _volumes;
    readonly Lock _gate = new();

    /// <summary>Finds the lesions and the studies without any.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="vision">Sizes of volume and patches.</param>
    /// <param name="studies">Labels of all training rows.</param>
    /// <param name="manifest">In messages.</param>
    /// <exception cref="HseNetFileException">There is no lesion with a place, or no study without, or they do not fit into
    /// memory.</exception>
    public Mosaic(LabelSpace space, VisionConfig vision, IReadOnlyList<StudyLabels> studies, string manifest)
    {
        (_space, _vision) = (space, vision);
        _lesions = [.. space.LocalKinds.Select(kind => studies.SelectMany((study, row) => study.Findings
            .Where(finding => finding.Kind == kind).SelectMany(finding => finding.Places)
            .Select(place => new Lesion(row, place, PatchOf(place)))).ToList())];
        _clear = [.. Enumerable.Range(0, studies.Count)
            .Where(row => !studies[row].Findings.Any(finding => space.LocalKinds.Contains(finding.Kind)))];
        _volumes = new Lazy<Half[]>?[studies.Count];
        if (_lesions.Length == 0 || _clear.Length == 0)
            throw new HseNetFileException(manifest, $"has no study {(_clear.Length == 0 ? "without" : "with")} a finding that has a place",
                "both, of which a mosaic is made");
        if (studies.Count * vision.Image.Count * 2 > MostBytes)
            throw new HseNetFileException(manifest, $"has {studies.Count} volumes of {vision.Image.Count} voxels, all of which a mosaic "
                + "keeps in memory", $"at most {MostBytes >> 30} GB of them in 16 bits");
    }

    /// <summary>A mosaic and what its patches hold; the same draws give the same.</summary>
    /// <param name="draws">Of this sample.</param>
    /// <param name="read">The volume of a row; called once for each.</param>
    public (float[] Volume, LabelTargets Targets) Draw(SeededDraws draws, Func<int, float[]> read)
    {
        var (grid, patch) = (_vision.Grid, _vision.Patch);
        float[] volume = new float[_vision.Image.Count];
        int[] kinds = new int[_vision.Patches];
        Array.Fill(kinds, -1);
        for (int left = _vision.Patches / 2, tries = Tries * _vision.Patches; left > 0 && tries > 0; tries--)
        {
            int kind = draws.Below(_lesions.Length);
            var lesion = _lesions[kind][draws.Below(_lesions[kind].Count)];
            if (kinds[lesion.Patch] >= 0)
                continue;
            kinds[lesion.Patch] = kind;
            left--;
            var (image, centre, radius) = (_vision.Image, lesion.Place.Centre, lesion.Place.Radius);
            Copy(Volume(lesion.Row, read), volume, lesion.Patch, (
                Around(draws, centre.Depth, radius.Depth, image.Depth, patch.Depth),
                Around(draws, centre.Height, radius.Height, image.Height, patch.Height),
                Around(draws, centre.Width, radius.Width, image.Width, patch.Width)));
        }
        for (int i = 0; i < kinds.Length; i++)
            if (kinds[i] < 0)
                Copy(Volume(_clear[draws.Below(_clear.Length)], read), volume, i, (
                    Beside(draws, i / (grid.Height * grid.Width), patch.Depth, _vision.Image.Depth),
                    Beside(draws, i / grid.Width % grid.Height, patch.Height, _vision.Image.Height),
                    Beside(draws, i % grid.Width, patch.Width, _vision.Image.Width)));
        return (volume, LabelTargets.OfPatches(_space, kinds));
    }

    // The patch whose middle is nearest to the lesion's.
    int PatchOf(LabelledPlace place)
    {
        var grid = _vision.Grid;
        return (Along(place.Centre.Depth, grid.Depth) * grid.Height + Along(place.Centre.Height, grid.Height)) * grid.Width
            + Along(place.Centre.Width, grid.Width);

        static int Along(float share, int patches) => Math.Clamp((int)MathF.Floor(share * patches), 0, patches - 1);
    }

    // First voxel of a crop somewhere around a lesion; of one larger than a patch, anywhere in it.
    static int Around(SeededDraws draws, float centre, float radius, int size, int patch)
    {
        double reach = Math.Max(Offset * patch, (double)radius * size), offset = (2.0 * draws.Below(Fine) / Fine - 1) * reach;
        return Within((double)centre * size - patch / 2.0 + offset, size, patch);
    }

    // First voxel of a crop within half a patch of a patch's own place.
    static int Beside(SeededDraws draws, int index, int patch, int size) =>
        Within((index + (double)draws.Below(Fine) / Fine - 0.5) * patch, size, patch);

    static int Within(double first, int size, int patch) => Math.Clamp((int)Math.Round(first), 0, size - patch);

    void Copy(Half[] from, float[] to, int index, (int Depth, int Height, int Width) first)
    {
        var (image, patch, grid) = (_vision.Image, _vision.Patch, _vision.Grid);
        var (depth, height, width) = (index / (grid.Height * grid.Width) * patch.Depth, index / grid.Width % grid.Height * patch.Height,
            index % grid.Width * patch.Width);
        for (int z = 0; z < patch.Depth; z++)
            for (int y = 0; y < patch.Height; y++)
            {
                int source = ((first.Depth + z) * image.Height + first.Height + y) * image.Width + first.Width,
                    target = ((depth + z) * image.Height + height + y) * image.Width + width;
                for (int x = 0; x < patch.Width; x++)
                    to[target + x] = (float)from[source + x];
            }
    }

    // In 16 bits: a mosaic reads hundreds of volumes.
    Half[] Volume(int row, Func<int, float[]> read)
    {
        lock (_gate)
            _volumes[row] ??= new Lazy<Half[]>(() => Array.ConvertAll(read(row), value => (Half)value),
                LazyThreadSafetyMode.PublicationOnly);
        return _volumes[row]!.Value;
    }
}
