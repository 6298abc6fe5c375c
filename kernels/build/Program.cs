// Writes the final PTX of all GPU rungs: the build runs it with the freshly compiled HSENet.Kernels.dll and the output file. With an operation
// and the file of a build before, only that operation's rungs are compiled, and the others keep their texts of then.
using System.Reflection;

namespace HSENet.Kernels.Build;

static class Program
{
    static int Main(string[] arguments)
    {
        if (arguments.Length is not (2 or 4))
        {
            Console.Error.WriteLine("usage: HSENet.Kernels.Build HSENet.Kernels.dll OUTPUT.ptx [OPERATION BEFORE.ptx]");
            return 2;
        }
        // By path: the library cannot be a reference of the program that its own build runs.
        var compiler = Assembly.LoadFrom(Path.GetFullPath(arguments[0])).GetType("HSENet.Kernels.KernelCompiler", throwOnError: true)!;
        try
        {
            string text = (string)(arguments is [_, _, var operation, var before]
                ? compiler.GetMethod("CompileOperation", BindingFlags.NonPublic | BindingFlags.Static)!
                    .Invoke(null, [operation, File.Exists(before) ? File.ReadAllText(before) : ""])!
                : compiler.GetMethod("CompileAll")!.Invoke(null, null)!);
            File.WriteAllText(arguments[1] + ".tmp", text);
            File.Move(arguments[1] + ".tmp", arguments[1], overwrite: true);
            return 0;
        }
        catch (TargetInvocationException failure)
        {
            Console.Error.WriteLine($"error HSENETPTX: {failure.InnerException!.Message.ReplaceLineEndings(" ")}");
            return 1;
        }
    }
}
