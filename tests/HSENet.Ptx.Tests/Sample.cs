// The PTX texts that the tests share: files written by ILGPU, and one written by hand.
namespace HSENet.Ptx.Tests;

static class Sample
{
    public static IEnumerable<string> Names =>
        typeof(Sample).Assembly.GetManifestResourceNames().Where(name => !name.StartsWith("ladder", StringComparison.Ordinal)).Order();

    public static string Text(string name)
    {
        using StreamReader reader = new(typeof(Sample).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    public static PtxModule Module(string name) => PtxModule.Parse(Text(name));

    /// <summary>A module whose kernel <c>k(p, n)</c> has the statements given, with registers of every type.</summary>
    public static PtxModule Kernel(string body, string before = "", string target = "sm_80") => PtxModule.Parse($$"""
        .version 8.6
        .target {{target}}
        .address_size 64
        {{before}}
        .visible .entry k(.param .u64 p, .param .u32 n)
        {
        .reg .pred %p<20>; .reg .b16 %rs<20>; .reg .b32 %r<40>; .reg .b64 %rd<40>; .reg .f32 %f<40>; .reg .f64 %fd<20>; .reg .b128 %q<4>;
        {{body}}
        }
        """);

    /// <summary>The instructions of the kernel, blocks opened, as text.</summary>
    public static string[] Instructions(PtxModule module) =>
        [.. Flat(module.Entries.Single().Body!).OfType<PtxInstruction>().Select(instruction => instruction.ToString())];

    static IEnumerable<PtxStatement> Flat(IEnumerable<PtxStatement> statements) =>
        statements.SelectMany(statement => statement is PtxBlock block ? Flat(block.Statements) : [statement]);
}
