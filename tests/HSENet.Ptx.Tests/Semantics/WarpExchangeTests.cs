// Lanes and matrices: ldmatrix, stmatrix, movmatrix, shfl, vote, match and redux against their definitions
namespace HSENet.Ptx.Tests;

public unsafe class WarpExchangeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lane_holds_two_neighbours_of_a_row_or_of_a_column(bool transposed)
    {
        uint* rows = stackalloc uint[32], register = stackalloc uint[32], back = stackalloc uint[32];
        ushort* elements = (ushort*)rows;
        for (int i = 0; i < 64; i++)
            elements[i] = (ushort)(i * 257 + 1); // element (row, column) is number 8 row + column
        MatrixFragments.Load(rows, register, transposed);
        for (int lane = 0; lane < 32; lane++)
            for (int part = 0; part < 2; part++)
            {
                int major = lane / 4, minor = 2 * (lane % 4) + part;
                int number = transposed ? 8 * minor + major : 8 * major + minor;
                Assert.Equal(number * 257 + 1, (int)(register[lane] >> (16 * part) & 0xffff));
            }
        MatrixFragments.Store(register, back, transposed);
        Assert.True(new ReadOnlySpan<uint>(rows, 32).SequenceEqual(new ReadOnlySpan<uint>(back, 32)));
        if (!transposed)
        {
            MatrixFragments.Load(rows, back, true);
            MatrixFragments.Transpose(register, register);
            Assert.True(new ReadOnlySpan<uint>(register, 32).SequenceEqual(new ReadOnlySpan<uint>(back, 32)));
        }
    }

    /// <summary>Segments of every width that ILGPU and CUDA write: c = (32 - width) &lt;&lt; 8 | 31, and 0 as clamp for up.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void Shuffles_stay_inside_their_segment(int width)
    {
        uint segment = (uint)(32 - width) << 8;
        for (int lane = 0; lane < 32; lane++)
            for (int b = 0; b < 64; b++)
            {
                int start = lane / width * width, distance = b % 32;
                Expect(ShuffleMode.Up, segment, lane - distance >= start, lane - distance);
                Expect(ShuffleMode.Down, segment | 31, lane + distance < start + width, lane + distance);
                Expect(ShuffleMode.Butterfly, segment | 31, (lane ^ distance) < start + width, lane ^ distance);
                Expect(ShuffleMode.Index, segment | 31, true, start + distance % width);

                void Expect(ShuffleMode mode, uint c, bool inRange, int source) =>
                    Assert.Equal((inRange ? source : lane, inRange), WarpExchange.ShuffleSource(mode, lane, (uint)b, c));
            }
    }

    [Fact]
    public void A_whole_warp_shuffles_as_its_lanes_do()
    {
        Random random = new(6);
        uint* rows = stackalloc uint[4 * 32];
        uint* values = rows, b = rows + 32, c = rows + 64, result = rows + 96;
        for (int round = 0; round < 400; round++)
            foreach (ShuffleMode mode in Enum.GetValues<ShuffleMode>())
            {
                for (int lane = 0; lane < 32; lane++)
                {
                    values[lane] = (uint)random.Next();
                    b[lane] = (uint)random.Next(40);
                    c[lane] = random.Next(2) == 0 ? 31 : (uint)random.Next(0x2000);
                }
                uint inRange = WarpExchange.Shuffle(mode, values, b, c, result);
                for (int lane = 0; lane < 32; lane++)
                {
                    (int source, bool inside) = WarpExchange.ShuffleSource(mode, lane, b[lane], c[lane]);
                    Assert.Equal((values[source], inside), (result[lane], (inRange >> lane & 1) != 0));
                }
            }
    }

    [Fact]
    public void A_clamp_below_31_limits_the_source_lane()
    {
        Assert.Equal((9, true), WarpExchange.ShuffleSource(ShuffleMode.Down, 4, 5, 9));
        Assert.Equal((5, false), WarpExchange.ShuffleSource(ShuffleMode.Down, 5, 5, 9));
        Assert.Equal((7, false), WarpExchange.ShuffleSource(ShuffleMode.Index, 7, 12, 9));
        Assert.Equal((3, true), WarpExchange.ShuffleSource(ShuffleMode.Up, 5, 2, 3));
        Assert.Equal((4, false), WarpExchange.ShuffleSource(ShuffleMode.Up, 4, 2, 3));
    }

    [Fact]
    public void Votes_look_at_members_alone()
    {
        Assert.True(WarpExchange.VoteAll(0xf0, 0xff));
        Assert.False(WarpExchange.VoteAll(0xf0, 0x7f));
        Assert.True(WarpExchange.VoteAny(0xf0, 0x10));
        Assert.False(WarpExchange.VoteAny(0xf0, 0x0f));
        Assert.True(WarpExchange.VoteUniform(0xf0, 0x0f));
        Assert.True(WarpExchange.VoteUniform(0xf0, 0xf0));
        Assert.False(WarpExchange.VoteUniform(0xf0, 0x30));
        Assert.Equal(0x30u, WarpExchange.VoteBallot(0xf0, 0x3f));
    }

    [Fact]
    public void Matches_are_found_among_members_alone()
    {
        ulong[] values = [.. Enumerable.Range(0, 32).Select(lane => (ulong)(lane % 3) << 40)];
        uint members = 0x00ffff0f;
        for (int lane = 0; lane < 32; lane++)
        {
            uint expected = 0;
            for (int other = 0; other < 32; other++)
                if ((members >> other & 1) != 0 && other % 3 == lane % 3)
                    expected |= 1u << other;
            Assert.Equal(expected, WarpExchange.MatchAny(members, values, lane));
        }
        Assert.Equal((0u, false), WarpExchange.MatchAll(members, values));
        Assert.Equal((0b1001001u, true), WarpExchange.MatchAll(0b1001001, values));
    }

    [Fact]
    public void Reductions_combine_members_with_the_sign_that_the_type_says()
    {
        uint[] values = [.. Enumerable.Range(0, 32).Select(lane => (uint)(lane * 0x9e3779b9u))];
        uint members = 0x8421_8421;
        uint[] chosen = [.. Enumerable.Range(0, 32).Where(lane => (members >> lane & 1) != 0).Select(lane => values[lane])];
        Assert.Equal(chosen.Aggregate((a, b) => a + b), WarpExchange.Reduce(ReduxOperation.Add, false, members, values));
        Assert.Equal(chosen.Min(), WarpExchange.Reduce(ReduxOperation.Min, false, members, values));
        Assert.Equal(chosen.Max(), WarpExchange.Reduce(ReduxOperation.Max, false, members, values));
        Assert.Equal((uint)chosen.Min(v => (int)v), WarpExchange.Reduce(ReduxOperation.Min, true, members, values));
        Assert.Equal((uint)chosen.Max(v => (int)v), WarpExchange.Reduce(ReduxOperation.Max, true, members, values));
        Assert.Equal(chosen.Aggregate((a, b) => a & b), WarpExchange.Reduce(ReduxOperation.And, false, members, values));
        Assert.Equal(chosen.Aggregate((a, b) => a | b), WarpExchange.Reduce(ReduxOperation.Or, false, members, values));
        Assert.Equal(chosen.Aggregate((a, b) => a ^ b), WarpExchange.Reduce(ReduxOperation.Xor, false, members, values));
    }
}
