// Teaches ILGPU's PTX backend every method marked with PtxInstruction: one generator for all of them.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;
using HardwareRegister = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>.HardwareRegister;
using PrimitiveRegister = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>.PrimitiveRegister;
using CompoundRegister = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>.CompoundRegister;

namespace HSENet.Kernels;

static class InstructionEmitter
{
    /// <summary>Registers all marked methods of this assembly.</summary>
    [RequiresUnreferencedCode(KernelCompiler.NeedsWholeAssembly)]
    public static void Register(IntrinsicImplementationManager manager)
    {
        var handler = typeof(InstructionEmitter).GetMethod(nameof(Generate), BindingFlags.NonPublic | BindingFlags.Static)!;
        var marked = typeof(InstructionEmitter).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.IsDefined(typeof(PtxInstructionAttribute)));
        foreach (var method in marked)
            manager.RegisterMethod(method, new PTXIntrinsic(handler, IntrinsicImplementationMode.GenerateCode));
    }

    static void Generate(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var call = (MethodCall)value;
        var template = ((MethodInfo)call.Target.Source).GetCustomAttribute<PtxInstructionAttribute>()!.Template;
        int space = template.IndexOf(' ');
        if (space < 0)
        {
            generator.Command(template);
            return;
        }
        string[] operands = [.. template[space..].Split(',', StringSplitOptions.TrimEntries)];
        // Inputs first: loading a constant into a register writes an instruction of its own.
        var inputs = operands.Select(operand => Input(generator, call, operand)).ToArray();
        var command = generator.BeginCommand(template[..space]);
        for (int i = 0; i < operands.Length; i++)
        {
            if (operands[i] == "{d}")
                Append(ref command, generator.Allocate(value));
            else if (operands[i][0] == '[')
                command.AppendArgumentValue((HardwareRegister)inputs[i]!, Offset(call, operands[i]));
            else if (inputs[i] is { } input)
                Append(ref command, input);
            else
                command.AppendConstant(long.Parse(operands[i], CultureInfo.InvariantCulture));
        }
        command.Dispose();
    }

    static object? Input(PTXCodeGenerator generator, MethodCall call, string operand)
    {
        string name = operand.Trim('[', ']').Split('+')[0];
        if (name == "{d}" || name[0] != '{')
            return null;
        var node = call.Nodes[int.Parse(name[1..^1], CultureInfo.InvariantCulture)];
        return operand[0] == '[' ? generator.LoadHardware(node)
            : generator.Load(node) is CompoundRegister compound ? Vector(generator, compound)
            : generator.LoadPrimitive(node);
    }

    // The bytes in [{0}+{1}]: part of the instruction, so that addresses which differ by a constant share a register.
    static int Offset(MethodCall call, string operand) => operand.Split('+') switch
    {
        [_] => 0,
        [_, var name] when call.Nodes[int.Parse(name[1..^2], CultureInfo.InvariantCulture)].Resolve() is PrimitiveValue constant =>
            constant.Int32Value,
        _ => throw new NotSupportedException($"{call.Target.Source.Name}: the offset in {operand} is no constant"),
    };

    // Inside a vector operand most instructions take no constant.
    static PrimitiveRegister[] Vector(PTXCodeGenerator generator, CompoundRegister compound) =>
        [.. compound.SliceAs<PrimitiveRegister>(0, compound.NumChildren).Select(generator.EnsureHardwareRegister)];

    static void Append(ref PTXCodeGenerator.CommandEmitter command, object register)
    {
        switch (register)
        {
            case PrimitiveRegister[] vector:
                command.AppendVectorArgument(vector);
                break;
            case CompoundRegister compound:
                command.AppendVectorArgument(compound.SliceAs<PrimitiveRegister>(0, compound.NumChildren));
                break;
            case PrimitiveRegister primitive:
                command.AppendArgument(primitive);
                break;
        }
    }
}
