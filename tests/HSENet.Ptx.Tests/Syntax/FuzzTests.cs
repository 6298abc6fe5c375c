// Damaged files: whatever is done to a valid text, the result is a program or one clear error.
using CsCheck;

namespace HSENet.Ptx.Tests;

public class FuzzTests
{
    static readonly int Iterations = Environment.GetEnvironmentVariable("HSENET_LONG") == "1" ? 100_000 : 20_000;
    static readonly string[] Texts = [.. Sample.Names.Select(Sample.Text).Where(text => text.Length < 4000)];

    // Pieces of PTX in any order reach deeper into the parser than damaged bytes.
    static readonly string[] Pieces =
    [
        ".version 8.6 ", ".target sm_80 ", ".visible .entry k", ".func ", "(", ")", "{", "}", "[", "]", "<", ">", ",", ";", ":", "@", "!",
            "|", "+", "-", "=", "_ ", "\n", "/*", "*/", "//", "\"",
        ".reg ", ".b32 ", ".pred ", ".f32 ", ".v4 ", ".align 16 ", ".shared ", ".param ", ".local ", ".pragma ", ".loc 1 2 3\n", "%r",
            "%p1", "%tid", ".x ", "%r<5>", "1048577", "0x", "0f3F800000 ", "1e999 ",
        "18446744073709551616 ", "call ", "bra ", "L: ", "L ", ".branchtargets ", "ld", "st", "mma", ".global", "add", ".cc",
            ".shared::cta", "::", ".maxntid ", "ret;", "\u0000", "é",
    ];

    [Fact]
    public void Damaged_files_give_a_program_or_one_error() =>
        Gen.Select(Gen.Int[0, Texts.Length - 1], Gen.Select(Gen.Int[0, 4], Gen.Int[0, 4000], Gen.Int[0, 4000], Gen.Int[1, 60]).List[1, 4])
            .Sample((index, damages) => Check(damages.Aggregate(Texts[index], Damaged)), iter: Iterations);

    [Fact]
    public void Pieces_in_any_order_give_a_program_or_one_error() =>
        Gen.Int[0, Pieces.Length - 1].List[1, 60].Sample(chosen => Check(
            $".version 8.6 .target sm_80 .address_size 64 .entry k(.param .u64 p) "
                + $"{{ .reg .b32 %r<5>; .reg .pred %p1; {string.Concat(chosen.Select(piece => Pieces[piece]))}"), iter: Iterations / 2);

    [Theory]
    [InlineData("{")]
    [InlineData("mov.b32 %r1, {")]
    [InlineData("call (")]
    [InlineData("ld.b32 %r1, [")]
    [InlineData("@!")]
    [InlineData("setp.eq.and.s32 %p1, 1, 1, !")]
    [InlineData("mov.b32 %r1, %r1|")]
    [InlineData("mov.b32 %r1, -")]
    public void Deep_nesting_is_an_error(string opening)
    {
        string repeated = opening.Contains(' ') ? opening + new string(opening[^1], 100_000)
            : string.Concat(Enumerable.Repeat(opening, 100_000));
        Assert.Throws<PtxException>(() => Sample.Kernel(repeated));
        Assert.Throws<PtxException>(() => PtxModule.Parse($".version 8.6 .target sm_80 .global .b32 x[2] = {repeated}"));
    }

    static string Damaged(string text, (int Kind, int From, int To, int Length) damage)
    {
        int from = damage.From % (text.Length + 1);
        int to = damage.To % (text.Length + 1);
        int length = Math.Min(damage.Length, text.Length - Math.Max(from, to));
        return damage.Kind switch
        {
            0 when from < text.Length => text[..from] + (char)(text[from] ^ 1 << damage.Length % 8) + text[(from + 1)..],
            1 => text[..from],
            2 => text[..to] + text.Substring(from, length) + text[to..],
            3 => text[..from] + text[(from + length)..],
            4 => Swapped(text, Math.Min(from, to), Math.Max(from, to), length),
            _ => text,
        };
    }

    static string Swapped(string text, int first, int second, int length)
    {
        length = Math.Min(length, second - first);
        return text[..first] + text.Substring(second, length) + text[(first + length)..second] + text.Substring(first, length)
            + text[(second + length)..];
    }

    static void Check(string text)
    {
        PtxModule module;
        try
        {
            module = PtxModule.Parse(text);
        }
        catch (PtxException error)
        {
            Assert.DoesNotContain('\n', error.Message);
            return;
        }
        string printed = module.ToString();
        Assert.Equal(printed, PtxModule.Parse(printed).ToString());
        try
        {
            PtxModule final = PtxFinalizer.Finalize(module, new() { EntryName = "k", AllowedExternals = ExternalsPass.DriverFunctions });
            Assert.Equal(final.ToString(), PtxModule.Parse(final.ToString()).ToString());
            KernelFacts.Of(final);
        }
        catch (PtxException error)
        {
            Assert.DoesNotContain('\n', error.Message);
        }
    }
}
