// hsenet ptx driver: starts a program with a CUDA driver that is the emulator.
using System.CommandLine;
using System.Diagnostics;
using HSENet.Ptx;
using HSENet.Runtime;

namespace HSENet.Cli;

static class PtxDriverCommand
{
    const string Library = "libcuda.so.1";

    public static Command Create()
    {
        var program = new Argument<string[]>("program")
        {
            Description = "A program and its arguments, behind --.",
            Arity = ArgumentArity.OneOrMore,
        };
        var gpu = PtxProfileCommand.Gpu();
        var library = new Option<string?>("--library")
        {
            Description = $"Folder with the {Library} that 'dotnet publish src/HSENet.Ptx.Driver' makes; otherwise 'driver' beside hsenet.",
        };
        var findings = new Option<string?>("--findings")
        {
            Description = "Write what the checker finds to this file, a line of JSON each.",
        };
        var races = new Option<bool>("--no-races") { Description = "Do not look for races; everything else is checked." };
        var strict = new Option<bool>("--strict") { Description = "Count a last block that reads without a fence of its own as a race." };
        var verbose = Verb.Verbose();
        var command = new Command("driver", $"""
            Starts a program with a CUDA driver that runs kernels in the emulator, every access checked; findings go to stderr. The program
            must load {Library} and PTX text. Exit code: the program's; 1 when that is 0 and the checker found something or a kernel failed.

            Examples:
              dotnet publish -c Release src/HSENet.Ptx.Driver -r linux-x64 -o driver
              hsenet ptx driver --gpu h200 --library driver -- ./program argument
            """)
        { program, gpu, library, findings, races, strict, verbose };
        command.Run(verbose, async (parsed, cancellation) =>
        {
            string folder = Path.GetFullPath(parsed.GetValue(library) ?? Path.Combine(AppContext.BaseDirectory, "driver"));
            if (!File.Exists(Path.Combine(folder, Library)))
                throw new HseNetFileException(folder, $"has no {Library}", "what 'dotnet publish -c Release src/HSENet.Ptx.Driver' makes");
            GpuModel model = PtxRungs.Gpu(parsed.GetRequiredValue(gpu));
            string[] words = parsed.GetRequiredValue(program);
            string? kept = parsed.GetValue(findings);
            string file = kept ?? Path.GetTempFileName();
            try
            {
                await File.WriteAllTextAsync(file, "", cancellation).ConfigureAwait(false);
                int exit = await Start(words, new()
                {
                    ["HSENET_PTX_GPU"] = model.Key,
                    ["HSENET_PTX_FINDINGS"] = Path.GetFullPath(file),
                    ["HSENET_PTX_RACES"] = parsed.GetValue(races) ? "0" : "1",
                    ["HSENET_PTX_STRICT"] = parsed.GetValue(strict) ? "1" : "0",
                }, folder, cancellation).ConfigureAwait(false);
                return exit == 0 && new FileInfo(file).Length > 0 ? ExitCode.Failed : exit;
            }
            finally
            {
                if (kept == null)
                    File.Delete(file);
            }
        });
        return command;
    }

    static async Task<int> Start(
        string[] words, Dictionary<string, string> settings, string folder, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(words[0], words[1..]) { UseShellExecute = false };
        string? others = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH");
        start.Environment["LD_LIBRARY_PATH"] = string.IsNullOrEmpty(others) ? folder : $"{folder}:{others}";
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        try
        {
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HseNetException($"{words[0]} cannot be started: {e.Message}", e);
        }
    }
}
