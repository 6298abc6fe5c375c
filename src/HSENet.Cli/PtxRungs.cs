// What the ptx verbs share: finding a rung by its name, running its sample in the emulator.
using System.Collections.ObjectModel;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

/// <summary>A rung's profile and the sizes that it was taken at.</summary>
sealed record RungProfile(Rung Rung, string Sizes, KernelProfile Profile)
{
    /// <summary>The sizes that were asked for.</summary>
    public required IReadOnlyDictionary<string, int> Asked { get; init; }

    /// <summary>The same counts on another GPU.</summary>
    public required Func<GpuModel, KernelProfile> On { get; init; }
}

static class PtxRungs
{
    /// <summary>Instructions of warps that take the emulator about half a second.</summary>
    public const long SampledInstructions = 7_000_000;

    /// <summary>The GPU rungs that a name means: an entry, an operation (LayerNorm) or a rung of one (Linear.V1).</summary>
    public static IReadOnlyList<Rung> Find(string name)
    {
        Rung[] found = [.. KernelCatalog.GpuRungs.Where(rung => rung.EntryName == name)];
        if (found.Length == 0)
            found = [.. KernelCatalog.GpuRungs.Where(rung => Names(name, rung.Operation) || Names(name, $"{rung.Operation}.{rung.Name}"))];
        if (found.Length == 0)
            found = [.. KernelCatalog.GpuRungs.Where(rung =>
                $"{rung.Operation}.{rung.Name}.".StartsWith(name + ".", StringComparison.OrdinalIgnoreCase))];
        return found.Length > 0 ? found
            : throw new HseNetException($"{name}: no GPU kernel or operation has this name; 'hsenet kernels' lists them");
    }

    /// <summary>The one GPU rung that a name means.</summary>
    public static Rung FindOne(string name) => TheOne(name, Find(name));

    /// <summary>The only one of the rungs that a name means.</summary>
    public static Rung TheOne(string name, IReadOnlyList<Rung> rungs) => rungs is [var rung]
        ? rung
        : throw new HseNetException($"{name} means several kernels: {string.Join(", ", rungs.Select(rung => rung.EntryName))}");

    /// <summary>Sizes as in M=64,N=128, and choices as in Activation=SwiGlu of an operation's arguments.</summary>
    public static IReadOnlyDictionary<string, int> Sizes(string? text, Rung? rung = null)
    {
        IReadOnlyDictionary<string, IReadOnlyList<string>> choices = rung == null ? new Dictionary<string, IReadOnlyList<string>>()
            : KernelSample.Of(rung).Choices;
        Dictionary<string, int> sizes = new(StringComparer.OrdinalIgnoreCase);
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=', StringSplitOptions.TrimEntries);
            int value = 0;
            string? choice = choices.Keys.FirstOrDefault(name => Names(pair[0], name));
            if (choice != null && pair.Length == 2)
                value = choices[choice].Index().Where(entry => Names(pair[1], entry.Item)).Select(entry => entry.Index).DefaultIfEmpty(-1)
                    .First()
                    is >= 0 and int number ? number
                    : throw new HseNetException($"--shape {choice}={pair[1]}: expected one of {string.Join(", ", choices[choice])}");
            else if (pair.Length != 2 || !int.TryParse(pair[1], out value))
                pair = [];
            if (pair.Length != 2 || !sizes.TryAdd(pair[0], value))
                throw new HseNetException($"--shape {text}: expected sizes by name, as in Rows=64,Channels=768; '{part}' is none or "
                    + $"comes twice");
        }
        return sizes;
    }

    public static GpuModel Gpu(string key) => GpuModel.Find(key)
        ?? throw new HseNetException($"--gpu {key}: expected one of {string.Join(", ", GpuModel.All.Select(gpu => gpu.Key))}");

    /// <summary>Runs a rung's sample with the counters on. Faults of the kernel are thrown.</summary>
    /// <param name="rung">The rung.</param>
    /// <param name="gpu">The GPU that counts.</param>
    /// <param name="sizes">Sizes that differ from the sample's.</param>
    /// <param name="sampled">Instructions of warps after which blocks are sampled; 0 to run all.</param>
    /// <param name="assembled">Whether instructions of machine code are counted, too, where it is at hand.</param>
    public static RungProfile Profile(Rung rung, GpuModel gpu, IReadOnlyDictionary<string, int> sizes, long sampled = SampledInstructions,
        bool assembled = true)
    {
        LaunchProfile? counts = null;
        MachineWork? machine = null;
        string ptx = KernelTexts.Get(rung);
        MachineListing? listing = assembled ? PtxListings.Carried(ptx, rung.EntryName) : null;
        // The catalogue's kernels have an end, though it may be far where every block runs.
        EmulatorOptions options = new() { Profile = true, SampledInstructions = sampled, MaxInstructions = long.MaxValue };
        using EmulatorDevice device = new(options)
        {
            Profiled = (launched, profile) => counts = launched == rung ? profile : counts,
            Before = launch => machine = launch.Rung == rung && listing != null ? PtxTiming.Count(launch.Timed(ptx, 0), listing) : machine,
        };
        var (launch, work) = Launch(device, rung, sizes);
        PtxModule module = PtxModule.Parse(ptx);
        return new RungProfile(rung, launch.Sizes, On(gpu)) { Asked = sizes, On = On };

        KernelProfile On(GpuModel gpu) => KernelProfile.Of(module, rung.EntryName, counts!, gpu, launch.Shape.DynamicSharedBytes,
            launch.BufferBytes, work.Operations, MachineFiles.Committed.Find(ptx, rung.EntryName, gpu.Architecture)?.Registers,
            machine);
    }

    /// <summary>Launches a rung's sample; sizes that do not fit are the user's fault.</summary>
    /// <param name="device">Where.</param>
    /// <param name="rung">The rung.</param>
    /// <param name="sizes">Sizes that differ from the sample's.</param>
    /// <param name="launched">Called while the buffers are still there.</param>
    public static (SampleLaunch Facts, LaunchWork Work) Launch(EmulatorDevice device, Rung rung, IReadOnlyDictionary<string, int> sizes,
        Action<SampleLaunch>? launched = null)
    {
        try
        {
            using SampleRun run = KernelSample.Of(rung).Prepare(device, rung, sizes);
            run.Launch();
            launched?.Invoke(run.Facts);
            return (run.Facts, run.Work);
        }
        catch (Exception e) when (sizes.Count > 0 && e is KernelArgumentException or NoRungException)
        {
            throw new HseNetException(e.Message, e);
        }
    }

    /// <summary>Places in the C# by line of a rung's PTX: it is compiled once more, with ILGPU's debug information. Empty where the program
    /// is without the kernels' symbols, or is trimmed.</summary>
    public static IReadOnlyDictionary<int, string> Sources(Rung rung)
    {
        try
        {
            return PtxSourceLines.Of(KernelTexts.Get(rung), rung.EntryName, KernelCompiler.CompileMarked(rung));
        }
        catch (Exception e) when (e is InvalidOperationException or PtxException)
        {
            Messages.Note($"no lines of C#: {e.Message}");
            return ReadOnlyDictionary<int, string>.Empty;
        }
    }

    static bool Names(string name, string candidate) => candidate.Equals(name, StringComparison.OrdinalIgnoreCase);
}
