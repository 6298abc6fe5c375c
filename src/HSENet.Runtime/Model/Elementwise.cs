// Passes over all elements beside the layers: a sum, and a copy in another type. Both are dropout that drops nothing.
using HSENet.Kernels;

namespace HSENet.Runtime;

static class Elementwise
{
    /// <summary>y = x + residual; y may be either.</summary>
    public static void Add(Device device, View<float> x, View<float> residual, View<float> y) =>
        Dropout.Forward(device, new DropoutArguments { X = x, Residual = residual, Y = y, Count = (int)x.Length });

    /// <summary>y = x, rounded to the type of y.</summary>
    public static void Copy(Device device, View<float> x, Activations y) =>
        Dropout.Forward(device, new DropoutArguments { X = x, Y = y, Count = (int)x.Length });
}
