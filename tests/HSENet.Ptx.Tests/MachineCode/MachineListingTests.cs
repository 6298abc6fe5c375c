// Listings of machine code: what a disassembler writes, and the compact form in which they travel.
namespace HSENet.Ptx.Tests;

public class MachineListingTests
{
    // The layout of nvdisasm -c -g -hex, with an instruction of each kind that matters here.
    const string Disassembly = """
        	.headerflags	@"EF_CUDA_SM90 EF_CUDA_PTX_SM(EF_CUDA_SM90)"
        //--------------------- .text.k                   --------------------------
        	.section	.text.k,"ax",@progbits
        .text.k:
        	//## File "kernel.ptx", line 7
                /*0000*/                   LDC R1, c[0x0][0x28] ;                  /* 0x00000a00ff017b82 */
                                                                                   /* 0x000fe20000000800 */
        .L_x_1:
        	//## File "kernel.ptx", line 9
                /*0010*/                   LDG.E.128.CONSTANT R4, desc[UR4][R2.64+0x10] ;  /* 0x0000100402047981 */
                                                                                   /* 0x000ea8000c1e9d00 */
                /*0020*/              @!P0 BRA `(.L_x_1) ;                         /* 0x0000000000008947 */
                                                                                   /* 0x004fea000383ffff */
                /*0030*/                   EXIT ;                                  /* 0x000000000000794d */
                                                                                   /* 0x000fea0003800000 */
        .L_x_2:
                /*0040*/                   BRA `(.L_x_2);                          /* 0xfffffffc00fc7947 */
                                                                                   /* 0x000fc0000383ffff */
                /*0050*/                   NOP;                                    /* 0x0000000000007918 */
                                                                                   /* 0x000fc00000000000 */
        """;

    [Fact]
    public void A_disassembly_gives_lines_targets_and_scheduling_fields()
    {
        MachineListing listing = Assert.Single(MachineListingText.FromDisassembly(Disassembly, "sm_90"));
        Assert.Equal(("k", 4), (listing.Kernel, listing.Instructions.Count)); // without the padding
        MachineInstruction load = listing.Instructions[1], branch = listing.Instructions[2];
        Assert.Equal((7, 9, 9), (listing.Instructions[0].Line, load.Line, branch.Line));
        Assert.Equal((MachineClass.GlobalLoad, 16, "LDG"), (load.Class, load.MemoryBytes, load.Opcode));
        Assert.Equal(new MachineControl(4, true, 2, 7, 0, 0), load.Control);
        Assert.Equal(("!P0", 0x10), (branch.Guard, branch.Target));
        Assert.Equal(1 << 2, branch.Control.WaitMask); // it waits for the load
    }

    // As nvdisasm 11.8 writes it: an integer minimum of sm_90 is an empty text, and so is the label before it.
    const string WithUnprinted = """
        .text.k:
        	//## File "kernel.ptx", line 7
                /*0000*/               @P0 BRA `(.L_x_0) ;                         /* 0x0000000000040947 */
                                                                                   /* 0x000fea0003800000 */
        .L_x_1:
                /*0010*/                   LEA R8, R8, R3, 0x5 ;                   /* 0x0000000308087211 */
                                                                                   /* 0x000fce00078e28ff */
                                                                                   /* 0x0000000809047248 */
                                                                                   /* 0x000fe20003fe0100 */
                                                                                   /* 0x0000000402ec1c48 */
                                                                                   /* 0x000fc4000ffe0100 */
                /*0040*/              @!P0 BRA `(.L_x_1) ;                         /* 0xfffffffc00f08947 */
                                                                                   /* 0x004fea000383ffff */
                /*0050*/                   EXIT ;                                  /* 0x000000000000794d */
                                                                                   /* 0x000fea0003800000 */
        """;

    [Fact]
    public void What_the_disassembler_leaves_out_is_read_from_its_encoding()
    {
        var code = Assert.Single(MachineListingText.FromDisassembly(WithUnprinted, "sm_90")).Instructions;
        Assert.Equal([0, 0x10, 0x20, 0x30, 0x40, 0x50], code.Select(instruction => instruction.Address));
        Assert.Equal(0x20, code[0].Target); // its label is not printed either
        Assert.Equal(0x10, code[4].Target);
        Assert.Equal(("", "VIMNMX", "R4, R9, R8, PT"), (code[2].Guard, code[2].Mnemonic, code[2].Operands));
        Assert.Equal(("P1", "R236, R2, UR4, !PT"), (code[3].Guard, code[3].Operands));
        Assert.Equal(MachineClass.Integer, code[2].Class);
        Assert.Equal(1, code[2].Control.Stall);
    }

    [Theory]
    [InlineData("LDSM.16.MT88.4", MachineClass.Matrix, 16)]
    [InlineData("STS.U16", MachineClass.SharedStore, 2)]
    [InlineData("LDGSTS.E.BYPASS.128", MachineClass.AsyncCopy, 16)]
    [InlineData("LDS", MachineClass.SharedLoad, 4)]
    [InlineData("IMAD.MOV.U32", MachineClass.Move, 0)]
    [InlineData("IMAD.WIDE.U32", MachineClass.Integer, 0)]
    [InlineData("HMMA.16816.F32", MachineClass.Tensor, 0)]
    public void Instructions_are_sorted_by_what_they_do(string mnemonic, MachineClass expected, int bytes)
    {
        MachineInstruction i = new(0, 1, "", mnemonic, "R1, [R2]", default);
        Assert.Equal((expected, bytes), (i.Class, i.MemoryBytes));
    }

    [Fact]
    public void Control_fields_survive_being_packed()
    {
        MachineControl control = new(13, true, 3, 7, 0b101001, 9);
        Assert.Equal(control, MachineControl.FromBits(control.Bits));
    }

    [Fact]
    public void A_stored_listing_is_found_by_what_the_kernel_says_and_gets_the_lines_of_the_text()
    {
        const string ptx = """
            .version 8.6
            .target sm_80
            .address_size 64
            .visible .entry k()
            {
                .reg .b32 %r<4>;
                mov.u32 %r1, 1;

                add.u32 %r2, %r1, 1;
            }
            """;
        MachineListing listing = Assert.Single(MachineListingText.FromDisassembly(Disassembly, "sm_90")) with { Registers = 40 };
        using MemoryStream stream = new();
        MachineListingStore.Write(stream, [(ptx, listing)]);
        stream.Position = 0;
        MachineListingStore store = new();
        store.Add(stream);
        MachineListing found = store.Find(ptx, "k", "sm_90")!;
        Assert.Equal(listing.Instructions.Select(i => i.ToString()), found.Instructions.Select(i => i.ToString()));
        Assert.Equal(40, found.Registers);
        // The same kernel three lines further down, with another comment and other blanks.
        MachineListing moved = store.Find("// a\n// b\n\n" + ptx.Replace("\n  ", "\n\t", StringComparison.Ordinal), "k", "sm_90")!;
        Assert.Equal(found.Instructions.Select(i => i.Line + 3), moved.Instructions.Select(i => i.Line));
        Assert.Null(store.Find(ptx, "k", "sm_80"));
        Assert.Null(store.Find(ptx.Replace("%r1, 1", "%r1, 2", StringComparison.Ordinal), "k", "sm_90"));
    }

    const string Two = """
        .version 8.6
        .target sm_80
        .address_size 64
        .extern .shared .align 16 .b8 dynamic[];
        .shared .align 16 .b8 tile[64];
        .func twice(.reg .b32 x) { add.u32 x, x, x; ret; }
        .visible .entry first(.param .u64 _a_10) { L_11: bra L_11; }
        .visible .entry second(.param .u64 _a_20)
        {
            .reg .b32 %r<4>;
            .reg .b64 %rd<4>;
            ld.param.u64 %rd1, [_a_20];
        L_21:
            mov.u64 %rd2, tile;
            call twice, (%r1);
            bra L_22;
        L_22:
            bra L_21;
        }
        """;

    [Fact]
    public void A_key_depends_on_what_the_kernel_says_and_refers_to_alone()
    {
        string key = MachineListing.Key(Two, "second");
        Assert.Equal(key, MachineListing.Key(Two.Replace("_2", "_777", StringComparison.Ordinal), "second"));
        Assert.Equal(key, MachineListing.Key(Two.Replace("first", "third", StringComparison.Ordinal)
            .Replace("dynamic", "other", StringComparison.Ordinal), "second"));
        Assert.Equal(key, MachineListing.Key(Two.Replace("L_21:", ".loc 1 3 0 // a loop\n\nL_21:", StringComparison.Ordinal), "second"));
        Assert.Equal(4, new[] { ("tile[64]", "tile[128]"), ("x, x, x", "x, x, 1"), ("bra L_21; }", "bra L_22; }"), ("second", "zwei") }
            .Select(change => MachineListing.Key(Two.Replace("\n}", " }", StringComparison.Ordinal)
                .Replace(change.Item1, change.Item2, StringComparison.Ordinal), change.Item2 == "zwei" ? "zwei" : "second"))
            .Append(key).Distinct().Count() - 1);
    }

    [Fact]
    public void A_listing_finds_the_lines_of_a_text_that_is_laid_out_differently()
    {
        MachineListing listing = new("second", "sm_90", 8,
            [.. new[] { 12, 14, 15, 16, 18, 6, 0 }.Select(line => new MachineInstruction(0, line, "", "NOP", "", default))]);
        using MemoryStream stream = new();
        MachineListingStore.Write(stream, [(Two, listing)]);
        stream.Position = 0;
        MachineListingStore store = new();
        store.Add(stream);
        Assert.Equal(listing.Instructions.Select(i => i.Line), store.Find(Two, "second", "sm_90")!.Instructions.Select(i => i.Line));
        string spread = Two.Replace("    mov.u64", "\n    .loc 1 7 1\n    mov.u64", StringComparison.Ordinal);
        Assert.Equal([12, 16, 17, 18, 20, 6, 0], store.Find(spread, "second", "sm_90")!.Instructions.Select(i => i.Line));
    }
}
