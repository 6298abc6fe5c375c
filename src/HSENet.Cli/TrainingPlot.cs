// Draws a run's log: loss and validation loss, learning rate, gradient norm, tokens per second over the steps.
using System.Text.Json;
using HSENet.Runtime;
using ScottPlot;

namespace HSENet.Cli;

static class TrainingPlot
{
    const int Width = 960, PanelHeight = 250;

    static readonly (string Title, (string Field, string Name)[] Curves)[] Panels =
    [
        ("loss", [("loss", "training"), ("validation_loss", "validation")]),
        ("learning rate", [("learning_rate", "")]),
        ("gradient norm", [("gradient_norm", "")]),
        ("tokens per second", [("tokens_per_second", "")]),
    ];

    /// <summary>Writes the picture of a log; a log without steps gives none.</summary>
    /// <exception cref="HseNetFileException">The log cannot be read or the picture not be written.</exception>
    public static void Write(string log, string png)
    {
        List<JsonElement> lines = Read(log);
        if (!lines.Exists(line => Number(line, "loss") is not null))
            return;
        byte[] bytes = Render(lines, png);
        using var file = new AtomicFile(png);
        file.Write(bytes, 0);
        file.Commit();
    }

    static byte[] Render(List<JsonElement> lines, string png)
    {
        try
        {
            return Draw(lines);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            throw new HseNetFileException(png, "cannot be drawn: SkiaSharp has no native library for this system",
                "Linux, Windows or macOS on x64 or arm64", e);
        }
    }

    // Apart from the one that calls it: what it names loads the native library.
    static byte[] Draw(List<JsonElement> lines)
    {
        var picture = new Multiplot();
        picture.AddPlots(Panels.Length);
        for (int i = 0; i < Panels.Length; i++)
            Draw(picture.GetPlot(i), Panels[i].Title, Panels[i].Curves, lines);
        return picture.Render(Width, Panels.Length * PanelHeight).GetImageBytes(ImageFormat.Png);
    }

    static void Draw(Plot plot, string title, (string Field, string Name)[] curves, List<JsonElement> lines)
    {
        foreach (var (field, name) in curves)
        {
            JsonElement[] points = [.. lines.Where(line => Number(line, field) is not null)];
            if (points.Length == 0)
                continue;
            var curve = plot.Add.Scatter(Array.ConvertAll(points, line => Number(line, "step")!.Value),
                Array.ConvertAll(points, line => Number(line, field)!.Value));
            curve.LegendText = name;
            curve.MarkerSize = points.Length == 1 ? 5 : 0;
        }
        plot.Title(title, size: 13);
        plot.Legend.IsVisible = curves.Length > 1;
        plot.Legend.Alignment = Alignment.UpperRight; // a loss falls
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
    }

    static double? Number(JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && double.IsFinite(number) ? number : null;

    static List<JsonElement> Read(string log)
    {
        try
        {
            using var stream = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var lines = new List<JsonElement>();
            while (stream.ReadLine() is { } line)
            {
                using JsonDocument json = JsonDocument.Parse(line);
                lines.Add(json.RootElement.Clone());
            }
            return lines;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new HseNetFileException(log, $"cannot be read ({e.Message})", "the log of a run", e);
        }
    }
}
