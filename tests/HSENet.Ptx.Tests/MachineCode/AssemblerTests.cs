// CUDA's assembler as a program that is found, fed and read; a script stands in for it, so that the tests need no CUDA.
using HSENet.Tests;

namespace HSENet.Ptx.Tests;

public sealed class AssemblerTests : IDisposable
{
    const string Ptx = """
        .version 8.6
        .target sm_80
        .address_size 64
        .file 7 "kernel.cs"
        .visible .entry k(.param .u64 p)
        {
        	.reg .b32 %r<3>; // instructions of two lines, and several of one
        	.loc 7 40 1
        	mov.u32 %r1, 1;
        	add.u32 %r2,
        	    %r1, %r1; add.u32 %r2, %r2, 1;
        L: sub.u32 %r1, %r1, 1; add.u32 %r2, %r2, 2;
        	ret;
        }
        """;

    const string Assembler118 = """
        #!/bin/sh
        [ "$1" = --version ] && { echo "Cuda compilation tools, release 11.8, V11.8.89"; exit 0; }
        case "$*" in "-v -lineinfo -arch=sm_"*) ;; *) exit 9 ;; esac
        grep -q BROKEN "$4" && { echo "ptxas $4, line 12; error   : Unknown symbol 'BROKEN'" >&2; exit 255; }
        cp "$4" "$6"
        echo "ptxas info    : 0 bytes gmem
        ptxas info    : Compiling entry function 'k' for 'sm_90'
        ptxas info    : Function properties for k
            16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
        ptxas info    : Used 30 registers, 1024 bytes smem, 352 bytes cmem[0]" >&2
        """;

    const string Disassembler = """
        #!/bin/sh
        grep -q '^.loc 1 9 0' "$4" || exit 9
        printf '.text.k:\n\t//## File "kernel.ptx", line 9\n'
        printf '        /*0000*/  MOV R1, 0x1 ;  /* 0x00000a00ff017b82 */\n   /* 0x000fe20000000800 */\n'
        printf '        /*0010*/  EXIT ;  /* 0x00000a00ff017b82 */\n   /* 0x000fe20000000800 */\n'
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("assembler").FullName;

    [Fact]
    public void Each_line_on_which_an_instruction_begins_is_marked()
    {
        string[] lines = AssemblerInput.WithLines(Ptx, new Version(7, 8)).Split('\n');
        Assert.Equal(".version 7.8", lines[0]);
        string Before(string start) => lines[Array.FindIndex(lines, line => line.Trim().StartsWith(start, StringComparison.Ordinal)) - 1];
        Assert.Equal(".loc 1 9 0", Before("mov.u32"));
        Assert.Equal(".loc 1 10 0", Before("add.u32 %r2,"));
        Assert.Equal("\tadd.u32 %r2,", Before("%r1, %r1; add")); // a mark inside an instruction would be a fault of syntax
        Assert.Equal(".loc 1 12 0", Before("L: sub"));
        Assert.Equal(".loc 1 13 0", Before("ret"));
        Assert.Equal(4, lines.Count(line => line.Contains(".loc", StringComparison.Ordinal)));
        Assert.Equal([".file 1 \"kernel.ptx\""], lines.Where(line => line.Contains(".file", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_version_that_the_assembler_knows_stays() =>
        Assert.StartsWith(".version 8.6\n", AssemblerInput.WithLines(Ptx, new Version(9, 0)), StringComparison.Ordinal);

    [UnixTheory]
    [InlineData("")]
    [InlineData("bin")]
    public void A_kernel_comes_with_registers_memory_and_lines(string inside)
    {
        Assembler assembler = Fake(inside);
        Assert.Equal(new Version(11, 8), assembler.Release);
        AssembledKernel kernel = Assert.Single(assembler.Assemble(Ptx, "sm_90"));
        Assert.Equal((30, 16, 8, 4, 1024), (kernel.Listing.Registers, kernel.StackBytes, kernel.SpillStoreBytes, kernel.SpillLoadBytes,
            kernel.SharedBytes));
        Assert.Equal(("k", "sm_90", 2, 9), (kernel.Listing.Kernel, kernel.Listing.Architecture, kernel.Listing.Instructions.Count,
            kernel.Listing.Instructions[0].Line));
    }

    [UnixFact]
    public void What_the_assembler_refuses_is_one_line_without_the_place_in_a_temporary_file()
    {
        string message = Assert.Throws<AssemblerException>(() =>
            Fake("").Assemble(Ptx.Replace("ret;", "mov.u32 %r1, BROKEN; ret;", StringComparison.Ordinal), "sm_90")).Message;
        Assert.Equal("ptxas 11.8 for sm_90: error   : Unknown symbol 'BROKEN'", message);
    }

    [Fact]
    public void A_folder_without_the_programs_is_refused() =>
        Assert.Contains(_folder, Assert.Throws<AssemblerException>(() => Assembler.Find(_folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Loops_are_branches_back_with_all_between()
    {
        MachineInstruction[] code = [.. new[] { "MOV R1, R2", "FFMA R1, R1, R1", "LDG R2, [R3]", "BRA 0x10", "IADD3 R1", "BRA 0x10",
            "BRA 0x0", "EXIT" }
            .Index().Select(pair => new MachineInstruction(16 * pair.Index, 1, "", pair.Item.Split(' ')[0],
                pair.Item[(pair.Item.IndexOf(' ') + 1)..],
                default))];
        Assert.Equal([(0x0, 0x60, 1, false, 7), (0x10, 0x50, 2, true, 5)], MachineLoop.Of(new MachineListing("k", "sm_90", 8, code))
            .Select(loop => (loop.Start, loop.End, loop.Depth, loop.IsInnermost, loop.Instructions.Count)));
    }

    [Fact]
    public void A_table_gives_the_row_of_a_text_that_is_still_the_same()
    {
        string key = MachineListing.Key(Ptx, "k");
        MachineRow Row(string architecture, int registers) => new("k", architecture, key, registers, 0, 0, 0, 9, "Move 9", "", "3: Move 3");
        MachineTable table = MachineTable.Read(new MachineTable("11.8", [Row("sm_80", 27), Row("sm_90", 30)]).Write());
        Assert.Equal("11.8", table.Release);
        Assert.Equal([27, 27, 30, 30], new[] { 80, 89, 90, 120 }.Select(architecture => table.Find(Ptx, "k", architecture)!.Registers));
        Assert.Equal(Row("sm_80", 27), table.Rows[0]);
        Assert.Null(table.Find(Ptx, "k", 75));
        Assert.Null(table.Find(Ptx.Replace("%r1, 1;", "%r1, 3;", StringComparison.Ordinal), "k", 90));
    }

    [Theory]
    [InlineData("")]
    [InlineData("kernel\n")]
    [InlineData("# ptxas 11.8\nkernel\tarchitecture\tkey\tregisters\tstack\tspills\tshared\tinstructions\tclasses\twidths\tloops\nk\tsm_80\n")]
    [InlineData("# ptxas 11.8\nkernel\tarchitecture\tkey\tregisters\tstack\tspills\tshared\tinstructions\tclasses\twidths\tloops\n"
        + "k\tsm_80\tx\tmany\t0\t0\t0\t0\t\t\t\n")]
    public void A_file_that_is_no_table_is_refused(string text) => Assert.Throws<FormatException>(() => MachineTable.Read(text));

    Assembler Fake(string inside)
    {
        string bin = Directory.CreateDirectory(Path.Combine(_folder, inside)).FullName;
        foreach (var (name, script) in new[] { ("ptxas", Assembler118), ("nvdisasm", Disassembler) })
        {
            File.WriteAllText(Path.Combine(bin, name), script.ReplaceLineEndings("\n") + "\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(Path.Combine(bin, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return Assembler.Find(_folder)!;
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
