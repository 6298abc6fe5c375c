// What kind of work an instruction is, and how many floating-point operations a lane does in it.
namespace HSENet.Ptx;

/// <summary>Where a multiprocessor executes an instruction.</summary>
enum Pipe
{
    None,
    F32,
    F64,
    Half,

    /// <summary>Additions, shifts, logic, comparisons and selections, those of f32 included.</summary>
    Integer,
    IntegerMultiply,
    Special,
}

/// <summary>Sorts instructions for a profile.</summary>
static class InstructionClass
{
    /// <summary>The class of an instruction, a word or two for tables.</summary>
    public static string Of(PtxInstruction i) => i.Opcode switch
    {
        "mma" => "tensor core",
        "wmma" when i.Has("mma") => "tensor core",
        "ldmatrix" or "stmatrix" or "wmma" => "matrix load and store",
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

    /// <summary>The pipe of a multiprocessor that an instruction goes through beside a slot of a scheduler; none for moves, conversions,
    /// control flow and what an assembler folds into other instructions.</summary>
    public static Pipe PipeOf(PtxInstruction i)
    {
        string? type = Float(i);
        return i.Opcode switch
        {
            "ex2" or "lg2" or "rcp" or "rsqrt" or "sqrt" or "sin" or "cos" or "tanh" or "div" => type == "f64" ? Pipe.F64 : Pipe.Special,
            "rem" or "popc" or "clz" or "bfind" or "brev" => Pipe.Special,
            "add" or "sub" or "mul" or "fma" or "mad" => type switch
            {
                "f32" => Pipe.F32,
                "f64" => Pipe.F64,
                null => i.Opcode is "mul" or "mad" ? Pipe.IntegerMultiply : Pipe.Integer,
                _ => Pipe.Half,
            },
            "setp" or "set" or "min" or "max" => type is null or "f32" ? Pipe.Integer : type == "f64" ? Pipe.F64 : Pipe.Half,
            "mul24" or "mad24" or "dp4a" or "dp2a" => Pipe.IntegerMultiply,
            "and" or "or" or "xor" or "not" or "cnot" or "lop3" or "shl" or "shr" or "shf" or "prmt" or "bfe" or "bfi" or "szext" or "bmsk"
                or "selp" or "slct" or "sad" => Pipe.Integer,
            _ => Pipe.None,
        };
    }

    /// <summary>Whether an access to global memory always goes through the second-level cache: stores, atomics, loads and copies that ask
    /// for it.</summary>
    public static bool PassesLevel1(PtxInstruction i) => i.Opcode is "st" or "atom" or "red"
        || (i.Opcode is "ld" or "cp" && i.Modifiers.Any(modifier => modifier is "cg" or "cv" or "volatile" or "relaxed" or "acquire"));

    /// <summary>The type of an mma's factors: <c>bf16</c>, <c>f16</c>, <c>s8</c>.</summary>
    public static string MatrixType(PtxInstruction mma) =>
        mma.Opcode == "wmma" && mma.Types.Count == 2 ? "f16" : mma.Types.Skip(1).FirstOrDefault(mma.Types[0]).Word();

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
