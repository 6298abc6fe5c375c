// The CUDA device against a recording stand-in for the driver: what is loaded, launched, copied and refused.
using System.Runtime.InteropServices;

namespace HSENet.Kernels.Tests;

public sealed unsafe class CudaDeviceTests
{
    /// <summary>Remembers every call; memory is host memory, so that copies can be looked at.</summary>
    sealed class RecordingDriver : ICudaDriver
    {
        public List<string> Calls { get; } = [];
        public byte[] Parameter { get; private set; } = [];
        public int ParameterBytes { get; set; }
        public int Minor { get; set; }
        public int Major { get; set; } = 9;
        public long Room { get; set; } = 1 << 20;
        public HashSet<nint> Live { get; } = [];

        public int DeviceCount() => 1;

        public (string Name, int Major, int Minor, long MemoryBytes) DeviceFacts(int ordinal) => ("Recorder", Major, Minor, 1 << 20);

        public int SharedBytes { get; set; } = 227 << 10;

        public int SharedBytesPerGroup(int ordinal) => SharedBytes;

        public nint CreateContext(int ordinal) => 7;

        public void DestroyContext(nint context) => Calls.Add($"destroy {context}");

        public void SetCurrentContext(nint context) => Assert.Equal(7, context);

        public (long Free, long Total) MemoryInfo() => (Room, 1 << 20);

        public nint Allocate(long bytes)
        {
            if (bytes > Room)
                return 0;
            Room -= bytes;
            nint address = (nint)NativeMemory.AllocZeroed((nuint)bytes);
            Live.Add(address);
            return address;
        }

        public void Free(nint address)
        {
            Assert.True(Live.Remove(address));
            NativeMemory.Free((void*)address);
        }

        public void CopyToDevice(nint destination, ReadOnlySpan<byte> source) =>
            source.CopyTo(new Span<byte>((void*)destination, source.Length));

        public void CopyToHost(Span<byte> destination, nint source) =>
            new ReadOnlySpan<byte>((void*)source, destination.Length).CopyTo(destination);

        public void CopyOnDevice(nint destination, nint source, long bytes) =>
            NativeMemory.Copy((void*)source, (void*)destination, (nuint)bytes);

        public void Clear(nint destination, long bytes) => NativeMemory.Clear((void*)destination, (nuint)bytes);

        public nint LoadModule(string ptx)
        {
            Calls.Add($"load {ptx[ptx.IndexOf(".entry", StringComparison.Ordinal)..].Split('(')[0]}");
            return 11;
        }

        public void UnloadModule(nint module) => Calls.Add($"unload {module}");

        public nint GetFunction(nint module, string name)
        {
            Calls.Add($"function {module} {name}");
            return 13;
        }

        public void AllowDynamicSharedMemory(nint function, int bytes) => Calls.Add($"shared {function} {bytes}");

        public void Launch(nint function, LaunchShape shape, int group, nint parameters)
        {
            Parameter = new ReadOnlySpan<byte>(*(void**)parameters, ParameterBytes).ToArray();
            Calls.Add($"launch {function} {shape.GridX}×{shape.GridY}×{shape.GridZ} {group} {shape.DynamicSharedBytes}");
        }

        public void Synchronize() => Calls.Add("synchronize");

        int _events;

        public nint CreateEvent() => 20 + _events++;

        public void DestroyEvent(nint @event) => Calls.Add($"forget {@event}");

        public void RecordEvent(nint @event) => Calls.Add($"event {@event}");

        public double SecondsBetween(nint first, nint last)
        {
            Calls.Add($"between {first} and {last}");
            return 0.25e-3;
        }
    }

    static LayerNormArguments Arguments(int rows) => new()
    {
        X = new View<float>(0x1000, rows * 4L),
        Gamma = new View<float>(0x2000, 4),
        Beta = new View<float>(0x3000, 4),
        Y = new View<float>(0x4000, rows * 4L),
        Rows = rows,
        Channels = 4,
        Epsilon = 1e-5f,
    };

    [Fact]
    public void A_launch_loads_the_shipped_text_once_and_passes_the_struct_by_value()
    {
        var driver = new RecordingDriver { ParameterBytes = sizeof(LayerNormArguments) };
        using var device = CudaDevice.Open(driver, 0);
        var rung = LayerNorm.ForwardOperation.TypedRungs.ToArray().First(r => r.Name == "V1.Naive");
        LayerNorm.ForwardOperation.Launch(device, rung, Arguments(300));
        LayerNorm.ForwardOperation.Launch(device, rung, Arguments(5));
        Assert.Equal(["load .entry layernorm_v1_naive_f32", "function 11 layernorm_v1_naive_f32", "launch 13 3×1×1 128 0",
            "launch 13 1×1×1 128 0"], driver.Calls);
        var passed = MemoryMarshal.Read<LayerNormArguments>(driver.Parameter);
        Assert.Equal(5, passed.Rows);
        Assert.Equal(0x4000, passed.Y.Address);
        Assert.Equal(20, passed.Y.Length);
    }

    [Fact]
    public void Every_shipped_text_names_its_entry()
    {
        foreach (var rung in KernelCatalog.GpuRungs)
            Assert.Contains($".entry {rung.EntryName}(", KernelTexts.Get(rung), StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_reach_memory_and_back()
    {
        var driver = new RecordingDriver();
        using var device = CudaDevice.Open(driver, 0);
        using var first = device.Allocate(16, "first");
        using var second = device.Allocate(16, "second");
        device.Upload<float>([1, 2, 3, 4], first.View<float>(0, 4));
        device.Copy(first.View<float>(0, 2), second.View<float>(8, 2));
        var back = new float[4];
        device.Download(second.View<float>(0, 4), back);
        Assert.Equal([0f, 0, 1, 2], back);
        device.Clear(second.Bytes);
        device.Download(second.View<float>(0, 4), back);
        Assert.Equal(new float[4], back);
    }

    [Fact]
    public void Imported_memory_is_a_copy()
    {
        var driver = new RecordingDriver();
        using var device = CudaDevice.Open(driver, 0);
        byte[] weights = [1, 2, 3];
        fixed (byte* pointer = weights)
        {
            using var imported = device.Import((nint)pointer, 3, "weights");
            weights[0] = 9;
            var back = new byte[3];
            device.Download(imported.Bytes, back);
            Assert.Equal([1, 2, 3], back);
        }
        Assert.Empty(driver.Live);
    }

    [Fact]
    public void No_room_names_plan_and_limit()
    {
        using var device = CudaDevice.Open(new RecordingDriver { Room = 100 }, 0);
        var error = Assert.Throws<DeviceMemoryException>(() => device.Allocate(1000, "activations"));
        Assert.Contains("activations", error.Message, StringComparison.Ordinal);
        Assert.Contains("100 of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_below_sm_80_is_refused_in_one_line()
    {
        var error = Assert.Throws<CudaDriverException>(() => CudaDevice.Open(new RecordingDriver { Major = 7, Minor = 5 }, 0));
        Assert.Contains("sm_75", error.Message, StringComparison.Ordinal);
        Assert.Contains("sm_80", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_not_there_is_refused() =>
        Assert.Contains("cuda:3", Assert.Throws<CudaDriverException>(() => CudaDevice.Open(new RecordingDriver(), 3)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_grid_that_the_driver_cannot_take_is_refused_before_it_is_launched()
    {
        var driver = new RecordingDriver { ParameterBytes = sizeof(LayerNormArguments) };
        using var device = CudaDevice.Open(driver, 0);
        var rung = LayerNorm.ForwardOperation.TypedRungs.ToArray().First(r => r.Name == "V1.Naive")
            with
        { Launch = static _ => new LaunchShape(1, 70_000) };
        Assert.Throws<KernelArgumentException>(() => LayerNorm.ForwardOperation.Launch(device, rung, Arguments(1)));
        Assert.DoesNotContain(driver.Calls, call => call.StartsWith("launch", StringComparison.Ordinal));
    }

    [Fact]
    public void Large_dynamic_shared_memory_is_asked_for()
    {
        var driver = new RecordingDriver { ParameterBytes = sizeof(LayerNormArguments) };
        using var device = CudaDevice.Open(driver, 0);
        var rung = LayerNorm.ForwardOperation.TypedRungs.ToArray().First(r => r.Name == "V1.Naive")
            with
        { Launch = static _ => new LaunchShape(1, DynamicSharedBytes: 64 << 10) };
        LayerNorm.ForwardOperation.Launch(device, rung, Arguments(1));
        Assert.Contains("shared 13 65536", driver.Calls);
    }

    [Fact]
    public void Times_lie_between_two_events_that_are_made_once()
    {
        var driver = new RecordingDriver { ParameterBytes = sizeof(LayerNormArguments) };
        var device = CudaDevice.Open(driver, 0);
        var rung = LayerNorm.ForwardOperation.TypedRungs.ToArray().First(r => r.Name == "V1.Naive");
        LayerNorm.ForwardOperation.Launch(device, rung, Arguments(1));
        driver.Calls.Clear();
        for (int i = 0; i < 2; i++)
            Assert.Equal(0.25e-3, device.Time(() => LayerNorm.ForwardOperation.Launch(device, rung, Arguments(1))));
        string[] once = ["event 20", "launch 13 1×1×1 128 0", "event 21", "between 20 and 21"];
        Assert.Equal([.. once, .. once], driver.Calls);
        device.Dispose();
        Assert.Equal(["forget 20", "forget 21", "destroy 7"], driver.Calls[^3..]);
    }

    [Fact]
    public void Warm_runs_are_repeated_between_events_and_cold_ones_follow_an_eviction()
    {
        var driver = new RecordingDriver();
        using var device = CudaDevice.Open(driver, 0);
        var times = PairedTimer.Run(device, TimeSpan.Zero,
            new TimedWork(() => driver.Calls.Add("warm")),
            new TimedWork(() => driver.Calls.Add("cold"), () => driver.Calls.Add("evict")));
        Assert.Equal(0.25e-3 / 20, times[0].Median, 1e-12); // five milliseconds' worth
        Assert.Equal(0.25e-3, times[1].Median);
        string calls = string.Join(' ', driver.Calls);
        Assert.Contains("evict event 20 cold event 21 between", calls, StringComparison.Ordinal);
        Assert.Contains($"event 20 {string.Join(' ', Enumerable.Repeat("warm", 20))} event 21 between", calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Yardsticks_of_a_GPU_are_a_product_and_a_copy()
    {
        var driver = new RecordingDriver { Room = 1L << 30, ParameterBytes = sizeof(LinearArguments) };
        using (var device = CudaDevice.Open(driver, 0))
        {
            using var yardsticks = new Yardsticks(device);
            yardsticks.Multiply();
            yardsticks.Sweep();
        }
        Assert.Contains(driver.Calls, call => call.StartsWith("load .entry linear_", StringComparison.Ordinal));
        Assert.Empty(driver.Live);
        using var emulator = new EmulatorDevice();
        Assert.Throws<NotSupportedException>(() => new Yardsticks(emulator));
    }

    [Fact]
    public void Disposing_unloads_what_was_loaded()
    {
        var driver = new RecordingDriver { ParameterBytes = sizeof(LayerNormArguments) };
        var device = CudaDevice.Open(driver, 0);
        var rung = LayerNorm.ForwardOperation.TypedRungs.ToArray().First(r => r.Name == "V1.Naive");
        LayerNorm.ForwardOperation.Launch(device, rung, Arguments(1));
        device.Dispose();
        device.Dispose();
        Assert.Equal(["synchronize", "unload 11", "destroy 7"], driver.Calls[^3..]);
    }

    // An RTX 4090 has 99 KiB for a group; an H200 has 227.
    [Theory]
    [InlineData(227, "V6.Pipelined144x256")]
    [InlineData(99, "V6.Pipelined96x128")]
    public void A_rung_that_needs_more_shared_memory_than_a_group_can_have_is_not_chosen(int kibibytes, string rung)
    {
        using var device = CudaDevice.Open(new RecordingDriver { SharedBytes = kibibytes << 10 }, 0);
        const int rows = 277, inputs = 3072, outputs = 16384;
        Assert.Equal(rung, Linear.ForwardOperation.Choose(device, new()
        {
            X = new(new View<byte>(1 << 20, 2L * rows * inputs), ActivationType.BF16),
            W = new(new View<byte>(1 << 20, 2L * outputs * inputs), WeightType.BF16),
            Y = new(new View<byte>(1 << 20, 2L * rows * outputs), ActivationType.BF16),
            Rows = rows,
            Inputs = inputs,
            Outputs = outputs,
        }).Name);
    }
}
