// What preprocessing gives to the model, on the device.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A study in the form that the model takes: lies in device memory until it is disposed.</summary>
sealed class PreparedStudy : IDisposable
{
    readonly List<DeviceMemory> _memories = [];

    internal PreparedStudy(string source, string preprocessing) => (Source, Preprocessing) = (source, preprocessing);

    /// <summary>Name of the file or stream, for messages.</summary>
    public string Source { get; }

    /// <summary>Name and version of the preprocessing that made it; results of different versions are not comparable bit by bit.</summary>
    public string Preprocessing { get; }

    /// <summary>What a user should know about how the scan was read and prepared; no patient data.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>[1, depth, height, width] volume in [0, 1].</summary>
    public View<float> Volume { get; internal set; }

    /// <summary>[slices, 3, side, side] normalised slice images; empty for a finished volume and for models that look at no
    /// slices.</summary>
    public View<float> SlicePixels { get; internal set; }

    /// <summary>[slices, channels] features that came with a finished volume; otherwise empty: the slice encoder computes them.</summary>
    public View<float> SliceFeatures { get; internal set; }

    /// <summary>Size after resampling; zeros for a finished volume.</summary>
    public VoxelSize Resampled { get; internal set; }

    /// <summary>First voxel of the box that holds everything above the lowest value.</summary>
    public VoxelSize CropStart { get; internal set; }

    /// <summary>One behind the last voxel of the box.</summary>
    public VoxelSize CropEnd { get; internal set; }

    /// <summary>Which resampled slices became images; null when they were interpolated in depth, or for a finished volume.</summary>
    public IReadOnlyList<int>? SliceIndices { get; internal set; }

    internal View<float> Allocate(Device device, long floats, string name)
    {
        var memory = device.Allocate(floats * sizeof(float), name);
        _memories.Add(memory);
        return memory.View<float>(0, floats);
    }

    /// <summary>Frees the device memory.</summary>
    public void Dispose()
    {
        _memories.ForEach(memory => memory.Dispose());
        _memories.Clear();
    }
}
