// What kind of work an instruction is, and how many floating-point operations a lane does in it.
namespace HSENet.Ptx;

/// <summary>Sorts instructions for a profile.</summary>
static class InstructionClass
{
    /// <summary>The class of an instruction, a word or two for tables.</summary>
    public static string Of(PtxInstruction i) => i.Opcode switch
    {
        "mma" => "tensor core",
        "ldmatrix" or "stmatrix" => "matrix load and store",
        "cp" => "async copy",
        "bar" or "barrier" => "barrier",
        "membar" or "fence" or "griddepcontrol" => "fence",
        "shfl" or "vote" or "match" or "redux" or "activemask" or "elect" => "warp exchange",
        "atom" or "red" => "atomic",
        "ld" or "ldu" or "st" => Memory(i),
        "bra" or "brx" or "call" or "ret" or "exit" or "trap" => "control",
        "setp" or "set" or "selp" or "slct" => "compare and select",
        "cvt" => "conversion",
        "mov" or "cvta" or "isspacep" or "mapa" or "prefetch" => "move and address",
        "ex2" or "lg2" or "rcp" or "rsqrt" or "sqrt" or "sin" or "cos" or "tanh" => "special function",
        _ => Float(i) is { } type ? $"{type} arithmetic" : "integer",
    };

    /// <summary>Floating-point operations of an active lane, and their type; a fused multiply-add is two. Sign changes and comparisons are
    /// none.</summary>
    public static (string? Type, int Operations) LaneOperations(PtxInstruction i)
    {
        string? type = i.Opcode is "mma" or "cvt" ? null : Float(i);
        int operations = i.Opcode switch
        {
            "fma" or "mad" => 2,
            "add" or "sub" or "mul" or "div" or "ex2" or "lg2" or "rcp" or "rsqrt" or "sqrt" or "sin" or "cos" or "tanh" => 1,
            _ => 0,
        };
        return type == null || operations == 0 ? (null, 0) : type is "f16x2" or "bf16x2" ? (type[..^2], 2 * operations)
            : (type, operations);
    }

    /// <summary>The type of an mma's factors: <c>bf16</c>, <c>f16</c>, <c>s8</c>.</summary>
    public static string MatrixType(PtxInstruction mma) => mma.Types.Skip(1).FirstOrDefault(mma.Types[0]).Word();

    static string? Float(PtxInstruction i) =>
        i.Modifiers.FirstOrDefault(modifier => modifier is "f64" or "f32" or "f16" or "bf16" or "f16x2" or "bf16x2");

    static string Memory(PtxInstruction i) => i.Space switch
    {
        PtxSpace.Global => "global",
        PtxSpace.Shared => "shared",
        PtxSpace.Local => "local",
        PtxSpace.Param or PtxSpace.Const => "parameter",
        _ => "generic",
    } + (i.Opcode == "st" ? " store" : " load");
}
