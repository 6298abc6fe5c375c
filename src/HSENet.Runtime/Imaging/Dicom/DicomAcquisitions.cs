// Tells the acquisitions of a series apart, so that a volume is never a mixture of two.
using System.Globalization;

namespace HSENet.Runtime;

internal static class DicomAcquisitions
{
    // Blocks of one scan follow each other; what lies further apart, in slices, is another scan.
    const double AnotherScan = 10;

    // What differs between acquisitions, phases or reconstructions of one series, the plainest first.
    static readonly (string Name, Func<DicomImage, string> Value)[] Marks =
    [
        ("acquisition", image => image.AcquisitionNumber?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ("phase", image => image.Phase),
        ("kind", image => image.ImageType),
        ("reconstruction", image => image.Reconstruction),
        ("time", image => image.AcquisitionTime),
    ];

    /// <summary>
    /// Splits images of one size and orientation into volumes. Images are of different acquisitions if there are several at one place, or
    /// if those of different acquisition numbers lie between each other or far apart. They are told apart by acquisition number, phase
    /// (temporal position, cardiac phase, stack), image type, reconstruction (kernel, thickness, voltage) and time, and last by the order
    /// of acquisition: the first of each place, the second of each, if all the first come before all the second. Equal images at one place
    /// are copies.
    /// </summary>
    /// <param name="all">The images.</param>
    /// <param name="sameContent">Compares the pixels of two images.</param>
    /// <param name="copies">How many were left out as copies.</param>
    /// <returns>One volume or more; one with several images at one place if nothing tells these apart.</returns>
    public static List<DicomStack> Split(DicomStack all, Func<DicomImage, DicomImage, bool> sameContent, out int copies)
    {
        copies = 0;
        List<DicomStack> stacks = all.Collides ? [.. Divide(all, 0)] : ByNumber(all);
        if (!stacks.Any(stack => stack.Collides))
            return stacks;
        // Copies have other UIDs when they were sent twice.
        DicomStack single = DicomStack.Of(WithoutCopies(all, sameContent), "");
        copies = all.Images.Count - single.Images.Count;
        return copies == 0 ? stacks : single.Collides ? [.. Divide(single, 0)] : ByNumber(single);
    }

    /// <summary>The error for images at one place that nothing tells apart.</summary>
    public static HseNetFileException Mixed(string place, DicomStack mixed) =>
        new(place, $"holds {mixed.Images.Count} different images at {mixed.Places} places in one series, and nothing tells them apart",
            "one image at each place, or an acquisition number, a phase or a time");

    static IEnumerable<DicomStack> Divide(DicomStack stack, int from)
    {
        if (!stack.Collides)
            return [stack];
        for (int mark = from; mark < Marks.Length; mark++)
        {
            var (name, value) = Marks[mark];
            DicomStack[] parts = [.. stack.Images.GroupBy(value).OrderBy(g => name == "acquisition" ? g.Key.Length : 0)
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .Select((g, i) => DicomStack.Of(g, Joined(stack, name == "acquisition" ? $"acquisition {g.Key}" : $"{name} {i + 1}")))];
            // A mark that differs from slice to slice tells nothing.
            if (parts.Length > 1 && parts.Length <= (stack.Images.Count + 1) / 2 && parts.Max(part => part.Places) >= 2
                && parts.Sum(part => part.Images.Count - part.Places) < stack.Images.Count - stack.Places)
                return parts.SelectMany(part => Divide(part, mark + 1));
        }
        return InOrder(stack, image => image.AcquisitionTime) ?? InOrder(stack, image => image.ContentTime)
            ?? InOrder(stack, image => image.InstanceNumber) ?? [stack];
    }

    static string Joined(DicomStack stack, string name) => stack.Acquisition.Length == 0 ? name : $"{stack.Acquisition}, {name}";

    // The r-th image of every place, if these come one after the other.
    static IEnumerable<DicomStack>? InOrder<T>(DicomStack stack, Func<DicomImage, T> order) where T : IComparable<T>
    {
        var rounds = new List<List<DicomImage>>();
        for (int i = 0; i < stack.Images.Count;)
        {
            int end = i + 1;
            double here = DicomStack.Along(stack.Images[i], stack.Normal);
            while (end < stack.Images.Count && DicomStack.Along(stack.Images[end], stack.Normal) - here < DicomStack.SamePlace)
                end++;
            int round = 0;
            foreach (DicomImage image in stack.Images.Skip(i).Take(end - i).OrderBy(order))
            {
                if (rounds.Count == round)
                    rounds.Add([]);
                rounds[round++].Add(image);
            }
            i = end;
        }
        for (int r = 1; r < rounds.Count; r++)
            if (rounds[r - 1].Max(order)!.CompareTo(rounds[r].Min(order)) >= 0)
                return null;
        return rounds.Select((round, i) => DicomStack.Of(round, Joined(stack, $"round {i + 1}")));
    }

    // Acquisition numbers that lie between each other, or far apart; blocks of one scan that follow each other are one.
    static List<DicomStack> ByNumber(DicomStack all)
    {
        DicomStack[] parts = [.. all.Images.GroupBy(image => image.AcquisitionNumber)
            .Select(g => DicomStack.Of(g, g.Key is { } number ? $"acquisition {number}" : "no acquisition number"))];
        if (parts.Length < 2)
            return [all];
        double[] places = [.. all.Images.Select(image => DicomStack.Along(image, all.Normal))];
        double usual = places.Skip(1).Zip(places, (high, low) => high - low).Order().ElementAt((places.Length - 2) / 2);
        var stacks = new List<DicomStack> { parts[0] };
        bool areMixed = false;
        foreach (DicomStack part in parts.Skip(1))
        {
            double between = First(part) - Last(stacks[^1]);
            areMixed |= between < 0 && part.Places > 1;
            // A single slice in between has a number of its own in scanners that count slices.
            if (between < 0 && part.Places == 1 || between >= 0 && between <= AnotherScan * usual)
                stacks[^1] = DicomStack.Of([.. stacks[^1].Images, .. part.Images], stacks[^1].Acquisition);
            else
                stacks.Add(part);
        }
        return areMixed ? [.. parts] : stacks.Count == 1 ? [all] : stacks;

        double First(DicomStack part) => DicomStack.Along(part.Images[0], all.Normal);
        double Last(DicomStack part) => DicomStack.Along(part.Images[^1], all.Normal);
    }

    static IEnumerable<DicomImage> WithoutCopies(DicomStack stack, Func<DicomImage, DicomImage, bool> sameContent)
    {
        var kept = new List<DicomImage>();
        foreach (DicomImage image in stack.Images)
        {
            double here = DicomStack.Along(image, stack.Normal);
            bool isCopy = false;
            for (int i = kept.Count - 1; i >= 0 && !isCopy && here - DicomStack.Along(kept[i], stack.Normal) < DicomStack.SamePlace; i--)
                isCopy = sameContent(kept[i], image);
            if (isCopy)
                continue;
            if (kept.Count > 0 && here - DicomStack.Along(kept[^1], stack.Normal) < DicomStack.SamePlace)
                return stack.Images;
            kept.Add(image);
        }
        return kept;
    }
}
