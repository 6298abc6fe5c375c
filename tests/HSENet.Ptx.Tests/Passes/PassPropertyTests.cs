// Random programs, run before and after a pass by a small interpreter: the passes may change no result.
using System.Numerics;
using CsCheck;

namespace HSENet.Ptx.Tests;

public class PassPropertyTests
{
    // With whole numbers nothing is rounded, so a product fused into a sum must give the same number.
    [Fact]
    public void Fusing_products_changes_no_whole_number() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 5]).List[1, 14].Sample(lines =>
    {
        string body = string.Concat(lines.Select(line => (line.Item5 == 0 ? "@%p1 " : line.Item5 == 1 ? "@!%p1 " : "") + (line.Item1 switch
        {
            0 => $"mov.f32 %f{line.Item2}, %f{line.Item3}",
            1 or 2 => $"mul.f32 %f{line.Item2}, %f{line.Item3}, %f{line.Item4}",
            3 or 4 => $"add.f32 %f{line.Item2}, %f{line.Item3}, %f{line.Item4}",
            5 => $"sub.f32 %f{line.Item2}, %f{line.Item3}, {(line.Item4 == 0 ? "0f40400000" : $"%f{line.Item4}")}",
            _ => $"mul.f32 %f{line.Item2}, %f{line.Item3}, 0f40000000",
        }) + ";\n"));
        PtxModule before = Sample.Kernel(body + "st.global.v4.f32 [%rd1], {%f0, %f1, %f2, %f3};");
        PtxModule after = FloatingPointPass.Apply(before);
        foreach (bool predicate in (bool[])[false, true])
            Assert.Equal(Numbers(before, predicate), Numbers(after, predicate));
    }, iter: 2000);

    static BigInteger[] Numbers(PtxModule module, bool predicate)
    {
        Dictionary<string, BigInteger> registers = new() { ["%f0"] = 2, ["%f1"] = -3, ["%f2"] = 5, ["%f3"] = 7 };
        foreach (PtxInstruction instruction in PtxCode.Of(module.Entries.Single())
            .Instructions.TakeWhile(instruction => instruction.Opcode != "st"))
        {
            if (instruction.Predicate != null && instruction.PredicateNegated == predicate)
                continue;
            BigInteger[] sources = [.. instruction.Operands.Skip(1)
                .Select(operand => operand is PtxFloat32 constant ? new BigInteger(constant.Value)
                : registers[((PtxRegister)operand).Name])];
            registers[((PtxRegister)instruction.Operands[0]).Name] = instruction.Opcode switch
            {
                "mov" => sources[0],
                "neg" => -sources[0],
                "mul" => sources[0] * sources[1],
                "add" => sources[0] + sources[1],
                "sub" => sources[0] - sources[1],
                "fma" => sources[0] * sources[1] + sources[2],
                _ => throw new InvalidOperationException(instruction.ToString()),
            };
        }
        return [.. Enumerable.Range(0, 4).Select(i => registers[$"%f{i}"])];
    }

    // Whatever way a program takes, an access that was made global has no shared address (a register without a value may count as either).
    [Fact]
    public void No_shared_address_becomes_global() =>
        Gen.Select(Gen.Select(Gen.Int[0, 7], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[0, 5]).List[1, 16], Gen.Bool.Array[40])
        .Sample((lines, turns) =>
    {
        string body = string.Concat(lines.Select((line, i) => $"L{i}: {(line.Item4 == 0 ? "@%p1 " : "")}" + (line.Item1 switch
        {
            0 => $"ld.param.u64 %rd{line.Item2}, [p]",
            1 => $"mov.u64 %rd{line.Item2}, tile",
            2 => $"mov.b64 %rd{line.Item2}, %rd{line.Item3}",
            3 => $"add.u64 %rd{line.Item2}, %rd{line.Item3}, 8",
            4 => $"selp.b64 %rd{line.Item2}, %rd{line.Item2}, %rd{line.Item3}, %p1",
            5 => $"@%p2 bra L{line.Item2 * lines.Count / 5}",
            _ => $"ld.f32 %f1, [%rd{line.Item2}]",
        }) + ";\n"));
        body = body.Replace("@%p1 @%p2", "@%p2");
        Walk(AddressSpacePass.Apply(Sample.Kernel(body + "ret;", ".shared .align 16 .b8 tile[64];")), turns);
    }, iter: 2000);

    static void Walk(PtxModule module, bool[] turns)
    {
        PtxCode code = PtxCode.Of(module.Entries.Single());
        Dictionary<string, char> places = [];
        int at = 0;
        foreach (bool turn in turns)
        {
            PtxInstruction instruction = code.Instructions[at++];
            if (instruction.Opcode == "ret")
                return;
            if (instruction.Predicate != null && !turn)
                continue;
            if (instruction.Opcode == "bra")
                at = code.Labels[((PtxSymbol)instruction.Operands[0]).Name];
            else if (instruction.Space == PtxSpace.Global)
                Assert.NotEqual('s', Place(((PtxAddress)instruction.Operands[1]).Base!));
            else if (instruction.Has("u64") || instruction.Has("b64"))
                places[((PtxRegister)instruction.Operands[0]).Name] = instruction.Space == PtxSpace.Param ? 'g'
                    : Place(instruction.Operands[instruction.Opcode == "selp" && !turn ? 2 : 1]);
        }

        char Place(PtxOperand operand) => operand is PtxRegister register ? places.GetValueOrDefault(register.Name, 'n') : 's';
    }
}
