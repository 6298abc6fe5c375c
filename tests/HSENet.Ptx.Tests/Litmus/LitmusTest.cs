// A litmus test: a few accesses and fences of a few threads, as the memory model sees them and as a kernel.
using System.Text;

namespace HSENet.Ptx.Tests;

/// <summary>Where the threads of a litmus test are.</summary>
public enum Placement
{
    Lanes,
    Warps,
    Blocks,
}

/// <summary>An access or a fence. <c>If</c> means: only if the thread's first read gave 1.</summary>
sealed record LitmusOp(string Text)
{
    // "st.relaxed.gpu x 1", "ld x", "atom.gpu x 1" (an exchange), "fence.sc.gpu", all of them with "if " in front.
    readonly string[] _words = Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public bool If => _words[0] == "if";

    public string Form => _words[If ? 1 : 0];

    public string Word => _words[(If ? 1 : 0) + 1];

    public int Value => int.Parse(_words[^1]);

    public bool IsFence => Form.StartsWith("fence", StringComparison.Ordinal);

    public bool Writes => Form.StartsWith("st", StringComparison.Ordinal) || IsExchange;

    public bool Reads => Form.StartsWith("ld", StringComparison.Ordinal) || IsExchange;

    public bool IsExchange => Form.StartsWith("atom", StringComparison.Ordinal);

    public bool Strong => IsFence || IsExchange || Has("relaxed") || Has("acquire") || Has("release");

    public bool Acquires => Has("acquire") || Has("acq_rel") || Has("sc");

    public bool Releases => Has("release") || Has("acq_rel") || Has("sc");

    public bool IsOfBlock => Has("cta");

    public bool Has(string word) => Form.Split('.').Contains(word);
}

/// <summary>The threads of a test, each a list of operations.</summary>
sealed class LitmusTest(string threads)
{
    /// <summary>The operations of each thread; a text has them between ';', the threads between '|'.</summary>
    public LitmusOp[][] Threads { get; } = [.. threads.Split('|').Select(thread =>
        thread.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(op => new LitmusOp(op)).ToArray())];

    public string[] Words => [.. Threads.SelectMany(thread => thread).Where(op => !op.IsFence).Select(op => op.Word).Distinct().Order()];

    public int ReadCount => Threads.Sum(thread => thread.Count(op => op.Reads));

    /// <summary>Runs it in the emulator, whose threads come one after the other: what the reads gave (-1 when not made), and whether a
    /// race was found. The first thread of the test is the last to run when <paramref name="reversed"/>.</summary>
    public (string Outcome, bool Race) Run(Placement placement, bool reversed)
    {
        string[] words = Words;
        StringBuilder body = new("ld.param.u64 %rd0, [p0]; ld.param.u64 %rd1, [p1];\n");
        body.AppendLine(placement == Placement.Blocks ? "mov.u32 %r0, %ctaid.x;" : "mov.u32 %r0, %tid.x;");
        if (placement == Placement.Warps)
            body.AppendLine("and.b32 %r1, %r0, 31; setp.ne.u32 %p0, %r1, 0; @%p0 bra END; shr.u32 %r0, %r0, 5;");
        int read = 0;
        for (int n = 0; n < Threads.Length; n++)
        {
            int number = reversed ? Threads.Length - 1 - n : n;
            body.AppendLine($"setp.ne.u32 %p0, %r0, {number}; @%p0 bra NEXT{n}; mov.pred %p1, 0;");
            bool first = true;
            foreach (LitmusOp op in Threads[n])
            {
                string guard = op.If ? "@%p1 " : "", form = op.Form;
                string place = op.IsFence ? "" : $"[%rd0+{64 * Array.IndexOf(words, op.Word)}]";
                form = form == "ld" || form == "st" ? form + ".weak" : form;
                if (op.IsFence)
                    body.AppendLine(guard + form + ";");
                else if (op.IsExchange)
                    body.AppendLine($"{guard}{form.Replace("atom", "atom.global")}.exch.b32 %r9, {place}, {op.Value};");
                else
                    body.AppendLine(guard + form + (op.Writes ? $".global.u32 {place}, {op.Value};" : $".global.u32 %r9, {place};"));
                if (!op.Reads)
                    continue;
                body.AppendLine($"{guard}st.global.u32 [%rd1+{4 * read++}], %r9;");
                if (first)
                    body.AppendLine("setp.eq.u32 %p1, %r9, 1;");
                first = false;
            }
            body.AppendLine($"NEXT{n}:");
        }
        body.AppendLine("END:");
        using Kernel kernel = Kernel.Of(body.ToString(), 2);
        EmulatorAllocation results = kernel.Buffer("results", [.. Enumerable.Repeat(-1, Math.Max(1, ReadCount))]);
        int threads = placement == Placement.Lanes ? Threads.Length : placement == Placement.Warps ? 32 * Threads.Length : 1;
        EmulatorResult result = kernel.Launch(placement == Placement.Blocks ? Threads.Length : 1, threads,
            new EmulatorOptions { Races = true, Strict = true }, kernel.Buffer("words", new uint[16 * words.Length]), results);
        Assert.All(result.Findings, finding => Assert.Equal((FindingKind.Race, "words"), (finding.Kind, finding.Allocation)));
        return (string.Join(' ', Kernel.Values<int>(results)[..ReadCount]), result.FindingCount > 0);
    }
}
