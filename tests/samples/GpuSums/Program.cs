// A program on ILGPU that knows nothing of this repository: sums on every CUDA device, over two streams and page-locked memory.
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

const int Length = 5000;

using var context = Context.Create(builder => builder.Default().EnableAlgorithms());
foreach (CudaDevice device in context.GetCudaDevices())
{
    using CudaAccelerator accelerator = device.CreateCudaAccelerator(context);
    var architecture = accelerator.Architecture;
    Console.WriteLine(
        $"{accelerator.Name}: {accelerator.NumMultiprocessors} multiprocessors, sm_{architecture.Major}{architecture.Minor}");
    using AcceleratorStream first = accelerator.CreateStream(), second = accelerator.CreateStream();
    using PageLockedArray1D<int> locked = accelerator.AllocatePageLocked1D<int>(Length, false);
    for (int i = 0; i < Length; i++)
        locked[i] = i;

    using var squares = accelerator.Allocate1D<int>(Length);
    using var ones = accelerator.Allocate1D<int>(Length);
    squares.View.CopyFromPageLockedAsync(first, locked);
    var square = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>>(Square);
    square(first, Length, squares.View);
    var fill = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(Fill);
    fill(second, Length, ones.View, 1);
    first.Synchronize();
    second.Synchronize();

    Console.WriteLine($"sum of ones {accelerator.Reduce<int, AddInt32>(second, ones.View)}");
    Console.WriteLine($"largest square {accelerator.Reduce<int, MaxInt32>(first, squares.View)}");

    using var sums = accelerator.Allocate1D<int>(Length);
    var scan = accelerator.CreateScan<int, Stride1D.Dense, Stride1D.Dense, AddInt32>(ScanKind.Inclusive);
    using var scratch = accelerator.Allocate1D<int>(accelerator.ComputeScanTempStorageSize<int>(Length));
    scan(first, ones.View, sums.View, scratch.View);
    sums.View.CopyToPageLockedAsync(first, locked);
    first.Synchronize();
    Console.WriteLine($"running sum {locked[Length / 2]}, {locked[Length - 1]}");

    using var blocks = accelerator.Allocate1D<int>(4);
    var group = accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SumOfGroup);
    group((4, 128), squares.View, blocks.View);
    Console.WriteLine($"sums of groups {string.Join(' ', blocks.GetAsArray1D())}");
}

static void Square(Index1D i, ArrayView<int> values) => values[i] *= values[i];

static void Fill(Index1D i, ArrayView<int> values, int value) => values[i] = value;

// Shared memory, a barrier in each round.
static void SumOfGroup(ArrayView<int> values, ArrayView<int> sums)
{
    ArrayView<int> shared = SharedMemory.Allocate<int>(128);
    shared[Group.IdxX] = values[Grid.GlobalIndex.X];
    for (int half = Group.DimX / 2; half > 0; half /= 2)
    {
        Group.Barrier();
        if (Group.IdxX < half)
            shared[Group.IdxX] += shared[Group.IdxX + half];
    }
    if (Group.IdxX == 0)
        sums[Grid.IdxX] = shared[0];
}
