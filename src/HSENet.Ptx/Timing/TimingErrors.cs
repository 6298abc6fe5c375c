// How far off predictions are: errors on published measurements, as bench/results/timing.md computes them.
using System.Text.Json;

namespace HSENet.Ptx;

/// <summary>The error that the model shows on the rows of bench/results/timing.md that were not fitted, mean and largest, as shares. The
/// program that writes the page writes the file that is read here.</summary>
static class TimingErrors
{
    static readonly Lazy<JsonDocument> Read = new(() =>
    {
        using Stream stream = typeof(TimingErrors).Assembly.GetManifestResourceStream("timing-errors.json")!;
        return JsonDocument.Parse(stream);
    });

    public static (double Mean, double Largest) MachineCode => Of("machine_code");

    public static (double Mean, double Largest) Ptx => Of("ptx");

    static (double, double) Of(string basis)
    {
        JsonElement errors = Read.Value.RootElement.GetProperty(basis);
        return (errors.GetProperty("mean").GetDouble(), errors.GetProperty("largest").GetDouble());
    }
}
