// Draws a run's log: loss and validation loss, learning rate, gradient norm, tokens per second over the steps.
using System.Globalization;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

static class TrainingPlot
{
    const int Width = 960, Panel = 220, Left = 78, Right = 16, Top = 24, Bottom = 18;
    const int Ink = 0x202020, Grid = 0xDDDDDD, Blue = 0x1F5FA8, Red = 0xC0392B;

    /// <summary>Writes the picture of a log; a log without steps gives none.</summary>
    /// <exception cref="HseNetFileException">The log cannot be read or the picture not be written.</exception>
    public static void Write(string log, string png)
    {
        List<JsonElement> lines = Read(log);
        List<(double X, double Y)> loss = Curve("loss"), validation = Curve("validation_loss");
        if (loss.Count == 0)
            return;
        var canvas = new PngCanvas(Width, 4 * Panel);
        double last = loss[^1].X;
        Draw(0, "loss", loss, validation);
        canvas.Text(Left + PngCanvas.LetterWidth * 6, 8, "validation", Red);
        Draw(1, "learning rate", Curve("learning_rate"), []);
        Draw(2, "gradient norm", Curve("gradient_norm"), []);
        Draw(3, "tokens per second", Curve("tokens_per_second"), []);
        using var file = new AtomicFile(png);
        file.Write(canvas.ToPng(), 0);
        file.Commit();

        List<(double, double)> Curve(string field) => [.. lines.Where(line => Number(line, field) is not null).Select(line => (Number(line, "step")!.Value, Number(line, field)!.Value))];

        void Draw(int panel, string title, List<(double X, double Y)> curve, List<(double X, double Y)> more)
        {
            int top = panel * Panel + Top, bottom = (panel + 1) * Panel - Bottom;
            canvas.Text(Left, panel * Panel + 8, title, Blue);
            double[] all = [.. curve.Concat(more).Select(point => point.Y)];
            double low = Math.Min(0, all.DefaultIfEmpty(0).Min()), high = all.DefaultIfEmpty(0).Max();
            double step = NiceStep((high > low ? high - low : 1) / 4);
            (low, high) = (Math.Floor(low / step) * step, Math.Max(Math.Ceiling(high / step) * step, low + step));
            for (double tick = low; tick <= high + step / 2; tick += step)
            {
                canvas.Line(Left, Y(tick), Width - Right, Y(tick), Grid);
                string label = Label(Math.Abs(tick) < step / 1000 ? 0 : tick);
                canvas.Text(Left - 6 - PngCanvas.LetterWidth * label.Length, (int)Y(tick) - 3, label, Ink);
            }
            for (double tick = 0, every = Math.Max(1, NiceStep(last / 8)); tick <= last; tick += every)
            {
                canvas.Line(X(tick), top, X(tick), bottom, Grid);
                canvas.Text((int)X(tick) - 2, bottom + 6, Label(tick), Ink);
            }
            canvas.Line(Left, bottom, Width - Right, bottom, Ink);
            canvas.Line(Left, top, Left, bottom, Ink);
            Polyline(curve, Blue);
            Polyline(more, Red);

            double X(double value) => Left + (Width - Right - Left) * value / Math.Max(1, last);

            double Y(double value) => bottom - (bottom - top) * (value - low) / (high - low);

            void Polyline(List<(double X, double Y)> points, int color)
            {
                for (int i = 0; i < points.Count; i++)
                    for (int thick = 0; thick < 2; thick++)
                        canvas.Line(X(points[Math.Max(0, i - 1)].X), Y(points[Math.Max(0, i - 1)].Y) + thick, X(points[i].X), Y(points[i].Y) + thick, color);
            }
        }
    }

    // 1, 2 or 5 times a power of ten.
    static double NiceStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(step, 1e-12))));
        return power * (step / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }

    static string Label(double value) => value.ToString(Math.Abs(value) is > 0 and < 1e-3 or >= 1e6 ? "0.##e+0" : "0.####", CultureInfo.InvariantCulture);

    static double? Number(JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : null;

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
