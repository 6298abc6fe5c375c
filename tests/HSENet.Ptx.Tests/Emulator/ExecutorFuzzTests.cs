// Mutated PTX through parser and executor: nothing but the project's own errors, and no byte outside the allocations changes.
namespace HSENet.Ptx.Tests;

public class ExecutorFuzzTests
{
    static readonly int Mutations = Environment.GetEnvironmentVariable("HSENET_LONG") == "1" ? 100_000 : 2_000;

    static readonly EmulatorOptions[] Levels =
    [
        new() { MaxInstructions = 3_000, Checks = false, Threads = 1 },
        new() { MaxInstructions = 3_000, Threads = 1 },
        new() { MaxInstructions = 3_000, Threads = 1, Races = true, Profile = true },
    ];

    [Fact]
    public void Mutated_kernels_fail_in_words_or_run()
    {
        string[] texts = [.. Sample.Names.Select(Sample.Text)];
        Random random = new(11);
        int launched = 0;
        byte[] around = GC.AllocateArray<byte>(3 * 4096, pinned: true);
        Array.Fill(around, (byte)0xa5);
        for (int i = 0; i < Mutations; i++)
        {
            string text = Mutate(texts[i % texts.Length], texts[random.Next(texts.Length)], random);
            try
            {
                launched += Launch(text, random, around, Levels[i % Levels.Length]);
            }
            catch (Exception failure) when (failure is PtxException or EmulatorException)
            {
                Assert.NotEmpty(failure.Message);
            }
        }
        Assert.True(launched > Mutations / 20, $"only {launched} of {Mutations} mutations reached the executor");
        Assert.DoesNotContain(around[..4096], b => b != 0xa5);
        Assert.DoesNotContain(around[8192..], b => b != 0xa5);
    }

    // The memory is the middle page of three, so a stray write shows in the others.
    static unsafe int Launch(string text, Random random, byte[] around, EmulatorOptions options)
    {
        using EmulatorModule module = EmulatorModule.Load(text);
        int launched = 0;
        foreach (EmulatorKernel kernel in module.Kernels.Values)
        {
            using EmulatorMemory memory = new();
            fixed (byte* pointer = around)
            {
                ulong address = memory.Attach((nint)pointer + 4096, 4096, "x", readOnly: false).Address;
                byte[] parameters = new byte[kernel.ParameterBytes];
                for (int at = 0; at + 8 <= parameters.Length; at += 8)
                    BitConverter.TryWriteBytes(parameters.AsSpan(at),
                        random.Next(3) switch
                        {
                            0 => address + (ulong)random.Next(-64, 4160),
                            1 => (ulong)random.Next(100),
                            _ =>
                        (ulong)random.NextInt64()
                        });
                int threads = Math.Min(random.Next(1, 70), kernel.MaxThreadsPerBlock);
                launched++;
                new Emulator(memory).Launch(kernel, random.Next(1, 4), threads, random.Next(256), parameters, options);
            }
        }
        return launched;
    }

    static string Mutate(string text, string other, Random random)
    {
        List<string> lines = [.. text.Split('\n')];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int at = random.Next(lines.Count);
            switch (random.Next(7))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    lines.Insert(at, lines[random.Next(lines.Count)]);
                    break;
                case 2:
                    (lines[at], lines[random.Next(lines.Count)]) = (lines[random.Next(lines.Count)], lines[at]);
                    break;
                case 3:
                    string[] others = other.Split('\n');
                    lines.Insert(at, others[random.Next(others.Length)]);
                    break;
                case 4: // another number somewhere
                    lines[at] = System.Text.RegularExpressions.Regex.Replace(lines[at], @"\d+", match =>
                        random.Next(3) == 0 ? Number(random) : match.Value);
                    break;
                case 5: // another word of the text in place of one
                    string[] words = lines[random.Next(lines.Count)].Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries),
                        own = lines[at].Split('\t');
                    if (words.Length > 0)
                        own[random.Next(own.Length)] = words[random.Next(words.Length)];
                    lines[at] = string.Join('\t', own);
                    break;
                default: // one character
                    if (lines[at].Length > 0)
                    {
                        int c = random.Next(lines[at].Length);
                        lines[at] = lines[at][..c] + (char)random.Next(32, 127) + lines[at][(c + 1)..];
                    }
                    break;
            }
            if (lines.Count == 0)
                lines.Add("");
        }
        return string.Join('\n', lines);
    }

    static string Number(Random random) => random.Next(4) switch
    {
        0 => $"{random.Next(40)}",
        1 => $"{random.Next()}",
        2 => $"{random.NextInt64()}",
        _ => $"{1L << random.Next(62)}",
    };
}
