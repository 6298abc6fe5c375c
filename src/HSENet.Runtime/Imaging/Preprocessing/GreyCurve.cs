// How Hounsfield units become the numbers that a model sees.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>A piecewise linear curve from Hounsfield units to 0…1, level beyond its ends.</summary>
sealed class GreyCurve
{
    const int MostPoints = 16, LargestUnit = 32768;

    readonly float[] _units, _greys;

    GreyCurve(float[] units, float[] greys) => (_units, _greys) = (units, greys);

    /// <summary>The curve of the reference's preprocessing: lung and soft tissue as one straight line.</summary>
    public const string Standard = "-1000:0,200:1";

    /// <summary>The unit up to which everything is the darkest grey.</summary>
    public float Lowest => _units[0];

    /// <summary>Reads a curve from text such as <c>-1000:0,200:1</c>.</summary>
    /// <exception cref="HseNetException">It is no curve.</exception>
    public static GreyCurve Parse(string text)
    {
        var points = new List<(float Unit, float Grey)>();
        foreach (string point in text.Split(','))
        {
            string[] parts = point.Split(':');
            if (parts.Length != 2 || Number(parts[0]) is not { } unit || Math.Abs(unit) > LargestUnit || Number(parts[1]) is not { } grey
                || grey is < 0 or > 1 || points.Count > 0 && (unit <= points[^1].Unit || grey < points[^1].Grey))
                throw new HseNetException($"the grey curve {HseNetFileException.Quote(text)} cannot be used; expected two points or more "
                    + "as in -1000:0,200:1, Hounsfield units that grow and greys from 0 to 1 that do not fall");
            points.Add((unit, grey));
        }
        return points.Count is > 1 and <= MostPoints
            ? new([.. points.Select(point => point.Unit)], [.. points.Select(point => point.Grey)])
            : throw new HseNetException($"the grey curve {HseNetFileException.Quote(text)} has {points.Count} "
                + $"{(points.Count == 1 ? "point" : "points")}; expected two or more, at most {MostPoints}");
    }

    /// <summary>The grey of a value.</summary>
    public float At(float units)
    {
        if (units <= _units[0])
            return _greys[0];
        for (int i = 1; i < _units.Length; i++)
            if (units < _units[i])
                return _greys[i - 1] + (_greys[i] - _greys[i - 1]) * (units - _units[i - 1]) / (_units[i] - _units[i - 1]);
        return _greys[^1];
    }

    /// <summary>The curve as text: equal for equal curves, however they were written.</summary>
    public override string ToString() => string.Join(',', _units.Zip(_greys, (unit, grey) =>
        string.Create(CultureInfo.InvariantCulture, $"{unit}:{grey}")));

    static float? Number(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number) ? number : null;
}
