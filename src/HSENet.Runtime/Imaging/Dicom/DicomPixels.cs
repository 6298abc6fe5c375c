// Makes stored values of a decoded frame: the stored bits alone, and air where the file says that nothing was measured.
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

/// <summary>
/// The pixels of an image. Bits above and below the stored ones may hold anything if the highest stored bit is where CT images have it
/// (BitsStored − 1). Files that name another one mostly hold their values in the low bits all the same, and are read so, as other readers
/// do, as long as the bits above hold nothing else.
/// </summary>
internal readonly struct DicomPixels
{
    const double Air = -1000, LowestAir = -1024; // Hounsfield units

    readonly DicomImage _image;
    readonly bool _isPadded;
    readonly int _size, _unstored, _unused;

    public DicomPixels(DicomImage image)
    {
        _image = image;
        (_size, _unused, _unstored) = (image.BitsAllocated / 8, 32 - image.BitsAllocated, 32 - image.BitsStored);
        IsMoved = image.BitsStored < image.BitsAllocated && image.HighBit != image.BitsStored - 1;
        if (image.Padding is { } padding)
        {
            double first = Scaled(padding.Low), last = Scaled(padding.High);
            // Padding that is air as it is stays.
            _isPadded = Math.Min(first, last) < LowestAir || Math.Max(first, last) > Air;
        }
        StoredAir = Math.Round((Air - image.RescaleIntercept) / image.RescaleSlope);
        (double lowest, double highest) = image.IsSigned
            ? (-Math.ScaleB(1, image.BitsAllocated - 1), Math.ScaleB(1, image.BitsAllocated - 1) - 1)
            : (0, Math.ScaleB(1, image.BitsAllocated) - 1);
        KeepsType = !_isPadded || StoredAir >= lowest && StoredAir <= highest;
    }

    /// <summary>Whether the stored bits lie elsewhere than the image says.</summary>
    public bool IsMoved { get; }

    double StoredAir { get; }

    /// <summary>Whether every value, air for padding among them, can be stored in the image's own type.</summary>
    public bool KeepsType { get; }

    /// <summary>Replaces what the frame holds by stored values in the allocated width; gives how many were padding and are air
    /// now.</summary>
    /// <exception cref="HseNetFileException">The values lie in other bits than the image says.</exception>
    public long Clean(Span<byte> frame)
    {
        if (_unstored == _unused && !_isPadded)
            return 0;
        return _size == sizeof(ushort) ? CleanWords(MemoryMarshal.Cast<byte, ushort>(frame)) : CleanEach(frame);
    }

    // What nearly every CT has, and much faster than byte by byte.
    long CleanWords(Span<ushort> pixels)
    {
        long padding = 0;
        int unstored = _unstored - _unused;
        if (!_isPadded && !IsMoved)
            foreach (ref ushort pixel in pixels)
                pixel = (ushort)(_image.IsSigned ? (short)(pixel << unstored) >> unstored : (ushort)(pixel << unstored) >> unstored);
        else
            foreach (ref ushort pixel in pixels)
                if (Stored(pixel) is { } value)
                    pixel = (ushort)value;
                else
                {
                    pixel = (ushort)(long)StoredAir;
                    padding++;
                }
        return padding;
    }

    long CleanEach(Span<byte> frame)
    {
        long padding = 0;
        for (int i = 0; i < frame.Length; i += _size)
        {
            Span<byte> pixel = frame.Slice(i, _size);
            if (Stored(Raw(pixel)) is { } value)
                Write((uint)value, pixel);
            else
            {
                Write((uint)(long)StoredAir, pixel);
                padding++;
            }
        }
        return padding;
    }

    /// <summary>The frame in Hounsfield units; gives how many values were padding.</summary>
    /// <exception cref="HseNetFileException">The values lie in other bits than the image says.</exception>
    public long ToHounsfield(ReadOnlySpan<byte> frame, Span<float> values)
    {
        long padding = 0;
        for (int i = 0; i < values.Length; i++)
        {
            long? stored = Stored(Raw(frame.Slice(i * _size, _size)));
            values[i] = (float)(stored is { } value ? Scaled(value) : Air);
            padding += stored is null ? 1 : 0;
        }
        return padding;
    }

    // Null for padding, which may be stated with or without the bits above the stored ones.
    long? Stored(uint raw)
    {
        long whole = Low(raw, _unused), value = Low(raw, _unstored);
        if (_isPadded && (IsPadding(whole) || IsPadding(value)))
            return null;
        if (IsMoved && whole != value && raw != raw << _unstored >> _unstored)
            throw new HseNetFileException(_image.File,
                $"stores {_image.BitsStored} bits up to bit {_image.HighBit}, and its pixels have others besides",
                $"CT images, whose highest bit is {_image.BitsStored - 1}");
        return value;
    }

    long Low(uint raw, int unused) => _image.IsSigned ? (int)(raw << unused) >> unused : raw << unused >> unused;

    bool IsPadding(long value) => value >= _image.Padding!.Value.Low && value <= _image.Padding.Value.High;

    double Scaled(double value) => value * _image.RescaleSlope + _image.RescaleIntercept;

    static uint Raw(ReadOnlySpan<byte> pixel)
    {
        uint raw = 0;
        for (int b = 0; b < pixel.Length; b++)
            raw |= (uint)pixel[b] << (8 * b);
        return raw;
    }

    static void Write(uint value, Span<byte> bytes)
    {
        for (int b = 0; b < bytes.Length; b++)
            bytes[b] = (byte)(value >> (8 * b));
    }
}
