// CUDA's own assembler and disassembler, where a machine has them: what they make of PTX. They need no GPU and no driver.
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

/// <summary>A kernel as the assembler made it.</summary>
/// <param name="Listing">The machine code, each instruction with its line of the PTX.</param>
/// <param name="StackBytes">Local memory of a thread.</param>
/// <param name="SpillStoreBytes">Bytes of registers that found no place and are stored in local memory.</param>
/// <param name="SpillLoadBytes">Bytes of them that are loaded again.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
public sealed record AssembledKernel(MachineListing Listing, int StackBytes, int SpillStoreBytes, int SpillLoadBytes, int SharedBytes);

/// <summary>PTX that the assembler refused, or programs that are not where they were said to be; the message is one line.</summary>
public sealed class AssemblerException(string message) : HseNetException(message);

/// <summary><c>ptxas</c> and <c>nvdisasm</c>.</summary>
public sealed partial class Assembler
{
    /// <summary>What to say where there is no assembler.</summary>
    public const string HowToInstall =
        "CUDA's ptxas and nvdisasm were not found by --cuda, CUDA_HOME or PATH; CUDA has them, and Debian's package "
        + "nvidia-cuda-toolkit (non-free), which need not be installed: .ci/cuda unpacks it";

    readonly string _ptxas, _nvdisasm;

    Assembler(string ptxas, string nvdisasm)
    {
        (_ptxas, _nvdisasm) = (ptxas, nvdisasm);
        string text = Start(ptxas, "--version").Output;
        Release = ReleaseText().Match(text) is { Success: true } found ? Version.Parse(found.Groups[1].Value)
            : throw new AssemblerException($"{ptxas} --version: expected a release, got '{text.Split('\n')[0]}'");
    }

    /// <summary>The release of CUDA that it belongs to, such as 11.8.</summary>
    public Version Release { get; }

    /// <summary>Finds the programs.</summary>
    /// <param name="folder">Where they are, or whose <c>bin</c> has them; null to look at <c>CUDA_HOME</c> and <c>PATH</c>.</param>
    /// <returns>Null when neither names a folder that has both.</returns>
    /// <exception cref="AssemblerException">The named folder does not have them.</exception>
    public static Assembler? Find(string? folder = null)
    {
        if (folder != null)
            return In([folder, Path.Combine(folder, "bin")])
                ?? throw new AssemblerException($"{folder}: expected CUDA's ptxas and nvdisasm in it or in its bin");
        string? home = Environment.GetEnvironmentVariable("CUDA_HOME");
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return In(string.IsNullOrEmpty(home) ? path : [Path.Combine(home, "bin"), home, .. path]);
    }

    /// <summary>Assembles all kernels of a text.</summary>
    /// <param name="ptx">The text.</param>
    /// <param name="architecture">Such as <c>sm_90</c>; a text for <c>sm_90a</c> is assembled for that.</param>
    /// <exception cref="AssemblerException">The assembler refused the text.</exception>
    /// <exception cref="PtxException">The text is no PTX.</exception>
    public IReadOnlyList<AssembledKernel> Assemble(string ptx, string architecture)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        ArgumentNullException.ThrowIfNull(architecture);
        string input = AssemblerInput.WithLines(ptx, NewestVersion);
        string target = PtxModule.Parse(ptx).Target;
        string folder = Directory.CreateTempSubdirectory("ptx-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernel.ptx"), binary = Path.Combine(folder, "kernel.cubin");
            File.WriteAllText(source, input);
            var (code, said) = Start(_ptxas, "-v", "-lineinfo", $"-arch={(target == architecture + "a" ? target : architecture)}", source,
                "-o", binary);
            if (code != 0)
                throw new AssemblerException($"ptxas {Release} for {architecture}: {FirstError(said, source)}");
            var (failed, listing) = Start(_nvdisasm, "-c", "-g", "-hex", binary);
            if (failed != 0)
                throw new AssemblerException($"nvdisasm: {FirstError(listing, binary)}");
            return [.. MachineListingText.FromDisassembly(listing, architecture).Select(kernel => Described(kernel, said))
                .OrderBy(kernel => MachineListing.FirstLine(ptx, kernel.Listing.Kernel))];
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    // PTX's versions go with CUDA's releases, four behind: 11.8 has 7.8, 13.0 has 9.0.
    Version NewestVersion => new(Release.Major - 4, Release.Minor);

    static AssembledKernel Described(MachineListing kernel, string said)
    {
        string name = Regex.Escape(kernel.Kernel);
        Match about = Regex.Match(said, $@"Compiling entry function '{name}'.*?Used (\d+) registers([^\n]*)", RegexOptions.Singleline);
        if (!about.Success)
            throw new AssemblerException($"ptxas said nothing of the registers of {kernel.Kernel}");
        int Number(string pattern) => Regex.Match(about.Value, pattern) is { Success: true } found
            ? int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        return new AssembledKernel(kernel with { Registers = int.Parse(about.Groups[1].Value, CultureInfo.InvariantCulture) },
            Number(@"(\d+) bytes stack"), Number(@"(\d+) bytes spill stores"), Number(@"(\d+) bytes spill loads"),
                Number(@"(\d+) bytes smem"));
    }

    static string FirstError(string said, string file)
    {
        string line = said.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)
            || line.Contains("fatal", StringComparison.OrdinalIgnoreCase)) ?? said.Split('\n')[0];
        return InputLine().Replace(line.Replace(file, "", StringComparison.Ordinal), "").Trim();
    }

    static Assembler? In(IEnumerable<string> folders)
    {
        string end = OperatingSystem.IsWindows() ? ".exe" : "";
        return folders.Select(folder => (Ptxas: Path.Combine(folder, "ptxas" + end), Nvdisasm: Path.Combine(folder, "nvdisasm" + end)))
            .FirstOrDefault(pair => File.Exists(pair.Ptxas) && File.Exists(pair.Nvdisasm)) is { Ptxas: not null } found
            ? new Assembler(found.Ptxas, found.Nvdisasm) : null;
    }

    static (int Code, string Output) Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, errors.Result + output);
        }
        catch (Win32Exception e)
        {
            throw new AssemblerException($"{program} cannot be started ({e.Message})");
        }
    }

    [GeneratedRegex(@"release (\d+\.\d+)")]
    private static partial Regex ReleaseText();

    // Its lines are those of the text with marks: they would mislead.
    [GeneratedRegex(@"(ptxas\s*)?,?\s*line \d+;?\s*")]
    private static partial Regex InputLine();
}
