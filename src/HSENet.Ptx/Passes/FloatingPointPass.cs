// Makes floating-point contraction explicit, so that an assembler has no freedom left and every executor gives the same bits.
namespace HSENet.Ptx;

/// <summary>
/// A product with one use, an addition or subtraction in the same basic block, becomes one <c>fma.rn</c>; every other
/// <c>add</c>, <c>sub</c> and <c>mul</c> without a rounding gets <c>.rn</c>. Of two products that are added, the second is
/// fused: <c>a*b + c*d</c> is <c>fma(c, d, a*b)</c>.
/// </summary>
public static class FloatingPointPass
{
    static readonly string[] Roundings = ["rn", "rz", "rm", "rp"];

    /// <summary>The module with explicit rounding in every function.</summary>
    public static PtxModule Apply(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return PtxRewrite.Functions(module, function => function.Body == null ? function : new Contraction(function).Apply());
    }

    static bool IsLoose(PtxInstruction instruction) =>
        instruction.Opcode is "add" or "sub" or "mul" && !instruction.Modifiers.Any(Roundings.Contains)
        && instruction.Types[0] is PtxType.F32 or PtxType.F64 or PtxType.F16 or PtxType.F16x2 or PtxType.Bf16 or PtxType.Bf16x2;

    static bool CanFuse(PtxInstruction instruction) =>
        IsLoose(instruction) && instruction.Predicate == null && !instruction.Has("sat")
            && instruction.Types[0] is PtxType.F32 or PtxType.F64;

    sealed class Contraction(PtxFunction function)
    {
        readonly ControlFlowGraph _graph = ControlFlowGraph.Of(function);
        readonly (PtxInstruction Instruction, PtxBlock? Scope)[] _written = [.. WithScopes(function.Body!, null)];
        readonly Dictionary<int, List<PtxStatement>> _replaced = [];
        readonly NewRegisters _added = new(function);

        public PtxFunction Apply()
        {
            IReadOnlyList<PtxInstruction> webs = new RegisterWebs(_graph).Instructions;
            Dictionary<string, int> reads = Count(webs.SelectMany(RegisterUse.Reads));
            Dictionary<string, int> writes = Count(webs.SelectMany(RegisterUse.Writes));
            HashSet<string> usedOnce = [.. reads.Keys.Where(web => reads[web] == 1 && writes.GetValueOrDefault(web) == 1)];
            foreach (BasicBlock block in _graph.Blocks)
                FindProducts(block, webs, usedOnce);
            return _added.Declare(PtxRewrite.Instructions(function, (index, instruction) =>
                _replaced.TryGetValue(index, out List<PtxStatement>? statements) ? statements
                : IsLoose(instruction) ? [instruction with { Modifiers = ["rn", .. instruction.Modifiers] }] : [instruction]));
        }

        static Dictionary<string, int> Count(IEnumerable<string> names) => names.CountBy(name => name).ToDictionary();

        // For every sum, the product that goes into it: the second operand first.
        void FindProducts(BasicBlock block, IReadOnlyList<PtxInstruction> webs, HashSet<string> usedOnce)
        {
            Dictionary<string, int> lastWrite = [];
            for (int i = block.Start; i < block.End; i++)
            {
                PtxInstruction sum = _graph.Code.Instructions[i];
                if (sum.Opcode != "mul" && CanFuse(sum))
                    foreach (int operand in (int[])[2, 1])
                        if (sum.Operands[operand] is PtxRegister register
                            && usedOnce.Contains(((PtxRegister)webs[i].Operands[operand]).Name)
                            && lastWrite.TryGetValue(register.Name, out int product) && IsFusible(product, i))
                        {
                            Fuse(product, i, operand, lastWrite);
                            break;
                        }
                foreach (string register in sum.Writes())
                    lastWrite[register] = i;
            }
        }

        bool IsFusible(int productIndex, int sumIndex)
        {
            PtxInstruction product = _graph.Code.Instructions[productIndex];
            PtxInstruction sum = _graph.Code.Instructions[sumIndex];
            return product.Opcode == "mul" && CanFuse(product) && product.Types[0] == sum.Types[0] && product.Has("ftz") == sum.Has("ftz")
                && ReferenceEquals(_written[productIndex].Scope, _written[sumIndex].Scope);
        }

        // At the product's place stay copies of those factors whose registers get another value before the sum.
        void Fuse(int productIndex, int sumIndex, int operand, Dictionary<string, int> lastWrite)
        {
            PtxInstruction product = _written[productIndex].Instruction;
            PtxInstruction sum = _written[sumIndex].Instruction;
            PtxType type = sum.Types[0];
            List<PtxStatement> copies = [];
            PtxOperand[] factors = [.. product.Operands.Skip(1).Select((factor, i) =>
            {
                string? register = (_graph.Code.Instructions[productIndex].Operands[i + 1] as PtxRegister)?.Name;
                bool isKept = register == null || lastWrite.GetValueOrDefault(register, -1) < productIndex;
                return isKept ? factor : Derived("mov", factor, type, product.Line, copies);
            })];
            List<PtxStatement> fused = [];
            PtxOperand addend = sum.Operands[3 - operand];
            if (sum.Opcode == "sub" && operand == 1)
                addend = Negated(addend, type, sum.Line, fused);
            else if (sum.Opcode == "sub")
            {
                int negated = factors[1] is PtxRegister ? 0 : 1;
                factors[negated] = Negated(factors[negated], type, sum.Line, fused);
            }
            fused.Add(sum with { Opcode = "fma", Modifiers = ["rn", .. sum.Modifiers], Operands = [sum.Operands[0], .. factors, addend] });
            _replaced[productIndex] = copies;
            _replaced[sumIndex] = fused;
        }

        // Constants change their sign; a register is negated into a new one, which an assembler folds into the fma.
        PtxOperand Negated(PtxOperand operand, PtxType type, int line, List<PtxStatement> statements) => operand switch
        {
            PtxFloat32 single => new PtxFloat32(single.Bits ^ 1u << 31),
            PtxFloat64 number => new PtxFloat64(number.Bits ^ 1ul << 63),
            _ => Derived("neg", operand, type, line, statements),
        };

        PtxRegister Derived(string opcode, PtxOperand operand, PtxType type, int line, List<PtxStatement> statements)
        {
            PtxRegister register = _added.Next(type);
            statements.Add(new PtxInstruction(opcode, [type.Word()], [register, operand]) { Line = line });
            return register;
        }

        static IEnumerable<(PtxInstruction, PtxBlock?)> WithScopes(IReadOnlyList<PtxStatement> statements, PtxBlock? scope) =>
            statements.SelectMany(statement => statement switch
            {
                PtxInstruction instruction => [(instruction, scope)],
                PtxBlock block => WithScopes(block.Statements, block),
                _ => Enumerable.Empty<(PtxInstruction, PtxBlock?)>(),
            });
    }
}
