// Runs a launch file: buffers and parameters in, findings and outputs out.
using System.Text;
using System.Text.Json;

namespace HSENet.Ptx;

/// <summary>Runs kernels of any PTX text as a launch file says.</summary>
public static class PtxLaunch
{
    /// <summary>Runs the kernel in memory of its own.</summary>
    /// <exception cref="PtxException">The text is not PTX, has no such kernel, or has something that the emulator does not
    /// execute.</exception>
    /// <exception cref="PtxLaunchException">Parameters do not fit the kernel, or buffers the host's memory.</exception>
    /// <exception cref="EmulatorException">The launch cannot be made, or the kernel does not end.</exception>
    public static PtxLaunchResult Run(string ptx, PtxLaunchFile launch, EmulatorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        ArgumentNullException.ThrowIfNull(launch);
        using EmulatorModule module = EmulatorModule.Load(ptx);
        EmulatorKernel kernel = module.Kernel(launch.Kernel);
        IReadOnlyList<PtxVariable> declared = module.Program.Entries.First(entry => entry.Name == launch.Kernel).Parameters;
        CheckMemory(launch);
        using EmulatorMemory memory = new();
        Dictionary<string, EmulatorAllocation> buffers = [];
        foreach (PtxLaunchBuffer buffer in launch.Buffers)
            buffers[buffer.Name] = Allocate(memory, buffer);
        foreach (PtxLaunchBuffer symbol in launch.Symbols)
            buffers[symbol.Name] = Fill(module, symbol);
        byte[] parameters = Parameters(launch, declared, name => buffers[name].Address);
        EmulatorResult execution = new Emulator(memory)
            .Launch(kernel, launch.Grid, launch.Block, launch.DynamicSharedBytes, parameters,
                (options ?? EmulatorOptions.Default) with { Cooperative = launch.Cooperative || options?.Cooperative == true });
        List<PtxLaunchOutput> outputs = [];
        foreach (string name in launch.Outputs)
        {
            byte[] bytes = new byte[buffers[name].Bytes];
            buffers[name].Read<byte>(bytes);
            outputs.Add(new PtxLaunchOutput(name, launch.Buffers.Concat(launch.Symbols).First(buffer => buffer.Name == name).Type, bytes));
        }
        return new PtxLaunchResult(execution, outputs);
    }

    static void CheckMemory(PtxLaunchFile launch)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        UInt128 total = 0;
        foreach (PtxLaunchBuffer buffer in launch.Buffers)
            total += (UInt128)buffer.Bytes * 2; // and as much to know what is initialised
        if (total > (UInt128)available)
            throw new PtxLaunchException($"the buffers need {total} bytes, this machine has {available}");
        foreach (string output in launch.Outputs)
            if (launch.Buffers.Concat(launch.Symbols).First(buffer => buffer.Name == output).Bytes > Array.MaxLength)
                throw new PtxLaunchException($"buffer '{output}' is too large for an output");
    }

    // A variable is filled from its start; what its values do not reach keeps what the module gave it.
    static EmulatorAllocation Fill(EmulatorModule module, PtxLaunchBuffer symbol)
    {
        EmulatorAllocation variable = module.Variable(symbol.Name)
            ?? throw new PtxLaunchException($"symbols: the module has no variable '{symbol.Name}' in .global or .const");
        if (symbol.Bytes > variable.Bytes)
            throw new PtxLaunchException($"symbols: '{symbol.Name}' has {variable.Bytes} bytes, the launch file gives {symbol.Bytes}");
        if (symbol.Values != null)
            variable.Write<byte>(symbol.Values);
        return variable;
    }

    // Memory that nobody wrote is zero underneath, so that an output does not show what the host had there.
    static EmulatorAllocation Allocate(EmulatorMemory memory, PtxLaunchBuffer buffer)
    {
        EmulatorAllocation allocation = memory.Allocate(buffer.Bytes, buffer.Name);
        if (buffer.Values != null)
        {
            allocation.Write<byte>(buffer.Values);
            return allocation;
        }
        byte[] zeros = new byte[Math.Min(buffer.Bytes, 1 << 20)];
        for (long at = 0; at < buffer.Bytes; at += zeros.Length)
            allocation.Write<byte>(zeros.AsSpan(0, (int)Math.Min(zeros.Length, buffer.Bytes - at)), at);
        allocation.MarkUninitialised(0, buffer.Bytes);
        return allocation;
    }

    /// <summary>The parameters as the driver takes them: each at a multiple of its declared alignment.</summary>
    internal static byte[] Parameters(PtxLaunchFile launch, IReadOnlyList<PtxVariable> declared, Func<string, ulong> address)
    {
        if (launch.Parameters.Count != declared.Count)
            throw new PtxLaunchException($"params has {launch.Parameters.Count} entries, kernel '{launch.Kernel}' takes {declared.Count}");
        List<byte> bytes = [];
        foreach ((int n, PtxVariable parameter) in declared.Index())
        {
            Align(bytes, Math.Max(1, parameter.Alignment));
            int start = bytes.Count;
            Append(bytes, start, launch.Parameters[n], address);
            if (bytes.Count - start != parameter.Bytes)
                throw new PtxLaunchException($"params[{n}] has {bytes.Count - start} bytes, parameter '{parameter.Name}' of kernel "
                    + $"'{launch.Kernel}' takes {parameter.Bytes}");
        }
        return [.. bytes];
    }

    // Offsets count from the start of the outermost parameter.
    static void Append(List<byte> bytes, int start, PtxLaunchParameter parameter, Func<string, ulong> address)
    {
        switch (parameter)
        {
            case PtxLaunchAddress buffer:
                bytes.AddRange(BitConverter.GetBytes(address(buffer.Buffer)));
                break;
            case PtxLaunchValue value:
                bytes.AddRange(value.Bytes);
                break;
            case PtxLaunchStruct fields:
                foreach (PtxLaunchParameter field in fields.Fields)
                {
                    Align(bytes, Alignment(field), start);
                    Append(bytes, start, field, address);
                }
                Align(bytes, Alignment(fields), start);
                break;
            default:
                throw new ArgumentException($"unknown parameter {parameter}");
        }
    }

    static int Alignment(PtxLaunchParameter parameter) => parameter switch
    {
        PtxLaunchValue value => value.Alignment,
        PtxLaunchStruct fields => fields.Fields.Select(Alignment).DefaultIfEmpty(1).Max(),
        _ => 8,
    };

    static void Align(List<byte> bytes, int alignment, int start = 0)
    {
        while ((bytes.Count - start) % alignment != 0)
            bytes.Add(0);
    }
}

/// <summary>A buffer's bytes after the launch.</summary>
public sealed record PtxLaunchOutput(string Name, PtxType Type, byte[] Bytes);

/// <summary>What a launch gave.</summary>
/// <param name="Execution">Findings and counts.</param>
/// <param name="Outputs">The buffers that were asked for, in the order of the launch file.</param>
public sealed record PtxLaunchResult(EmulatorResult Execution, IReadOnlyList<PtxLaunchOutput> Outputs)
{
    /// <summary>
    /// <c>{"findings": […], "outputs": {name: […]}}</c>; blocks and threads as three numbers, NaN and infinities as strings.
    /// <paramref name="profile"/> writes the value of a key "profile".
    /// </summary>
    public string ToJson(Action<Utf8JsonWriter>? profile = null)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("findings");
            foreach (EmulatorFinding finding in Execution.Findings)
                Write(writer, finding);
            writer.WriteEndArray();
            if (Execution.Notes.Count > 0)
            {
                writer.WriteStartArray("notes");
                foreach (EmulatorFinding note in Execution.Notes)
                    Write(writer, note);
                writer.WriteEndArray();
            }
            writer.WriteStartObject("outputs");
            foreach (PtxLaunchOutput output in Outputs)
            {
                writer.WritePropertyName(output.Name);
                LaunchValues.WriteJson(writer, output.Type, output.Bytes);
            }
            writer.WriteEndObject();
            if (Execution.Printed.Length > 0)
                writer.WriteString("printed", Execution.Printed);
            if (profile != null)
            {
                writer.WritePropertyName("profile");
                profile(writer);
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static void Write(Utf8JsonWriter writer, EmulatorFinding finding)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", finding.Kind);
        writer.WriteNumber("line", finding.Line);
        if (finding.Source != null)
            writer.WriteString("source", finding.Source);
        foreach ((string name, Dim3 position) in new[] { ("block", finding.Block), ("thread", finding.Thread) })
        {
            writer.WriteStartArray(name);
            writer.WriteNumberValue(position.X);
            writer.WriteNumberValue(position.Y);
            writer.WriteNumberValue(position.Z);
            writer.WriteEndArray();
        }
        writer.WriteNumber("address", finding.Address);
        writer.WriteString("buffer", finding.Allocation);
        writer.WriteString("message", finding.Message);
        writer.WriteEndObject();
    }
}
