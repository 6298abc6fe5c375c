// One named tensor of a weight file: type, shape and bytes, still in the mapping.
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

/// <summary>A tensor in a file. Its bytes belong to the <see cref="TensorSource"/> it came from and end with it.</summary>
sealed unsafe class TensorEntry
{
    readonly FileBytes _file;
    readonly long _offset;
    readonly long[] _shape;
    readonly long[]? _strides; // in elements; null: row-major without gaps
    byte[]? _gathered;

    /// <summary>The tensor's name; names of nested dictionaries are joined with dots.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public DataType Type { get; }

    /// <summary>Dimensions, outermost first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Number of elements.</summary>
    public long ElementCount { get; }

    /// <summary>Number of bytes: elements × element size.</summary>
    public long ByteLength => (long)(((UInt128)ElementCount * (UInt128)Type.Bits() + 7) / 8);

    /// <summary>The XxHash3 that the file states for these bytes, as 16 hexadecimal digits; null if it states none.</summary>
    public string? StatedChecksum { get; internal init; }

    /// <summary>The file that holds the tensor, as named in messages.</summary>
    public string File => _file.Name;

    // The caller has checked that shape, strides and offset stay inside the file.
    internal TensorEntry(string name, DataType type, long[] shape, FileBytes file, long offset, long[]? strides = null)
    {
        (Name, Type, _shape, _file, _offset) = (name, type, shape, file, offset);
        ElementCount = DataTypes.ElementCount(shape, type) ?? throw new ArgumentException("the shape overflows", nameof(shape));
        _strides = strides is null || IsRowMajor(shape, strides) ? null : strides;
    }

    /// <summary>
    /// Address of the first of <see cref="ByteLength"/> bytes, row-major and little-endian, not necessarily aligned. Valid until the source
    /// is disposed; keep the source referenced while it is used. A transposed or otherwise strided view is gathered into memory of its own
    /// first.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The source was disposed.</exception>
    /// <exception cref="HseNetFileException">A strided view is larger than 2 GB.</exception>
    public byte* Pointer
    {
        get
        {
            if (_strides is null)
                return _file.Pointer(_offset, ByteLength);
            byte[] bytes = LazyInitializer.EnsureInitialized(ref _gathered, Gather);
            return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
        }
    }

    /// <summary>The bytes of a tensor of at most 2 GB; see <see cref="Pointer"/>.</summary>
    /// <exception cref="HseNetFileException">The tensor is larger than a span.</exception>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            if (ByteLength > int.MaxValue)
                throw new HseNetFileException(File, $"tensor {HseNetFileException.Quote(Name)} has {ByteLength} bytes",
                    $"at most {int.MaxValue} to be read as one span");
            return new ReadOnlySpan<byte>(Pointer, (int)ByteLength);
        }
    }

    /// <summary>Converts the elements from <paramref name="first"/> on to float; what float does not hold is rounded to nearest.</summary>
    public void ToSingles(long first, Span<float> destination)
    {
        if (first < 0 || first > ElementCount || destination.Length > ElementCount - first)
            throw new ArgumentOutOfRangeException(nameof(first), $"elements {first} to {first + destination.Length} of {ElementCount}");
        CheckReadable();
        Convert(Type, Pointer + first * Type.Size(), destination);
    }

    /// <summary>Refuses a tensor that cannot be weights: of integers, or of a type that can be listed alone.</summary>
    /// <exception cref="HseNetFileException">It is of one of these.</exception>
    public TensorEntry CheckFloat() => Type.IsFloat() ? this : throw Unsupported();

    void CheckReadable()
    {
        if (!Type.IsReadable())
            throw Unsupported();
    }

    HseNetFileException Unsupported() => new(File,
        $"tensor {HseNetFileException.Quote(Name)} is of type {Type.Name()}, which is not supported", "weights in F32, F16 or BF16");

    /// <summary>All elements as float.</summary>
    public float[] ToSingles()
    {
        CheckReadable();
        var result = new float[ElementCount];
        ToSingles(0, result);
        return result;
    }

    /// <summary>XxHash3 of the bytes, as 16 hexadecimal digits.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; a table of a full-size model takes a second.</exception>
    public string ComputeChecksum(CancellationToken cancellation = default)
    {
        var hash = new XxHash3();
        byte* bytes = Pointer;
        for (long done = 0; done < ByteLength;)
        {
            cancellation.ThrowIfCancellationRequested();
            int part = (int)Math.Min(1 << 24, ByteLength - done);
            hash.Append(new ReadOnlySpan<byte>(bytes + done, part));
            done += part;
        }
        return hash.Hex();
    }

    /// <summary>Name, type and shape, as in <c>model.norm.weight BF16 [3072]</c>.</summary>
    public override string ToString() => $"{Name} {Type.Name()} [{string.Join(", ", _shape)}]";

    static bool IsRowMajor(long[] shape, long[] strides)
    {
        if (shape.Contains(0))
            return true;
        long expected = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] != 1 && strides[axis] != expected)
                return false;
            expected *= shape[axis];
        }
        return true;
    }

    byte[] Gather()
    {
        if (ByteLength > Array.MaxLength)
            throw new HseNetFileException(File, $"the strided tensor {HseNetFileException.Quote(Name)} has {ByteLength} bytes",
                $"at most {Array.MaxLength}");
        int size = Type.Size();
        // Pinned, so that its address stays what Pointer returned.
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)ByteLength, pinned: true);
        var index = new long[_shape.Length];
        long element = 0;
        for (long i = 0; i < ElementCount; i++)
        {
            new ReadOnlySpan<byte>(_file.Pointer(_offset + element * size, size), size).CopyTo(bytes.AsSpan((int)(i * size), size));
            for (int axis = _shape.Length - 1; axis >= 0; axis--)
            {
                element += _strides![axis];
                if (++index[axis] < _shape[axis])
                    break;
                element -= _strides[axis] * _shape[axis];
                index[axis] = 0;
            }
        }
        return bytes;
    }

    static void Convert(DataType type, byte* source, Span<float> destination)
    {
        switch (type)
        {
            case DataType.F32:
                new ReadOnlySpan<byte>(source, checked(destination.Length * 4)).CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case DataType.BF16:
                WidenBFloat16((ushort*)source, destination);
                break;
            case DataType.F64: Each<double>(source, destination, &FromDouble); break;
            case DataType.F16: Each<Half>(source, destination, &FromHalf); break;
            case DataType.I64: Each<long>(source, destination, &From); break;
            case DataType.I32: Each<int>(source, destination, &From); break;
            case DataType.I16: Each<short>(source, destination, &From); break;
            case DataType.I8: Each<sbyte>(source, destination, &From); break;
            case DataType.U64: Each<ulong>(source, destination, &From); break;
            case DataType.U32: Each<uint>(source, destination, &From); break;
            case DataType.U16: Each<ushort>(source, destination, &From); break;
            case DataType.U8 or DataType.Bool: Each<byte>(source, destination, &From); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }

        static float FromDouble(double value) => (float)value;
        static float FromHalf(Half value) => (float)value;
        static float From<T>(T value) where T : INumberBase<T> => float.CreateTruncating(value);
    }

    static void Each<T>(byte* source, Span<float> destination, delegate*<T, float> convert) where T : unmanaged
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = convert(Unsafe.ReadUnaligned<T>(source + (long)i * sizeof(T)));
    }

    static void WidenBFloat16(ushort* source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= bits.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(Vector.Load(source + i), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }
        for (; i < bits.Length; i++)
            bits[i] = (uint)BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(source + i, 2)) << 16;
    }
}
