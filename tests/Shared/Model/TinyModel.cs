// The golden checkpoint set converted to f32 once, opened on the host device, for the golden tests of the model.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Tests;

/// <summary>One converted folder for all tests of a run; deleted when the process ends.</summary>
static class TinyModel
{
    static readonly Lazy<string> Converted = new(Convert);

    /// <summary>The folder that conversion wrote.</summary>
    public static string Folder => Converted.Value;

    public static ModelConfig Config => ModelConfig.Read(Folder);

    public static ConversionOptions Options(string output) => new()
    {
        Clip = GoldenFolder.At("tiny/stage2_clip"),
        LanguageModel = GoldenFolder.At("tiny/phi4-mini"),
        Adapter = GoldenFolder.At("tiny/vlm/pytorch_model.bin"),
        SliceEncoder = GoldenFolder.At("tiny/biomedclip/open_clip_pytorch_model.bin"),
        TextEncoder = GoldenFolder.At("tiny/bert"),
        Output = output,
        Dtype = "f32",
        PackerWindow = Window,
    };

    static Size3 Window
    {
        get
        {
            var window = GoldenFolder.Json("tiny/setup.json").GetProperty("packer");
            return new Size3(window[0].GetInt32(), window[1].GetInt32(), window[2].GetInt32());
        }
    }

    static string Convert()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"hsenet-tiny-{Guid.NewGuid():N}");
        ModelConverter.Convert(Options(folder));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}

/// <summary>A part of the model with a plan and an arena of its own, and everything its forward pass shows.</summary>
sealed class PartRun : IDisposable
{
    readonly Arena _arena;
    readonly bool _ownsDevice;

    /// <param name="plan">The memory of the part.</param>
    /// <param name="device">"host", or "emulator": the PTX of a GPU, every access checked.</param>
    public PartRun(MemoryPlan plan, string device = "host") : this(plan, device == "host" ? Host : new EmulatorDevice())
    {
        _ownsDevice = device != "host";
    }

    /// <param name="plan">The memory of the part.</param>
    /// <param name="device">Where it runs; outlives the part.</param>
    public PartRun(MemoryPlan plan, Device device)
    {
        Device = device;
        string kind = device.Kind == DeviceKind.Host ? "host" : "emulator";
        Golden.On(plan.Activations == ActivationType.F32 ? kind : $"{kind}, bf16");
        _arena = new Arena(Device, plan);
        Pass = new Pass(Device, _arena, (name, view) => Seen[name] = Read(view));
    }

    /// <summary>The host device of all tests.</summary>
    public static HostDevice Host { get; } = new();

    public Device Device { get; }

    public Pass Pass { get; }

    /// <summary>The tensors that were shown, by name.</summary>
    public Dictionary<string, float[]> Seen { get; } = [];

    public float[] Read(View<float> view) => Read((Activations)view);

    public float[] Read(Activations view)
    {
        var values = new float[view.Length];
        Device.Download(view, values);
        return values;
    }

    public Activations WriteActivations(PlannedBuffer buffer, ReadOnlySpan<float> values)
    {
        var tensor = Pass.Activations(buffer).Slice(0, values.Length);
        Device.Upload(values, tensor);
        return tensor;
    }

    public View<float> Write(PlannedBuffer buffer, ReadOnlySpan<float> values)
    {
        var view = Pass[buffer].Slice(0, values.Length);
        Device.Upload(values, view);
        return view;
    }

    public void Dispose()
    {
        _arena.Dispose();
        if (_ownsDevice)
            Device.Dispose();
    }
}
