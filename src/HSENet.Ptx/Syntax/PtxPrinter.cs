// Canonical text of a program: one statement a line, four spaces of indentation in bodies; parsing it gives the same program.
using System.Text;
using static System.Globalization.CultureInfo;

namespace HSENet.Ptx;

static class PtxPrinter
{
    public static string Print(PtxModule module)
    {
        StringBuilder text = new();
        text.Append(InvariantCulture, $".version {module.Version}\n.target {module.Target}\n.address_size {module.AddressSize}\n");
        foreach (PtxStatement item in module.Items)
        {
            if (item is PtxFunction)
                text.Append('\n');
            Append(text, item, 0);
        }
        return text.ToString();
    }

    public static string Print(PtxStatement statement)
    {
        StringBuilder text = new();
        Append(text, statement, 0);
        return text.ToString().TrimEnd('\n');
    }

    static void Append(StringBuilder text, PtxStatement statement, int depth)
    {
        text.Append(' ', 4 * (statement is PtxLabel or PtxBranchTargets or PtxCallTargets or PtxCallPrototype
            ? Math.Max(0, depth - 1) : depth));
        switch (statement)
        {
            case PtxFunction function: AppendFunction(text, function); break;
            case PtxLabel label: text.Append(label.Name).Append(':'); break;
            case PtxBranchTargets targets:
                text.Append(targets.Name).Append(": .branchtargets ").AppendJoin(", ", targets.Targets).Append(';');
                break;
            case PtxTextureReference reference: text.Append(reference.Text).Append(';'); break;
            case PtxAlias alias: text.Append(InvariantCulture, $".alias {alias.Name}, {alias.Target};"); break;
            case PtxCallTargets targets:
                text.Append(targets.Name).Append(": .calltargets ").AppendJoin(", ", targets.Targets).Append(';');
                break;
            case PtxCallPrototype prototype:
                string results = prototype.Results.Count > 0 ? $"({string.Join(", ", prototype.Results.Select(Print))}) " : "";
                text.Append(InvariantCulture, $"{prototype.Name}: .callprototype {results}_ (")
                    .AppendJoin(", ", prototype.Parameters.Select(Print)).Append(");");
                break;
            case PtxRegisterDeclaration registers:
                IEnumerable<string> names = registers.Names.Select(name => name.Count is int count ? $"{name.Name}<{count}>" : name.Name);
                text.Append(InvariantCulture, $".reg .{registers.Type.Word()} ").AppendJoin(", ", names).Append(';');
                break;
            case PtxVariable variable: text.Append(Print(variable)).Append(';'); break;
            case PtxDirective directive: text.Append(Print(directive)).Append(directive.Name == "pragma" ? ";" : ""); break;
            case PtxInstruction instruction: AppendInstruction(text, instruction); break;
            case PtxBlock block:
                text.Append("{\n");
                foreach (PtxStatement inner in block.Statements)
                    Append(text, inner, depth + 1);
                text.Append(' ', 4 * depth).Append('}');
                break;
        }
        text.Append('\n');
    }

    static void AppendFunction(StringBuilder text, PtxFunction function)
    {
        if (function.Linkage != null)
            text.Append(InvariantCulture, $".{function.Linkage} ");
        text.Append(function.IsEntry ? ".entry " : ".func ");
        if (function.Results.Count > 0)
            text.Append(InvariantCulture, $"({string.Join(", ", function.Results.Select(Print))}) ");
        text.Append(function.Name).Append('(');
        string separator = function.Parameters.Count > 1 ? "\n    " : "";
        text.Append(separator).AppendJoin("," + (separator.Length > 0 ? separator : " "), function.Parameters.Select(Print))
            .Append(separator.Length > 0 ? "\n)" : ")");
        foreach (PtxDirective directive in function.Directives)
            text.Append('\n').Append(Print(directive)).Append(directive.Name == "pragma" ? ";" : "");
        if (function.Body == null)
        {
            text.Append(';');
            return;
        }
        text.Append("\n{\n");
        foreach (PtxStatement statement in function.Body)
            Append(text, statement, 1);
        text.Append('}');
    }

    static string Print(PtxDirective directive)
    {
        if (directive.Name is not ("loc" or "file" or "pragma" or "section"))
            return $".{directive.Name} {string.Join(", ", directive.Arguments)}".TrimEnd();
        return string.Join(' ', (string[])["." + directive.Name, .. directive.Arguments]).Replace(" ,", ",", StringComparison.Ordinal);
    }

    static string Print(PtxVariable variable)
    {
        StringBuilder text = new();
        if (variable.Linkage != null)
            text.Append(InvariantCulture, $".{variable.Linkage} ");
        text.Append(InvariantCulture, $".{variable.Space.Word()} ");
        if (variable.DeclaredAlignment is int alignment)
            text.Append(InvariantCulture, $".align {alignment} ");
        if (variable.VectorWidth > 1)
            text.Append(InvariantCulture, $".v{variable.VectorWidth} ");
        text.Append(InvariantCulture, $".{variable.Type.Word()} ");
        if (variable.PointerSpace is PtxSpace space)
            text.Append(".ptr ").Append(space == PtxSpace.Register ? "" : $".{space.Word()} ");
        if (variable.PointerAlignment is int pointerAlignment)
            text.Append(InvariantCulture, $".align {pointerAlignment} ");
        text.Append(variable.Name);
        foreach (long dimension in variable.Dimensions)
            text.Append(InvariantCulture, $"[{(dimension == 0 ? "" : dimension)}]");
        if (variable.Initialiser != null)
            text.Append(" = ").Append(variable.Initialiser);
        return text.ToString();
    }

    static void AppendInstruction(StringBuilder text, PtxInstruction instruction)
    {
        if (instruction.Predicate != null)
            text.Append(instruction.PredicateNegated ? "@!" : "@").Append(instruction.Predicate.Name).Append(' ');
        text.Append(instruction.Mnemonic);
        if (instruction.Operands.Count > 0)
            text.Append(' ').AppendJoin(", ", instruction.Operands.Select(Print));
        text.Append(';');
    }

    public static string Print(PtxOperand operand) => operand switch
    {
        PtxRegister register => register.Name,
        PtxSpecialRegister register => register.Name,
        PtxInteger integer => integer.Value.ToString(InvariantCulture),
        PtxFloat32 single => $"0f{single.Bits:X8}",
        PtxFloat64 number => $"0d{number.Bits:X16}",
        PtxSymbol { IsGeneric: true } symbol => $"generic({symbol.Name}){Offset(symbol.Offset)}",
        PtxSymbol { Mask: not 0 } symbol => $"{symbol.Mask}({symbol.Name}{Offset(symbol.Offset)})",
        PtxSymbol symbol => symbol.Name + Offset(symbol.Offset),
        PtxAddress { Base: null } address => $"[{(ulong)address.Offset}]",
        PtxAddress address => $"[{Print(address.Base!)}{Offset(address.Offset)}]",
        PtxVector vector => $"{{{string.Join(", ", vector.Elements.Select(Print))}}}",
        PtxOperandList list => $"({string.Join(", ", list.Elements.Select(Print))})",
        PtxPair pair => $"{Print(pair.First)}|{Print(pair.Second)}",
        PtxNegated negated => "!" + negated.Register.Name,
        PtxSink => "_",
        _ => throw new ArgumentException($"no text for {operand.GetType().Name}", nameof(operand)),
    };

    static string Offset(long offset) => offset == 0 ? "" : offset > 0 ? $"+{offset}" : $"-{(ulong)-offset}";
}
