// Litmus tests of the memory model: which outcomes are allowed, and that the checker finds a race where the model has one and nowhere else.
using HSENet.Tests;

namespace HSENet.Ptx.Tests;

public class LitmusTests
{
    const string MessagePassing = "st x 1; {0}; st{1} y 1 | ld{2} y; if {3}; if ld x";
    const string StoreBuffering = "st.relaxed.gpu x 1; {0}; ld.relaxed.gpu y | st.relaxed.gpu y 1; {0}; ld.relaxed.gpu x";
    const string LoadBuffering = "ld.relaxed.gpu x; {0}; st.relaxed.gpu y 1 | ld.relaxed.gpu y; {0}; st.relaxed.gpu x 1";
    const string IndependentReads = "st.relaxed.gpu x 1 | st.relaxed.gpu y 1 | ld.relaxed.gpu x; {0}; ld.relaxed.gpu y"
        + " | ld.relaxed.gpu y; {0}; ld.relaxed.gpu x";

    [Theory]
    // message passing: seeing the flag and not the data
    [InlineData("st x 1; st.release.gpu y 1 | ld.acquire.gpu y; if ld x", Placement.Blocks, "1 0", false)]
    [InlineData("st x 1; st.release.cta y 1 | ld.acquire.cta y; if ld x", Placement.Blocks, "1 0", true)]
    [InlineData("st x 1; st.release.cta y 1 | ld.acquire.cta y; if ld x", Placement.Warps, "1 0", false)]
    [InlineData("st x 1; st.relaxed.gpu y 1 | ld.relaxed.gpu y; if ld x", Placement.Warps, "1 0", true)]
    [InlineData("st x 1; fence.acq_rel.gpu; st.relaxed.gpu y 1 | ld.relaxed.gpu y; fence.acq_rel.gpu; ld x", Placement.Blocks, "1 0",
        false)]
    [InlineData("st x 1; fence.acq_rel.gpu; st.relaxed.gpu y 1 | ld.relaxed.gpu y; ld x", Placement.Blocks, "1 0", true)]
    [InlineData("st x 1; fence.acq_rel.gpu; st.relaxed.gpu y 1 | ld.relaxed.gpu y; fence.acq_rel.cta; ld x", Placement.Blocks, "1 0", true)]
    [InlineData("st x 1; fence.acq_rel.gpu; atom.gpu y 1 | atom.gpu y 2; if fence.acq_rel.gpu; if ld x", Placement.Blocks, "0 1 0", false)]
    // store buffering: both see nothing
    [InlineData("st.relaxed.gpu x 1; ld.relaxed.gpu y | st.relaxed.gpu y 1; ld.relaxed.gpu x", Placement.Blocks, "0 0", true)]
    [InlineData("st.relaxed.gpu x 1; fence.acq_rel.gpu; ld.relaxed.gpu y | st.relaxed.gpu y 1; fence.acq_rel.gpu; ld.relaxed.gpu x",
        Placement.Blocks, "0 0", true)]
    [InlineData("st.relaxed.gpu x 1; fence.sc.gpu; ld.relaxed.gpu y | st.relaxed.gpu y 1; fence.sc.gpu; ld.relaxed.gpu x",
        Placement.Blocks, "0 0", false)]
    [InlineData("st.relaxed.gpu x 1; fence.sc.cta; ld.relaxed.gpu y | st.relaxed.gpu y 1; fence.sc.cta; ld.relaxed.gpu x",
        Placement.Blocks, "0 0", true)]
    [InlineData("st.relaxed.gpu x 1; fence.sc.cta; ld.relaxed.gpu y | st.relaxed.gpu y 1; fence.sc.cta; ld.relaxed.gpu x",
        Placement.Lanes, "0 0", false)]
    // load buffering: both see what comes later
    [InlineData("ld.relaxed.gpu x; st.relaxed.gpu y 1 | ld.relaxed.gpu y; st.relaxed.gpu x 1", Placement.Blocks, "1 1", true)]
    [InlineData("ld.relaxed.gpu x; fence.acq_rel.gpu; st.relaxed.gpu y 1 | ld.relaxed.gpu y; fence.acq_rel.gpu; st.relaxed.gpu x 1",
        Placement.Blocks, "1 1", false)]
    // independent reads of independent writes: in two orders
    [InlineData("st.relaxed.gpu x 1 | st.relaxed.gpu y 1 | ld.acquire.gpu x; ld.relaxed.gpu y | ld.acquire.gpu y; ld.relaxed.gpu x",
        Placement.Blocks, "1 0 1 0", true)]
    [InlineData("st.relaxed.gpu x 1 | st.relaxed.gpu y 1 | ld.relaxed.gpu x; fence.sc.gpu; ld.relaxed.gpu y"
        + " | ld.relaxed.gpu y; fence.sc.gpu; ld.relaxed.gpu x", Placement.Blocks, "1 0 1 0", false)]
    // coherence: a new value and then the old one
    [InlineData("st.relaxed.gpu x 1 | ld.relaxed.gpu x; ld.relaxed.gpu x", Placement.Blocks, "1 0", false)]
    [InlineData("st.relaxed.gpu x 1 | ld.relaxed.cta x; ld.relaxed.cta x", Placement.Blocks, "1 0", true)]
    [InlineData("st x 1 | ld x; ld x", Placement.Warps, "1 0", true)]
    public void The_model_says_which_outcomes_are_allowed(string test, Placement placement, string outcome, bool allowed) =>
        Assert.Equal(allowed, MemoryModel.Outcomes(new LitmusTest(test), placement).Contains(outcome));

    public static TheoryData<string> Tests
    {
        get
        {
            string[] fences = ["", "fence.acq_rel.cta", "fence.acq_rel.gpu", "fence.sc.gpu"];
            List<string> tests = [];
            foreach (string before in fences)
                foreach (string after in fences)
                    foreach (string scope in new[] { ".relaxed.cta", ".relaxed.gpu" })
                        tests.Add(Text(MessagePassing, before, scope, scope, after));
            foreach (string scope in new[] { "cta", "gpu" })
                foreach (string other in new[] { "cta", "gpu" })
                {
                    tests.Add($"st x 1; st.release.{scope} y 1 | ld.acquire.{other} y; if ld x");
                    tests.Add($"st x 1; fence.acq_rel.{scope}; atom.{other} y 1 | atom.{scope} y 2; if fence.acq_rel.{other}; if ld x");
                    tests.Add($"st x 1; atom.release.{scope} y 1 | atom.acquire.{other} y 2; if ld x");
                    tests.Add($"ld x; st.release.{scope} y 1 | ld.acquire.{other} y; if st x 2");
                    tests.Add($"st x 1; st.release.{scope} y 1 | ld.acquire.{other} y; if st.release.{scope} z 1"
                        + $" | ld.acquire.{other} z; if ld x");
                    tests.Add($"st x 1; fence.acq_rel.{scope}; atom.gpu y 1 | atom.{other} y 1 | ld.acquire.gpu y; if ld x");
                    tests.Add($"st.relaxed.{scope} x 1 | ld.relaxed.{other} x; ld.relaxed.{other} x");
                }
            tests.AddRange(fences.SelectMany(fence => new[] { Text(StoreBuffering, fence), Text(LoadBuffering, fence),
                Text(IndependentReads, fence) }));
            tests.AddRange(["st x 1 | ld x; ld x", "st x 1 | ld.relaxed.gpu x", "st x 1 | st x 2", "ld x | ld x", "st x 1 | atom.gpu x 2",
                "st x 1; fence.acq_rel.gpu; atom.gpu y 1 | st.relaxed.gpu y 1 | ld.acquire.gpu y; if ld x"]);
            return [.. tests];
        }
    }

    [Theory]
    [MemberData(nameof(Tests))]
    public void The_checker_finds_a_race_where_the_model_has_one_and_nowhere_else(string text)
    {
        // Where executions of the same outcome differ, one of them is what the emulator did.
        foreach ((string place, bool found, IEnumerable<bool> model) in Verdicts(text))
            Assert.True(model.Contains(found), $"{place}: the checker says {(found ? "race" : "clean")}");
    }

    // The checker keeps the last writer and reader of a word exactly: of random tests it may miss races behind those, but invents none.
    [Fact]
    public void Random_tests_give_no_false_alarm_and_hardly_a_miss()
    {
        string[] forms = ["ld {0}", "st {0} {1}", "ld.relaxed.gpu {0}", "st.relaxed.gpu {0} {1}", "ld.acquire.gpu {0}",
            "st.release.gpu {0} {1}", "ld.acquire.cta {0}", "st.release.cta {0} {1}", "atom.gpu {0} {1}", "atom.acq_rel.gpu {0} {1}",
            "atom.cta {0} {1}", "fence.acq_rel.gpu", "fence.acq_rel.cta"];
        Random random = new(5);
        int races = 0, missed = 0;
        for (int n = 0; n < (GoldenFolder.LongChecks ? 1000 : 200); n++)
        {
            int threads = random.Next(2, 4), most = threads == 2 ? 5 : 4;
            string text = string.Join(" | ", Enumerable.Range(0, threads).Select(_ => string.Join("; ",
                Enumerable.Range(0, random.Next(1, most)).Select(_ => string.Format(System.Globalization.CultureInfo.InvariantCulture,
                    forms[random.Next(forms.Length)], "xy"[random.Next(2)], random.Next(1, 3))))));
            foreach ((string place, bool found, IEnumerable<bool> model) in Verdicts(text))
            {
                races += found ? 1 : 0;
                missed += !found && !model.Contains(false) ? 1 : 0;
                Assert.True(!found || model.Contains(true), $"{text}: {place}: a false alarm");
            }
        }
        Assert.InRange(missed, 0, races / 20);
    }

    // Every place of the threads in both orders: what the checker finds, and what the model has for the same outcome.
    static IEnumerable<(string Place, bool Race, IEnumerable<bool> Model)> Verdicts(string text)
    {
        LitmusTest test = new(text);
        foreach (Placement placement in Enum.GetValues<Placement>())
        {
            ILookup<string, bool> outcomes = MemoryModel.Outcomes(test, placement);
            foreach (bool reversed in new[] { false, true })
            {
                (string outcome, bool race) = test.Run(placement, reversed);
                Assert.True(outcomes.Contains(outcome), $"{text}: {placement}: {outcome} is not allowed");
                yield return ($"{placement}, {(reversed ? "last" : "first")} thread first, outcome {outcome}", race, outcomes[outcome]);
            }
        }
    }

    static string Text(string shape, params string[] parts) =>
        string.Join(" | ", string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, parts).Split('|').Select(thread =>
            string.Join("; ", thread.Split(';', StringSplitOptions.TrimEntries).Where(op => op is not ("" or "if")))));
}
