// The table from an instruction's name to how it is executed.
namespace HSENet.Ptx;

/// <summary>
/// To add an instruction, write its meaning as a small struct with one static method <c>Of</c> on the raw bits of one lane, and one line
/// in a list of forms (a method of this class in a file of its own, called by the constructor below):
/// <code>
/// readonly struct PopulationCount : IUnary&lt;uint, uint&gt; { public static uint Of(uint a) =&gt; (uint)BitOperations.PopCount(a); }
/// Add("popc.b32", Form.Unary&lt;PopulationCount, uint, uint&gt;());
/// </code>
/// Registers of up to 32 bits are <c>uint</c>, of 64 bits <c>ulong</c>. A value of 8 or 16 bits lies in the low bits of a uint: sources may
/// have anything above, so a functor looks at its own bits only; results have zeros above, except that a signed result narrower than 32
/// bits is extended to 32 (the decoder cuts it when the register has 16). Predicates are whole masks (<see cref="Form.Predicates"/>).
/// Several names separated by blanks share a form. Words that are no types may stand in any order, in the table and in the text.
/// <para>
/// An opcode with many modifiers is added as a rule instead, which reads them once and packs them into a number that a modal functor gets:
/// <code>
/// AddRule("cvt", instruction =&gt; Form.ModalUnary&lt;Convert32, uint, uint&gt;(Pack(instruction)));
/// </code>
/// A rule gives null for what it does not know. The exact names are looked up first. Instructions of memory, of a whole warp and of control
/// have operands of their own and are decoded elsewhere (<see cref="Decoder"/>).
/// </para>
/// </summary>
sealed partial class DecodeTable
{
    readonly Dictionary<string, Form> _forms = [];
    readonly Dictionary<string, List<Func<PtxInstruction, Form?>>> _rules = [];

    DecodeTable()
    {
        AddIntegers();
        AddAddresses();
        AddComparisons();
        AddFloats();
        AddDoubles();
        AddApproximations();
        AddConversions();
        AddBits();
        AddHalves();
        AddIntegerRules();
        AddBitRules();
        AddFloatRules();
        AddPackRules();
        AddConversionRules();
    }

    /// <summary>The one table.</summary>
    public static DecodeTable Instance { get; } = new();

    /// <summary>All forms that have exact names.</summary>
    public IReadOnlyDictionary<string, Form> Forms => _forms;

    /// <summary>The form of an instruction, or null when it is not known.</summary>
    public Form? Find(PtxInstruction instruction)
    {
        return _forms.TryGetValue(Key(instruction.Opcode, instruction.Modifiers), out Form? form) ? form : FindRule(instruction);
    }

    /// <summary>The form that the rules give, without a look at the exact names.</summary>
    public Form? FindRule(PtxInstruction instruction)
    {
        if (_rules.TryGetValue(instruction.Opcode, out List<Func<PtxInstruction, Form?>>? rules))
            foreach (Func<PtxInstruction, Form?> rule in rules)
                if (rule(instruction) is { } found)
                    return found;
        return null;
    }

    void Add(string names, Form form)
    {
        foreach (string name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = name.Split('.');
            _forms.Add(Key(words[0], words[1..]), form);
        }
    }

    void AddRule(string opcode, Func<PtxInstruction, Form?> rule)
    {
        if (!_rules.TryGetValue(opcode, out List<Func<PtxInstruction, Form?>>? rules))
            _rules[opcode] = rules = [];
        rules.Add(rule);
    }

    // Types keep their order, since that says which is the destination's; other words are sorted.
    static string Key(string opcode, IReadOnlyList<string> modifiers)
    {
        List<string> words = [], types = [];
        foreach (string modifier in modifiers)
            (PtxTypes.TryParse(modifier, out _) ? types : words).Add(modifier);
        words.Sort(StringComparer.Ordinal);
        return string.Join('.', [opcode, .. words, .. types]);
    }
}
