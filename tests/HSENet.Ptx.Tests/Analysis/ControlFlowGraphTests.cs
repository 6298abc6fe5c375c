// Blocks, edges and immediate post-dominators, the latter against the definition on random graphs.
using CsCheck;

namespace HSENet.Ptx.Tests;

public class ControlFlowGraphTests
{
    [Fact]
    public void Branches_meet_at_the_post_dominator()
    {
        ControlFlowGraph graph = Graph("""
            @%p1 bra A;
            mov.b32 %r1, 1;
            bra.uni B;
            A: mov.b32 %r1, 2;
            B: @!%p1 ret;
            ret;
            """);
        Assert.Equal([(0, 1), (1, 3), (3, 4), (4, 5), (5, 6)], graph.Blocks.Select(block => (block.Start, block.End)));
        Assert.Equal([2, 1], graph.Blocks[0].Successors);
        Assert.Equal([graph.Exit, 4], graph.Blocks[3].Successors);
        Assert.Equal([3, 3, 3, graph.Exit, graph.Exit], graph.Blocks.Select(block => block.ImmediatePostDominator));
        Assert.Equal([1, 2], graph.Blocks[3].Predecessors);
    }

    [Fact]
    public void Indexed_branches_go_to_every_target()
    {
        ControlFlowGraph graph = Graph("brx.idx %r1, T; T: .branchtargets A, B, A; A: ret; B: ret;");
        Assert.Equal([1, 2], graph.Blocks[0].Successors);
    }

    [Fact]
    public void Loops_without_an_end_are_given_the_exit()
    {
        ControlFlowGraph graph = Graph("bar.sync 0; A: bar.sync 0; mov.b32 %r1, 1; bra A;", instruction => instruction.Opcode == "bar");
        Assert.Equal([1, 2, 3], graph.Blocks.Select(block => block.ImmediatePostDominator));
    }

    [Fact]
    public void An_empty_body_has_no_blocks() => Assert.Empty(Graph("").Blocks);

    [Fact]
    public void Inner_blocks_may_use_the_names_of_outer_ones()
    {
        PtxCode code = PtxCode.Of(Sample.Kernel("""
            { .reg .b32 x; .param .b32 q; L: mov.b32 x, 1; @%p1 bra L; st.param.b32 [q], x; }
            { .reg .f32 x; .param .b32 q; L: mov.f32 x, 0f00000000; @%p1 bra L; st.param.f32 [q+4], x; }
            """).Entries.Single());
        Assert.Equal(["q", "q$1"], code.Variables.Select(variable => variable.Name));
        Assert.Equal([0, 3], code.Labels.Values);
        Assert.Equal([PtxType.B32, PtxType.F32],
            code.Registers.Where(register => register.Key.StartsWith('x')).Select(register => register.Value));
        Assert.StartsWith("st.param.f32 [q$1+4], x$", code.Instructions[^1].ToString());
        Assert.NotEqual(code.Instructions[1].Operands, code.Instructions[4].Operands);
    }

    [Theory]
    [InlineData("bra A;", "label 'A' is not in 'k'")]
    [InlineData("A: ret; A: ret;", "'A' is declared twice")]
    [InlineData("brx.idx %r1, T; T: .branchtargets A;", "label 'A' of 'T' is not in 'k'")]
    [InlineData("brx.idx %r1, T;", "branch targets 'T' are not in 'k'")]
    public void Missing_and_double_labels_are_errors(string body, string expected) =>
        Assert.Contains(expected, Assert.Throws<PtxException>(() => Graph(body)).Message);

    [Fact]
    public void Post_dominators_are_those_of_the_definition() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 3]).Array[1, 10].Sample(blocks =>
        {
            string body = string.Concat(blocks.Select((block, i) => $"L{i}: " + block.Item3 switch
            {
                0 => "ret;\n",
                1 => $"bra L{block.Item1 % blocks.Length};\n",
                2 => $"@%p1 bra L{block.Item1 % blocks.Length};\n",
                _ => $"brx.idx %r1, T{i}; T{i}: .branchtargets L{block.Item1 % blocks.Length}, L{block.Item2 % blocks.Length};\n",
            }));
            ControlFlowGraph graph = Graph(body);
            bool everyBlockLeaves = graph.Blocks.All(block => Reaches(graph, block.Index, graph.Exit, -1));
            foreach (BasicBlock block in graph.Blocks.Where(_ => everyBlockLeaves))
                Assert.Equal(Nearest(graph, block.Index), block.ImmediatePostDominator);
        }, iter: 5000);

    // Of the nodes that cannot be avoided on the way out, the one that is met first: all others lie behind it.
    static int Nearest(ControlFlowGraph graph, int block)
    {
        int[] needed = [.. Enumerable.Range(0, graph.Exit).Where(node => node != block && !Reaches(graph, block, graph.Exit, node))
            .Append(graph.Exit)];
        return needed.Single(node => needed.All(other => other == node || other == graph.Exit || !Reaches(graph, node, graph.Exit, other)));
    }

    static bool Reaches(ControlFlowGraph graph, int from, int to, int avoiding)
    {
        HashSet<int> seen = [from];
        Queue<int> queue = new(seen);
        while (queue.TryDequeue(out int node))
            if (node == to)
                return true;
            else if (node != graph.Exit)
                foreach (int next in graph.Blocks[node].Successors.Where(next => next != avoiding && seen.Add(next)))
                    queue.Enqueue(next);
        return false;
    }

    static ControlFlowGraph Graph(string body, Func<PtxInstruction, bool>? endsBlock = null) =>
        ControlFlowGraph.Of(PtxCode.Of(Sample.Kernel(body).Entries.Single()), endsBlock);
}
