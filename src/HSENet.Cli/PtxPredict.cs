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

    public static Option<bool> FromPtx() => new("--from-ptx")
    {
        Description = "With --predict: estimate from PTX alone, as where no machine code is at hand.",
    };

    /// <summary>Predicts a launch of a file's kernel and prints it.</summary>
    public static void Run(string path, string ptx, PtxLaunchFile launch, GpuModel gpu, bool fromPtx, bool json)
    {
        TimingPrediction prediction;
        try
        {
            prediction = Code(ptx, launch.Kernel, gpu, fromPtx, path) is { } listing ? Followed(listing) : PtxTiming.Estimate(ptx, launch, gpu);
        }
        catch (PtxException e)
        {
            throw new HseNetException($"{path}: {e.Message}", e);
        }
        if (json)
            Console.WriteLine(Json(prediction));
        else
            Console.Out.Write(TimingText.Write(prediction));

        // What depends on other blocks (a lock, a queue) shows in the emulator alone.
        TimingPrediction Followed(MachineListing listing)
        {
            try
            {
                return PtxTiming.Predict(ptx, launch, gpu, listing);
            }
            catch (EmulatorException e)
            {
                TimingPrediction estimate = PtxTiming.Estimate(ptx, launch, gpu); // what no GPU takes is refused here, too
                Messages.Note($"not from machine code ({e.Message}), so this is a rough estimate from PTX");
                return estimate;
            }
        }
    }

    /// <summary>Predicts a rung's sample and prints it, or writes it as JSON to a file.</summary>
    public static void Run(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes, bool fromPtx, string? jsonFile)
    {
        TimingPrediction prediction = Predict(rung, [gpu], sizes, ptx => Code(ptx, rung.EntryName, gpu, fromPtx, null))[0];
        prediction = prediction with { Sources = PtxRungs.Sources(rung) };
        Console.Out.Write(TimingText.Write(prediction));
        if (jsonFile != null)
            TextFile.Write(jsonFile, Json(prediction) + "\n");
    }

    /// <summary>Predicts a rung's sample on several GPUs from machine code that the program carries, so that the same comes out
    /// everywhere.</summary>
    public static IReadOnlyList<TimingPrediction> Carried(Rung rung, IReadOnlyList<GpuModel> gpus,
        IReadOnlyDictionary<string, int> sizes) =>
        Predict(rung, gpus, sizes, ptx => PtxListings.Carried(ptx, rung.EntryName));

    static TimingPrediction[] Predict(Rung rung, IReadOnlyList<GpuModel> gpus, IReadOnlyDictionary<string, int> sizes,
        Func<string, MachineListing?> code)
    {
        EmulatedLaunch? launch = null;
        TimingPrediction[] predictions = [];
        using EmulatorDevice device = new() { Instead = got => launch = got.Rung == rung ? got : launch };
        string ptx = KernelTexts.Get(rung);
        MachineListing? listing = code(ptx);
        (_, LaunchWork work) = PtxRungs.Launch(device, rung, sizes, facts =>
        {
            TimedLaunch timed = launch!.Timed(ptx, facts.BufferBytes);
            predictions = listing != null ? [.. PtxTiming.Predict(timed, gpus, listing)]
                : [.. gpus.Select(gpu => PtxTiming.Estimate(timed with { Parameters = launch.EmulatorParameters }, launch.Memory, gpu))];
        });
        return [.. predictions.Select(p => p with { UsefulOperations = work.Operations })];
    }

    static MachineListing? Code(string ptx, string kernel, GpuModel gpu, bool fromPtx, string? path)
    {
        if (fromPtx)
            return null;
        MachineListing? listing = PtxListings.Find(ptx, kernel, gpu.Target, path);
        if (listing == null)
            Messages.Note($"no machine code of '{kernel}' is at hand, so this is a rough estimate from PTX; {Assembler.HowToInstall}");
        return listing;
    }

    /// <summary>Predicted time of a rung's sample with all its stages, from one launch to the next.</summary>
    public static double Microseconds(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes) => rung.Stages.Sum(stage =>
        Predict(stage, [gpu], sizes, ptx => Code(ptx, stage.EntryName, gpu, false, null)).Single().Microseconds);

    /// <summary>The prediction of a launch.</summary>
    public static TimingPrediction Of(EmulatedLaunch launch, GpuModel gpu, long bufferBytes)
    {
        string ptx = KernelTexts.Get(launch.Rung);
        TimedLaunch timed = launch.Timed(ptx, bufferBytes);
        return Code(ptx, launch.Rung.EntryName, gpu, false, null) is { } listing ? PtxTiming.Predict(timed, [gpu], listing).Single()
            : PtxTiming.Estimate(timed with { Parameters = launch.EmulatorParameters }, launch.Memory, gpu);
    }

    /// <summary>The prediction as one JSON object.</summary>
    public static string Json(TimingPrediction prediction)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            TimingText.WriteJson(prediction, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
