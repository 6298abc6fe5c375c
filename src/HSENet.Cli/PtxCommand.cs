// hsenet ptx: the PTX of the project's kernels and of any other, printed, checked, measured.
using System.CommandLine;
using HSENet.Kernels;

namespace HSENet.Cli;

static class PtxCommand
{
    /// <param name="isWhole">Whether it has its verbs, whose options name every GPU of the table.</param>
    public static Command Create(bool isWhole)
    {
        var command = new Command("ptx", """
            Prints, checks and profiles PTX on any machine: kernels run in an emulator that checks every access.

            Examples:
              hsenet ptx dump layernorm_v1_naive_f32
              hsenet ptx check --all
              hsenet ptx profile linear_v1_naive_bf16 --shape Rows=64,Inputs=1024 --gpu h200 --html linear.html
              hsenet ptx run kernel.ptx --launch launch.json --json
              hsenet ptx assemble --kernel Linear.V1 --listing
              hsenet ptx driver --library driver -- ./program
            """);
        if (!isWhole)
            return command;
        foreach (var verb in (Command[])[Dump(), PtxCheckCommand.Create(), PtxProfileCommand.Create(), PtxRunCommand.Create(),
            PtxAssembleCommand.Create(), PtxChooseCommand.Create(), PtxModelCommand.Create(), PtxDriverCommand.Create()])
            command.Add(verb);
        return command;
    }

    /// <summary>The kernel that a verb is about.</summary>
    public static Argument<string?> Name(ArgumentArity arity)
    {
        var argument = Verb.Files<string?>("name",
            "An entry (linear_v1_naive_bf16), an operation (LayerNorm) or a rung of it (Linear.V1), as 'hsenet kernels' lists them.",
            arity);
        argument.DefaultValueFactory = _ => null;
        return argument;
    }

    static Command Dump()
    {
        var name = Name(ArgumentArity.ExactlyOne);
        var raw = new Option<bool>("--raw") { Description = "The compiler's text, before the passes." };
        var verbose = Verb.Verbose();
        var command = new Command("dump", """
            Prints the PTX of a kernel as a GPU loads it.

            Examples:
              hsenet ptx dump layernorm_v1_naive_f32
              hsenet ptx dump SwiGlu --raw
            """)
        { name, raw, verbose };
        command.Run(verbose, (parsed, _) =>
        {
            Rung rung = PtxRungs.FindOne(parsed.GetRequiredValue(name)!);
            Console.Out.Write(parsed.GetValue(raw) ? KernelCompiler.CompileRaw(rung) : KernelTexts.Get(rung));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
