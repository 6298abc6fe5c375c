// A typed span of device memory: the one form in which tensors reach a kernel, on every device.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>
/// <paramref name="length"/> elements of <typeparamref name="T"/> at a device address. Blittable, so a struct of views is
/// the same bytes for a host rung, for ILGPU's compiler, for the emulator and for the CUDA driver.
/// </summary>
/// <remarks>No bounds are checked by the indexer: operations check lengths before they launch, and the emulator checks every
/// access.</remarks>
/// <param name="address">Device address in bytes; on the host a pointer to native memory.</param>
/// <param name="length">Number of elements.</param>
public readonly struct View<T>(long address, long length) where T : unmanaged
{
    /// <summary>Device address of the first element, in bytes.</summary>
    public readonly long Address = address;

    /// <summary>Number of elements.</summary>
    public readonly long Length = length;

    /// <summary>The element at <paramref name="index"/>, which must not be negative: PTX extends it with zeros.</summary>
    public unsafe ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref ((T*)Address)[index];
    }

    /// <summary>Whether the view has no element: an optional argument that was left out.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The elements from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slice is not inside the view.</exception>
    public unsafe View<T> Slice(long start, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return new View<T>(Address + start * sizeof(T), length);
    }

    /// <summary>The same bytes as elements of another type.</summary>
    /// <exception cref="ArgumentException">The bytes are no whole number of <typeparamref name="TOther"/>.</exception>
    public unsafe View<TOther> As<TOther>() where TOther : unmanaged
    {
        long bytes = Length * sizeof(T);
        return bytes % sizeof(TOther) == 0
            ? new View<TOther>(Address, bytes / sizeof(TOther))
            : throw new ArgumentException($"{bytes} bytes are no whole number of {typeof(TOther).Name}");
    }

    /// <summary>The elements as a span. Only for memory of a <see cref="HostDevice"/>.</summary>
    public unsafe Span<T> AsSpan() => new((T*)Address, checked((int)Length));

    /// <summary>Pointer to the first element. Only for memory of a <see cref="HostDevice"/>.</summary>
    public unsafe T* Pointer => (T*)Address;
}
