// Where position tables of vision encoders start: sines and cosines of the place along each axis.
namespace HSENet.Training;

static class StartPositions
{
    const double LongestWave = 10000;

    /// <summary>
    /// [places, channels] for the places of a grid, row-major. The channels are shared out evenly over the axes, the rest is 0; of an axis
    /// with n frequencies, channel i is sin(place · LongestWave^(−i/n)) and channel n + i its cosine (the table of Vaswani et al. for each
    /// axis, as masked autoencoders take it).
    /// </summary>
    /// <param name="grid">Places along each axis.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="first">Rows of 0 in front: the class token of a table that has a place for it.</param>
    public static float[] SinesAndCosines(ReadOnlySpan<int> grid, int channels, int first = 0)
    {
        int places = 1, waves = channels / (2 * grid.Length);
        foreach (int size in grid)
            places *= size;
        float[] table = new float[(first + places) * channels];
        for (int place = 0; place < places; place++)
            for (int axis = grid.Length - 1, rest = place; axis >= 0; rest /= grid[axis--])
                for (int i = 0; i < waves; i++)
                {
                    double angle = rest % grid[axis] * Math.Pow(LongestWave, -(double)i / waves);
                    int at = (first + place) * channels + axis * 2 * waves + i;
                    (table[at], table[at + waves]) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
                }
        return table;
    }
}
