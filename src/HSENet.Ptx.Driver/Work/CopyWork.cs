// Copies and fills in up to three dimensions.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

/// <summary>One side of CUDA_MEMCPY3D.</summary>
[StructLayout(LayoutKind.Sequential)]
struct CopySide
{
    public ulong X, Y, Z, Level;

    /// <summary>1 host, 2 device, 3 array, 4 any address.</summary>
    public uint MemoryType;
    public ulong Host, Device, Array, Context, Pitch, Height;

    public readonly ulong Address => MemoryType switch
    {
        1 => Host,
        2 or 4 => Device,
        3 => throw new DriverException(Result.NotSupported, "arrays are not supported by the emulated driver"),
        _ => throw new DriverException(Result.InvalidValue, $"{MemoryType} is no memory type"),
    };
}

/// <summary>CUDA_MEMCPY3D, and CUDA_MEMCPY3D_PEER.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Copy3D
{
    public CopySide From, To;
    public ulong WidthBytes, Height, Depth;

    /// <summary>A row of bytes between any two addresses.</summary>
    public static Copy3D Linear(ulong to, ulong from, ulong bytes) => new()
    {
        From = new() { MemoryType = 4, Device = from, Pitch = bytes, Height = 1 },
        To = new() { MemoryType = 4, Device = to, Pitch = bytes, Height = 1 },
        WidthBytes = bytes,
        Height = 1,
        Depth = 1,
    };
}

/// <summary>CUDA_MEMCPY2D.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Copy2D
{
    public ulong FromX, FromY;
    public uint FromType;
    public ulong FromHost, FromDevice, FromArray, FromPitch, ToX, ToY;
    public uint ToType;
    public ulong ToHost, ToDevice, ToArray, ToPitch, WidthBytes, Height;

    public readonly Copy3D As3D => new()
    {
        From = Side(FromX, FromY, FromType, FromHost, FromDevice, FromPitch),
        To = Side(ToX, ToY, ToType, ToHost, ToDevice, ToPitch),
        WidthBytes = WidthBytes,
        Height = Height,
        Depth = 1,
    };

    static CopySide Side(ulong x, ulong y, uint type, ulong host, ulong device, ulong pitch) =>
        new() { X = x, Y = y, MemoryType = type, Host = host, Device = device, Pitch = pitch };
}

sealed class CopyWork : Work
{
    public CopyWork(Copy3D copy) : base(NodeKind.Copy)
    {
        Arguments = copy;
        foreach (CopySide side in (CopySide[])[copy.From, copy.To])
            if (copy is { WidthBytes: > 0, Height: > 0, Depth: > 0 }
                && (copy.Height > 1 && PitchOf(side) < copy.WidthBytes || copy.Depth > 1 && HeightOf(side) < copy.Height))
                throw new DriverException(Result.InvalidValue,
                    $"rows of {PitchOf(side)} bytes and planes of {HeightOf(side)} rows do not hold {copy.WidthBytes} × {copy.Height}");
    }

    public Copy3D Arguments { get; }

    // 0 means: as dense as what is copied.
    ulong PitchOf(CopySide side) => side.Pitch == 0 ? Arguments.WidthBytes + side.X : side.Pitch;

    ulong HeightOf(CopySide side) => side.Height == 0 ? Arguments.Height + side.Y : side.Height;

    ulong Row(CopySide side, ulong y, ulong z) =>
        side.Address + ((side.Z + z) * HeightOf(side) + side.Y + y) * PitchOf(side) + side.X;

    /// <summary>A side that the program calls the device's has to lie in its memory, as a whole.</summary>
    public void Check()
    {
        if (Arguments is { WidthBytes: 0 } or { Height: 0 } or { Depth: 0 })
            return;
        foreach (CopySide side in (CopySide[])[Arguments.From, Arguments.To])
        {
            ulong first = Row(side, 0, 0), last = Row(side, Arguments.Height - 1, Arguments.Depth - 1) + Arguments.WidthBytes;
            _ = side.MemoryType == 2 ? DeviceMemory.Need(first, last - first) : DeviceMemory.Find(first, last - first);
        }
    }

    public override void Run()
    {
        Check();
        for (ulong z = 0; z < Arguments.Depth; z++)
            for (ulong y = 0; y < Arguments.Height; y++)
                DeviceMemory.Copy(Row(Arguments.To, y, z), Row(Arguments.From, y, z), Arguments.WidthBytes);
    }
}

/// <summary>CUDA_MEMSET_NODE_PARAMS: rows of one value of 1, 2 or 4 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
struct FillArguments
{
    public ulong To, Pitch;
    public uint Value, ElementBytes;
    public ulong Width, Height;
}

sealed unsafe class FillWork : Work
{
    public FillWork(FillArguments arguments) : base(NodeKind.Fill)
    {
        Arguments = arguments;
        if (arguments.ElementBytes is not (1 or 2 or 4) || arguments.To % arguments.ElementBytes != 0
            || arguments.Height > 1 && arguments.Pitch < arguments.Width * arguments.ElementBytes)
            throw new DriverException(Result.InvalidValue, $"{arguments.Width} × {arguments.Height} values of {arguments.ElementBytes} "
                + $"bytes cannot be filled at 0x{arguments.To:x} with rows {arguments.Pitch} bytes apart");
    }

    public FillArguments Arguments { get; }

    public void Check()
    {
        if (Arguments is { Width: > 0, Height: > 0 })
            DeviceMemory.Need(Arguments.To, (Arguments.Height - 1) * Arguments.Pitch + Arguments.Width * Arguments.ElementBytes);
    }

    public override void Run()
    {
        Check();
        ulong bytes = Arguments.Width * Arguments.ElementBytes;
        byte[] row = new byte[bytes];
        for (ulong at = 0; at < bytes; at++)
            row[at] = (byte)(Arguments.Value >> (int)(8 * (at % Arguments.ElementBytes)));
        fixed (byte* first = row)
            for (ulong y = 0; y < Arguments.Height; y++)
                DeviceMemory.Copy(Arguments.To + y * Arguments.Pitch, (ulong)first, bytes);
    }
}
