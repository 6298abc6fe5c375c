// ptx run --predict and ptx profile --predict: how long a launch would take on a GPU, predicted.
using System.CommandLine;
using System.Text;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxPredict
{
    public static Option<bool> Option() => new("--predict")
    {
        Description = "Predict the time on the GPU instead of running the launch: cycles, what bounds it, what warps wait for, the lines "
            + "that wait most. From machine code where it is at hand, else an estimate from PTX.",
    };

    /// <summary>Predicts a launch of a file's kernel and prints it.</summary>
    public static void Run(string path, string ptx, PtxLaunchFile launch, GpuModel gpu, bool json)
    {
        TimingPrediction prediction = Predict(ptx, launch, gpu, path);
        if (json)
            Console.WriteLine(Json(prediction));
        else
            Console.Out.Write(TimingText.Write(prediction));
    }

    /// <summary>Predicts a launch.</summary>
    public static TimingPrediction Predict(string ptx, PtxLaunchFile launch, GpuModel gpu, string? path)
    {
        if (Listing(ptx, launch.Kernel, gpu, path) is { } listing)
            return PtxTiming.Predict(ptx, launch, gpu, listing);
        Messages.Note($"no machine code of '{launch.Kernel}' is at hand, so this is a rough estimate from PTX; {Assembler.HowToInstall}");
        return PtxTiming.Estimate(ptx, launch, gpu);
    }

    /// <summary>Predicts a rung's sample and prints it, or writes it as JSON to a file.</summary>
    public static void Run(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes, string? jsonFile)
    {
        TimingPrediction prediction = Predict(rung, gpu, sizes);
        Console.Out.Write(TimingText.Write(prediction));
        if (jsonFile != null)
            TextFile.Write(jsonFile, Json(prediction) + "\n");
    }

    static TimingPrediction Predict(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes)
    {
        EmulatedLaunch? launch = null;
        TimingPrediction? prediction = null;
        using EmulatorDevice device = new() { Instead = got => launch = got };
        string ptx = KernelTexts.Get(rung);
        PtxRungs.Launch(device, rung, sizes, facts => prediction = PtxTiming.Predict(new TimedLaunch(ptx, rung.EntryName, launch!.Grid,
            launch.Block, launch.DynamicSharedBytes, launch.Parameters, facts.BufferBytes, launch.Memory), gpu,
            Listing(ptx, rung.EntryName, gpu, null) ?? throw new HseNetException(
                $"--predict: no machine code of '{rung.EntryName}' is at hand; {Assembler.HowToInstall}")));
        return prediction!;
    }

    static MachineListing? Listing(string ptx, string kernel, GpuModel gpu, string? path) => PtxListings.Find(ptx, kernel, gpu.Target, path);

    /// <summary>The prediction as one JSON object.</summary>
    public static string Json(TimingPrediction prediction)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            TimingText.WriteJson(prediction, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
