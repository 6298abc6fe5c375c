// wmma.load, wmma.store, wmma.mma: instructions of all 32 lanes on matrices in memory and in fragments.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>
/// A load or store as it was decoded: for each register, element and lane how many rows (or columns, in column-major order) and how many
/// elements inside one the element lies behind the first.
/// </summary>
sealed class WmmaAccess
{
    static readonly List<WmmaAccess> All = [];
    static readonly Lock AllLock = new();

    WmmaAccess(WmmaFragment fragment, bool columnMajor)
    {
        (Fragment, ColumnMajor) = (fragment, columnMajor);
        Together = fragment.PerRegister > 1 && fragment.AlongRows != columnMajor ? fragment.PerRegister : 1;
        int pieces = fragment.PerRegister / Together;
        Places = new (int, int)[fragment.Distinct * pieces * 32];
        for (int n = 0; n < Places.Length; n++)
        {
            (int row, int column) = fragment.Position(n / 32 / pieces, n / 32 % pieces, n % 32);
            Places[n] = columnMajor ? (column, row) : (row, column);
        }
    }

    public WmmaFragment Fragment { get; }

    public bool ColumnMajor { get; }

    /// <summary>Elements that are neighbours in memory and moved at once.</summary>
    public int Together { get; }

    /// <summary>Of 32 lanes each, piece after piece of register after register.</summary>
    public (int Line, int Inside)[] Places { get; }

    public uint PieceBytes => (uint)(Fragment.ElementBytes * Together);

    public static WmmaAccess At(long index) => All[(int)index];

    /// <summary>Keeps an access for the life of the process; kernels have few.</summary>
    public static int Register(WmmaFragment fragment, bool columnMajor)
    {
        lock (AllLock)
        {
            All.Add(new WmmaAccess(fragment, columnMajor));
            return All.Count - 1;
        }
    }
}

/// <summary>
/// Operands of load and store: A the address with the immediate, B the stride in elements, C the number of the <see cref="WmmaAccess"/>,
/// More the registers.
/// </summary>
static unsafe class WmmaInstructions
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Load<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        WmmaAccess access = WmmaAccess.At(i->C);
        if (!MatrixInstructions.AllLanes(w, i, mask) || !IsUniform(w, i, access))
            return;
        WmmaFragment fragment = access.Fragment;
        // The registers of address and stride may be among those that are loaded.
        (ulong first, int stride) = (*(ulong*)(w.Rows + i->A), *(int*)(w.Rows + i->B));
        int rowBytes = fragment.ElementBytes == 8 ? 256 : 128;
        for (int register = 0; register < fragment.Distinct; register++)
        {
            byte* row = w.Rows + i->More[register];
            new Span<byte>(row, rowBytes).Clear();
            Move<TSpace, TMode>(w, i, access, first, stride, register, row, store: false);
        }
        for (int register = fragment.Distinct; register < fragment.Registers; register++)
            Buffer.MemoryCopy(w.Rows + i->More[register % fragment.Distinct], w.Rows + i->More[register], rowBytes, rowBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        WmmaAccess access = WmmaAccess.At(i->C);
        if (!MatrixInstructions.AllLanes(w, i, mask) || !IsUniform(w, i, access))
            return;
        (ulong first, int stride) = (*(ulong*)(w.Rows + i->A), *(int*)(w.Rows + i->B));
        for (int register = 0; register < access.Fragment.Distinct; register++)
            Move<TSpace, TMode>(w, i, access, first, stride, register, w.Rows + i->More[register], store: true);
    }

    // Moves the pieces of one register; a lane whose access is at fault keeps its zeros.
    static void Move<TSpace, TMode>(Warp w, Instruction* i, WmmaAccess access, ulong first, long stride, int register, byte* row,
        bool store)
        where TSpace : ISpace where TMode : ICheckMode
    {
        int pieces = access.Fragment.PerRegister / access.Together, registerBytes = access.Fragment.ElementBytes == 8 ? 8 : 4;
        uint bytes = access.PieceBytes;
        ulong* addresses = stackalloc ulong[32];
        for (int piece = 0; piece < pieces; piece++)
        {
            ReadOnlySpan<(int Line, int Inside)> places = access.Places.AsSpan((register * pieces + piece) * 32, 32);
            for (int lane = 0; lane < 32; lane++)
                addresses[lane] = first + (ulong)((places[lane].Line * stride + places[lane].Inside) * access.Fragment.ElementBytes);
            if (TMode.Profile)
                w.Block.Profile!.Access<TSpace>(i, addresses, uint.MaxValue, bytes);
            for (int lane = 0; lane < 32; lane++)
            {
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, lane, addresses[lane] + (ulong)i->Immediate, bytes, store);
                byte* value = row + lane * registerBytes + piece * access.Fragment.ElementBytes;
                if (p != null)
                    Unsafe.CopyBlockUnaligned(store ? p : value, store ? value : p, bytes);
            }
        }
    }

    // All lanes give one address and one stride, and each row starts where the manual says that it must.
    static bool IsUniform(Warp w, Instruction* i, WmmaAccess access)
    {
        ulong* addresses = (ulong*)(w.Rows + i->A);
        uint* strides = (uint*)(w.Rows + i->B);
        for (int lane = 1; lane < 32; lane++)
            if (addresses[lane] != addresses[0] || strides[lane] != strides[0])
            {
                w.Block.Findings.Add(w, i, lane, FindingKind.MissingLanes, addresses[lane] + (ulong)i->Immediate, "",
                    $"lane {lane} has another address or stride than lane 0; wmma needs the same in all lanes");
                return false;
            }
        // PTX asks for rows at multiples of the fragment's bytes, the C++ interface for strides of 16 bytes; what both refuse is a fault.
        ulong address = addresses[0] + (ulong)i->Immediate;
        uint fragment = (uint)Math.Min(32, access.Fragment.Registers * Math.Max(4, access.Fragment.ElementBytes));
        long stride = (int)strides[0] * (long)access.Fragment.ElementBytes;
        bool misplaced = address % fragment != 0 && InArray(w, address) % fragment != 0;
        if (misplaced || stride % Math.Min(16, fragment) != 0)
            w.Block.Findings.Add(w, i, 0, FindingKind.Misaligned, address, "", misplaced
                ? $"a matrix starts at 0x{address:x}, which is no multiple of its fragment's {fragment} bytes"
                : $"rows of a matrix are {stride} bytes apart, which is no multiple of {Math.Min(16, fragment)}");
        return true;
    }

    // Shared arrays are seldom declared with more than 16 bytes, and lie at more on every GPU: there the place in the array counts.
    static ulong InArray(Warp w, ulong address)
    {
        ulong relative = address & GenericAddress.WindowMask;
        return (GenericAddress.InShared(address) || address < w.Block.Shared->LoadBytes)
            && w.Block.Kernel.SharedArrays.With(w.Block.DynamicSharedBytes).At(relative) is { } array
            ? relative - (ulong)array.Offset : address;
    }

    /// <summary>
    /// wmma.mma by blocks of m16n8. D and C are the numbers of registers of d and c, B packs <see cref="WmmaBlocks"/>; More holds d, eight
    /// scratch rows for the sums, the first factor, the second, and c.
    /// </summary>
    public static void ToSingle<TElement>(Warp w, Instruction* i, uint mask) where TElement : struct, IMatrixElement
    {
        if (!MatrixInstructions.AllLanes(w, i, mask))
            return;
        WmmaBlocks blocks = new(i->B);
        int* d = i->More, sums = d + i->D, first = sums + 8, second = first + blocks.FirstRegisters, c = second + blocks.SecondRegisters;
        for (int n = 0; n < 8; n++)
            Spread(w.Rows, c, i->C, n, (uint*)(w.Rows + sums[n]));
        for (int f = 0; f < blocks.First; f++)
            for (int s = 0; s < blocks.Second; s++)
            {
                int* block = sums + 4 * (f * blocks.Second + s);
                MatrixMultiply.ToSingle<TElement>(w.Rows, block, first + f * 2 * blocks.Depth, second + s * blocks.Depth, block,
                    blocks.Depth);
            }
        for (int n = 0; n < i->D; n++)
            Gather(w.Rows, sums, i->D, n, (uint*)(w.Rows + d[n]));
    }

    /// <summary>The same for bytes; the immediate is 1 for .satfinite.</summary>
    public static void ToInteger<TA, TB>(Warp w, Instruction* i, uint mask) where TA : struct, IMatrixElement
        where TB : struct, IMatrixElement
    {
        if (!MatrixInstructions.AllLanes(w, i, mask))
            return;
        WmmaBlocks blocks = new(i->B);
        int* d = i->More, sums = d + 8, first = sums + 8, second = first + blocks.FirstRegisters, c = second + blocks.SecondRegisters;
        for (int f = 0; f < blocks.First; f++)
            for (int s = 0; s < blocks.Second; s++)
            {
                int at = 4 * (f * blocks.Second + s);
                MatrixMultiply.ToInteger<TA, TB>(w.Rows, sums + at, first + f * 2 * blocks.Depth, second + s * blocks.Depth, c + at,
                    blocks.Depth, i->Immediate != 0);
            }
        for (int n = 0; n < 8; n++)
            Buffer.MemoryCopy(w.Rows + sums[n], w.Rows + d[n], 128, 128);
    }

    /// <summary>m8n8k4 of f64: products are added to c in ascending k, each sum rounded once. More holds d, d, a, b, c, c.</summary>
    public static void ToDouble(Warp w, Instruction* i, uint mask)
    {
        if (!MatrixInstructions.AllLanes(w, i, mask))
            return;
        double* a = (double*)(w.Rows + i->More[2]), b = (double*)(w.Rows + i->More[3]);
        double* sums = stackalloc double[64];
        for (int n = 0; n < 64; n++)
        {
            int row = n / 8, column = n % 8;
            sums[n] = ((double*)(w.Rows + i->More[4 + column % 2]))[4 * row + column / 2];
            for (int k = 0; k < 4; k++)
                sums[n] = Math.FusedMultiplyAdd(a[4 * row + k], b[4 * column + k], sums[n]);
        }
        for (int n = 0; n < 64; n++)
            ((ulong*)(w.Rows + i->More[n % 2]))[n / 8 * 4 + n % 8 / 2] = double.IsNaN(sums[n])
                ? 0x7fff_ffff_ffff_fffful : BitConverter.DoubleToUInt64Bits(sums[n]);
    }

    // Sum n of each lane as f32, from f32 registers or from halves.
    static void Spread(byte* rows, int* c, int registers, int n, uint* sum)
    {
        if (registers == 8)
        {
            Buffer.MemoryCopy(rows + c[n], sum, 128, 128);
            return;
        }
        for (int half = 0; half < 2; half++)
            Vector512.Store(HalfElement.Element(Vector512.Load((uint*)(rows + c[n / 2]) + 16 * half), n % 2).AsUInt32(), sum + 16 * half);
    }

    static void Gather(byte* rows, int* sums, int registers, int n, uint* d)
    {
        if (registers == 8)
        {
            Buffer.MemoryCopy(rows + sums[n], d, 128, 128);
            return;
        }
        for (int half = 0; half < 32; half += 16)
            Vector512.Store(HalfVectors.FromSingle(Vector512.Load((float*)(rows + sums[2 * n]) + half))
                | HalfVectors.FromSingle(Vector512.Load((float*)(rows + sums[2 * n + 1]) + half)) << 16, d + half);
    }
}

/// <summary>Blocks of a product in one number: of 16 rows, of 8 columns, and registers of the second factor in one block.</summary>
readonly record struct WmmaBlocks(int Packed)
{
    public WmmaBlocks(int first, int second, int depth) : this(first | second << 4 | depth << 8)
    {
    }

    public int First => Packed & 15;
    public int Second => Packed >> 4 & 15;
    public int Depth => Packed >> 8;
    public int FirstRegisters => First * 2 * Depth;
    public int SecondRegisters => Second * Depth;
}
