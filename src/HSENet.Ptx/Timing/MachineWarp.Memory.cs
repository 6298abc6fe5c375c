// Constants, special registers, and the memory that a warp's walk through machine code reads back.
using System.Numerics;
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    uint ConstantWord(long offset)
    {
        int parameter = (int)(offset - _program.ParameterOffset);
        if (parameter >= 0)
        {
            uint value = 0;
            for (int b = 0; b < 4 && parameter + b < _block.Parameters.Length; b++)
                value |= (uint)_block.Parameters[parameter + b] << 8 * b;
            return value;
        }
        if (offset == _program.StackOffset)
            return LocalBytes;
        return (offset - _program.SizeOffset) switch
        {
            0 => (uint)_block.Size.X,
            4 => (uint)_block.Size.Y,
            8 => (uint)_block.Size.Z,
            // The sizes of the grid follow at once, or after a gap of four bytes.
            var at when at == (_program.SizeOffset == 0 ? 12 : 16) => (uint)_block.Grid.X,
            var at when at == (_program.SizeOffset == 0 ? 16 : 20) => (uint)_block.Grid.Y,
            var at when at == (_program.SizeOffset == 0 ? 20 : 24) => (uint)_block.Grid.Z,
            _ => 0,
        };
    }

    uint Special(string name, int lane)
    {
        int thread = _index * Lanes + lane;
        return name switch
        {
            "SR_TID.X" => (uint)(thread % _block.Size.X),
            "SR_TID.Y" => (uint)(thread / _block.Size.X % _block.Size.Y),
            "SR_TID.Z" => (uint)(thread / (_block.Size.X * _block.Size.Y)),
            "SR_CTAID.X" => (uint)_block.Position.X,
            "SR_CTAID.Y" => (uint)_block.Position.Y,
            "SR_CTAID.Z" => (uint)_block.Position.Z,
            "SR_LANEID" => (uint)lane,
            "SR_SWINHI" => SharedWindow,
            "SR_EQMASK" => 1u << lane,
            "SR_LTMASK" => (1u << lane) - 1,
            "SR_LEMASK" => (2u << lane) - 1,
            "SR_GTMASK" => ~((2u << lane) - 1),
            "SR_GEMASK" => ~((1u << lane) - 1),
            _ => 0,
        };
    }

    // Loads whose values matter, and stores that they may find. Global memory is as it was before the launch.
    void Move(MachineStep s, uint mask)
    {
        bool load = s.Loads;
        MachineOperand data = s.Operands[s.Data];
        if (load && data.Kind != OperandKind.Register)
            return;
        int bytes = s.MemoryBytes, words = Math.Max(1, bytes / 4);
        AccessSpace space = s.Space == AccessSpace.Local ? AccessSpace.Local
            : s.Space == AccessSpace.Shared && !s.IsGeneric || (_addresses[BitOperations.TrailingZeroCount(mask)] >> 32) == 0
                ? AccessSpace.Shared : AccessSpace.Global;
        if (load)
        {
            for (int word = 0; word < words && data.Index + word < MachineOperand.ZeroRegister; word++)
                LoadRow(s, space, Row(data.Index + word), (ulong)(4 * word), mask);
            return;
        }
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            for (int word = 0; word < words; word++)
                Store(space, l, _addresses[l] + (ulong)(4 * word), bytes,
                    data.Index + word < MachineOperand.ZeroRegister ? Row(data.Index + word)[l] : 0);
        }
    }

    void LoadRow(MachineStep s, AccessSpace space, uint* row, ulong offset, uint mask)
    {
        if (space == AccessSpace.Global)
            for (uint m = mask; m != 0; m &= m - 1)
            {
                int l = BitOperations.TrailingZeroCount(m);
                row[l] = _block.Read(_addresses[l] + offset);
            }
        else
        {
            ReadOnlySpan<byte> memory = Memory(space);
            for (uint m = mask; m != 0; m &= m - 1)
            {
                int l = BitOperations.TrailingZeroCount(m);
                row[l] = Word(memory, Place(space, l, _addresses[l] + offset));
            }
        }
        if (s.MemoryBytes is not (1 or 2))
            return;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            row[l] = Narrow(s, row[l], s.MemoryBytes);
        }
    }

    // Compares a word of shared memory with what the lane expects and exchanges it if it is that, one lane after the other; the result is
    // what stood there, or of the form that atomics without an instruction of their own are made of, whether it was exchanged. So lanes that
    // want the same word take as many rounds of the loop around it as on a GPU.
    void Swap(MachineStep s, uint mask)
    {
        if (s.Space != AccessSpace.Shared || s.Operands is not [.., { Kind: OperandKind.Register } expected, { Kind: OperandKind.Register } wanted])
        {
            Move(s, mask);
            return;
        }
        bool tells = s.Has(MachineWord.CAST);
        int words = Math.Max(1, s.MemoryBytes / 4);
        Span<uint> found = stackalloc uint[words];
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            bool same = true;
            for (int word = 0; word < words; word++)
            {
                found[word] = Load(AccessSpace.Shared, l, _addresses[l] + (ulong)(4 * word));
                same &= found[word] == Word(expected, word, l);
            }
            for (int word = 0; word < words; word++)
            {
                if (same)
                    Store(AccessSpace.Shared, l, _addresses[l] + (ulong)(4 * word), 4, Word(wanted, word, l));
                if (s.Operands[s.Data] is { Kind: OperandKind.Register, Index: < MachineOperand.ZeroRegister } result)
                    Row(result.Index + word)[l] = !tells ? found[word] : same && word == 0 ? 1u : 0;
            }
        }

        uint Word(in MachineOperand operand, int word, int lane) =>
            operand.Index + word >= MachineOperand.ZeroRegister ? 0 : Row(operand.Index + word)[lane];
    }

    static uint Narrow(MachineStep s, uint value, int bytes) => bytes switch
    {
        1 => s.Has(MachineWord.S8) ? (uint)(sbyte)value : (byte)value,
        2 => s.Has(MachineWord.S16) ? (uint)(short)value : (ushort)value,
        _ => value,
    };

    uint Load(AccessSpace space, int lane, ulong address) =>
        space == AccessSpace.Global ? _block.Read(address) : Word(Memory(space), Place(space, lane, address));

    static uint Word(ReadOnlySpan<byte> memory, long at) =>
        at >= 0 && at + 4 <= memory.Length ? MemoryMarshal.Read<uint>(memory[(int)at..]) : 0;

    byte[] Memory(AccessSpace space) =>
        space == AccessSpace.Local ? _local ??= new byte[(LocalBytes + 16) * Lanes] : _block.Shared;

    void Store(AccessSpace space, int lane, ulong address, int bytes, uint value)
    {
        if (space == AccessSpace.Global)
            return;
        byte[] memory = Memory(space);
        long at = Place(space, lane, address);
        if (bytes >= 4 && at >= 0 && at + 4 <= memory.Length)
        {
            MemoryMarshal.Write(memory.AsSpan((int)at), value);
            return;
        }
        for (int b = 0; b < Math.Min(4, bytes) && at >= 0 && at + b < memory.Length; b++)
            memory[at + b] = (byte)(value >> 8 * b);
    }

    static long Place(AccessSpace space, int lane, ulong address) =>
        space == AccessSpace.Local ? (long)(address % LocalBytes) + lane * (LocalBytes + 16) : (long)address;
}
