// Launches a kernel of a text for tests: parameters from values, memory with names.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Tests;

/// <summary>A module on a memory of its own.</summary>
sealed class Kernel : IDisposable
{
    readonly EmulatorModule _module;

    public Kernel(string text) : this(PtxModule.Parse(text))
    {
    }

    public Kernel(PtxModule program)
    {
        _module = EmulatorModule.Load(program);
        Emulator = new Emulator(Memory);
    }

    /// <summary>A kernel "k" with 64-bit parameters p0, p1, … and the usual registers, for hand-written bodies.</summary>
    public static Kernel Of(string body, int parameters = 1, string declarations = "") => new($$"""
        .version 8.6
        .target sm_90
        .address_size 64
        {{declarations}}
        .visible .entry k({{string.Join(", ", Enumerable.Range(0, parameters).Select(i => $".param .u64 p{i}"))}})
        {
        .reg .pred %p<10>;
        .reg .b16 %rs<20>;
        .reg .b32 %r<60>;
        .reg .f32 %f<40>;
        .reg .b64 %rd<40>;
        .reg .f64 %fd<20>;
        {{body}}
        ret;
        }
        """);

    public EmulatorMemory Memory { get; } = new();

    public Emulator Emulator { get; }

    public EmulatorModule Module => _module;

    public EmulatorAllocation Buffer<T>(string name, params T[] values) where T : unmanaged => Memory.Allocate<T>(values, name);

    public static T[] Values<T>(EmulatorAllocation allocation) where T : unmanaged
    {
        T[] values = new T[allocation.Bytes / Marshal.SizeOf<T>()];
        allocation.Read<T>(values);
        return values;
    }

    /// <summary>Launches the only kernel; an allocation is passed as its address, other values at their natural alignment.</summary>
    public EmulatorResult Launch(Dim3 grid, Dim3 block, EmulatorOptions? options = null, params object[] parameters) =>
        Launch(grid, block, 0, options, parameters);

    public EmulatorResult Launch(Dim3 grid, Dim3 block, int dynamicShared, EmulatorOptions? options, params object[] parameters)
    {
        EmulatorKernel kernel = _module.Kernels.Values.Single();
        return Emulator.Launch(kernel, grid, block, dynamicShared, Bytes(parameters), options);
    }

    /// <summary>Lays parameters out as the driver takes them.</summary>
    public static byte[] Bytes(params object[] parameters)
    {
        List<byte> bytes = [];
        foreach (object parameter in parameters)
        {
            byte[] value = parameter switch
            {
                EmulatorAllocation allocation => BitConverter.GetBytes(allocation.Address),
                ulong number => BitConverter.GetBytes(number),
                long number => BitConverter.GetBytes(number),
                int number => BitConverter.GetBytes(number),
                float number => BitConverter.GetBytes(number),
                _ => throw new ArgumentException(parameter.GetType().Name),
            };
            while (bytes.Count % value.Length != 0)
                bytes.Add(0);
            bytes.AddRange(value);
        }
        return [.. bytes];
    }

    public void Dispose()
    {
        Memory.Dispose();
        _module.Dispose();
    }
}
