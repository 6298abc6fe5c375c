// The model's volume of a phantom, drawn straight: what preprocessing makes of its scan, without the scan.
namespace HSENet.Phantoms;

static class PreparedVolume
{
    /// <summary>What is drawn along x, then y, then z, in the order of the model's volume: from the feet to the head, rows from the
    /// patient's right to the left, columns from front to back.</summary>
    public static float[] Turned<T>(T[] drawn, (int Depth, int Height, int Width) size, Func<T, float> value)
    {
        float[] volume = new float[drawn.Length];
        var (depth, height, width) = size;
        for (int z = 0, i = 0; z < depth; z++)
            for (int x = 0; x < height; x++)
                for (int y = 0; y < width; y++, i++)
                    volume[i] = value(drawn[(z * width + y) * height + x]);
        return volume;
    }
}
