/* Memory and copies in every form: host, mapped, registered, managed, pools, two and three dimensions. */
#include "driver.h"

static void linear(CUfunction add)
{
    CUdeviceptr x, y, start; size_t bytes, free, total; unsigned values[64], two = 2, n = 64, i; int kind;
    DO(cuMemGetInfo_v2(&free, &total)); CHECK(free <= total);
    DO(cuMemAlloc_v2(&x, sizeof values)); DO(cuMemAlloc_v2(&y, sizeof values));
    DO(cuMemsetD8_v2(x, 1, 256)); DO(cuMemsetD16_v2(x, 7, 2)); DO(cuMemsetD32_v2(y, 5, 64));
    void *parameters[] = { &x, &y, &two, &n };
    DO(cuLaunchKernel(add, 2, 1, 1, 32, 1, 1, 0, 0, parameters, 0)); DO(cuMemcpyDtoH_v2(values, y, sizeof values));
    CHECK(values[0] == 2 * 0x00070007 + 5); CHECK(values[63] == 2 * 0x01010101 + 5);
    DO(cuMemcpyDtoD_v2(x + 4, y, 8)); DO(cuMemcpy((CUdeviceptr)&i, x + 4, 4)); CHECK(i == values[0]);
    EXPECT(1, cuMemcpyDtoD_v2(x + 8, y, sizeof values)); EXPECT(1, cuMemcpyDtoH_v2(values, (CUdeviceptr)values, 4));
    DO(cuMemGetAddressRange_v2(&start, &bytes, x + 100)); CHECK(start == x && bytes == sizeof values);
    DO(cuPointerGetAttribute(&kind, 2, x + 3)); CHECK(kind == DEVICE); EXPECT(1, cuPointerGetAttribute(&kind, 2, (CUdeviceptr)&kind));
    DO(cuMemFree_v2(x)); EXPECT(1, cuMemFree_v2(x)); EXPECT(1, cuMemcpyHtoD_v2(x, values, 4)); DO(cuMemFree_v2(y)); DO(cuMemFree_v2(0));
}

static void host(CUfunction add)
{
    unsigned *locked, *own = malloc(8192), one = 1, n = 16, flags, i; CUdeviceptr device, registered, managed; int kind, number = -9; unsigned char is = 9;
    DO(cuMemHostAlloc((void **)&locked, 64, 2)); DO(cuMemHostGetDevicePointer_v2(&device, locked, 0)); DO(cuMemHostGetFlags(&flags, locked));
    CHECK(flags == 2); DO(cuPointerGetAttribute(&kind, 2, device)); CHECK(kind == HOST);
    DO(cuMemHostRegister_v2(own, 8192, 0)); EXPECT(712, cuMemHostRegister_v2(own, 64, 0)); DO(cuMemHostGetDevicePointer_v2(&registered, own, 0));
    DO(cuMemAllocManaged(&managed, 64, 1));
    for (i = 0; i < n; i++) { locked[i] = i; own[i] = 100; ((unsigned *)managed)[i] = 1000; }
    void *first[] = { &device, &registered, &one, &n }, *second[] = { &registered, &managed, &one, &n };
    DO(cuLaunchKernel(add, 1, 1, 1, 16, 1, 1, 0, 0, first, 0)); DO(cuLaunchKernel_ptsz(add, 1, 1, 1, 16, 1, 1, 0, 0, second, 0));
    DO(cuCtxSynchronize()); CHECK(own[15] == 115); CHECK(((unsigned *)managed)[15] == 1115);
    int names[] = { 8, 9, 2 }; void *places[] = { &is, &number, &kind };
    DO(cuPointerGetAttributes(3, names, places, managed)); CHECK(is == 1 && number == 0 && kind == DEVICE);
    DO(cuPointerGetAttributes(3, names, places, (CUdeviceptr)&kind)); CHECK(is == 0 && kind == 0);
    DO(cuMemAdvise(managed, 64, 3, -1)); DO(cuMemRangeGetAttribute(&number, 4, 2, managed, 64)); CHECK(number == -1);
    DO(cuMemPrefetchAsync(managed, 64, 0, 0)); DO(cuMemRangeGetAttribute(&number, 4, 4, managed, 64)); CHECK(number == 0);
    EXPECT(1, cuMemAdvise(device, 64, 1, 0)); EXPECT(1, cuMemFree_v2(registered)); DO(cuMemHostUnregister(own)); EXPECT(713, cuMemHostUnregister(own));
    EXPECT(1, cuMemHostGetDevicePointer_v2(&registered, own, 0)); free(own); DO(cuMemFreeHost(locked)); DO(cuMemFree_v2(managed));
}

static void pools(void)
{
    CUmemoryPool pool, usual; CUdeviceptr a, b; cuuint64 used, most, threshold = 1 << 20; int reuse, properties[22] = { 1, 0, 1, 0 }; CUstream stream;
    DO(cuStreamCreate(&stream, 1)); DO(cuDeviceGetDefaultMemPool(&usual, 0)); DO(cuMemPoolCreate(&pool, properties)); CHECK(pool != usual);
    DO(cuMemAllocAsync(&a, 1000, stream)); DO(cuMemAllocFromPoolAsync(&b, 3000, pool, stream)); DO(cuMemsetD32Async(b, 3, 750, stream));
    DO(cuMemPoolGetAttribute(pool, 7, &used)); CHECK(used == 3000); DO(cuMemPoolGetAttribute(usual, 7, &used)); CHECK(used == 1000);
    DO(cuMemPoolSetAttribute(pool, 4, &threshold)); threshold = 0; DO(cuMemPoolGetAttribute(pool, 4, &threshold)); CHECK(threshold == 1 << 20);
    DO(cuMemPoolGetAttribute(pool, 1, &reuse)); CHECK(reuse == 1); EXPECT(1, cuMemPoolGetAttribute(pool, 99, &used));
    DO(cuMemFreeAsync(b, stream)); DO(cuMemFreeAsync(a, stream)); DO(cuMemPoolGetAttribute(pool, 7, &used)); DO(cuMemPoolGetAttribute(pool, 8, &most));
    CHECK(used == 0 && most == 3000); EXPECT(1, cuMemFreeAsync(b, stream)); DO(cuMemPoolTrimTo(pool, 0)); DO(cuMemPoolDestroy(pool));
    EXPECT(400, cuMemAllocFromPoolAsync(&b, 8, pool, stream)); DO(cuStreamDestroy_v2(stream));
}

static void planes(void)
{
    CUdeviceptr rows, box; size_t pitch; unsigned char in[5][7], out[5][7], cube[3][4][5], back[3][4][5]; int x, y, z;
    for (y = 0; y < 5; y++) for (x = 0; x < 7; x++) in[y][x] = 10 * y + x;
    DO(cuMemAllocPitch_v2(&rows, &pitch, 7, 5, 4)); CHECK(pitch >= 7 && pitch % 256 == 0);
    DO(cuMemsetD2D8_v2(rows, pitch, 99, 7, 5));
    CUDA_MEMCPY2D up = { .srcType = HOST, .srcHost = in, .srcPitch = 7, .srcX = 1, .srcY = 1, .dstType = DEVICE, .dstDevice = rows, .dstPitch = pitch,
        .dstX = 2, .dstY = 3, .width = 4, .height = 2 };
    DO(cuMemcpy2D_v2(&up));
    CUDA_MEMCPY2D down = { .srcType = DEVICE, .srcDevice = rows, .srcPitch = pitch, .dstType = HOST, .dstHost = out, .dstPitch = 7, .width = 7, .height = 5 };
    DO(cuMemcpy2D_v2(&down));
    for (y = 0; y < 5; y++) for (x = 0; x < 7; x++) CHECK(out[y][x] == (y >= 3 && x >= 2 && x < 6 ? in[y - 2][x - 1] : 99));
    down.height = 6; EXPECT(1, cuMemcpy2D_v2(&down)); down.height = 5; down.dstPitch = 3; EXPECT(1, cuMemcpy2D_v2(&down));
    DO(cuMemsetD2D32_v2(rows, pitch, 0x01020304, 1, 5)); down.dstPitch = 7; DO(cuMemcpy2D_v2(&down)); CHECK(out[4][0] == 4 && out[4][3] == 1 && out[4][4] == in[2][3]);
    for (z = 0; z < 3; z++) for (y = 0; y < 4; y++) for (x = 0; x < 5; x++) { cube[z][y][x] = 25 * z + 5 * y + x; back[z][y][x] = 200; }
    DO(cuMemAlloc_v2(&box, 60)); DO(cuMemcpyHtoD_v2(box, cube, 60));
    CUDA_MEMCPY3D part = { .srcType = DEVICE, .srcDevice = box, .srcPitch = 5, .srcHeight = 4, .srcX = 1, .srcY = 1, .srcZ = 1, .dstType = UNIFIED,
        .dstDevice = (CUdeviceptr)back, .dstPitch = 5, .dstHeight = 4, .dstZ = 1, .width = 3, .height = 2, .depth = 2 };
    DO(cuMemcpy3D_v2(&part));
    for (z = 0; z < 3; z++) for (y = 0; y < 4; y++) for (x = 0; x < 5; x++)
        CHECK(back[z][y][x] == (z >= 1 && y < 2 && x < 3 ? cube[z][y + 1][x + 1] : 200));
    part.dstType = 3; EXPECT(801, cuMemcpy3D_v2(&part)); DO(cuMemFree_v2(rows)); DO(cuMemFree_v2(box));
}

/* A copy on the device brings what nobody wrote: the kernel's reads of it are faults. */
static int unwritten(CUfunction add)
{
    CUdeviceptr x, y; unsigned a = 1, n = 8; void *parameters[] = { &x, &y, &a, &n };
    DO(cuMemAlloc_v2(&x, 32)); DO(cuMemAlloc_v2(&y, 32)); DO(cuMemsetD32_v2(x, 1, 6)); DO(cuMemsetD32_v2(y, 1, 8)); DO(cuMemcpyDtoD_v2(y, x, 32));
    DO(cuMemsetD32_v2(x, 1, 8)); DO(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, 0, parameters, 0));
    return 0;
}

int main(int count, char **arguments)
{
    begin();
    if (count > 1) return unwritten(load(axpy, "axpy"));
    CUfunction add = load(axpy, "axpy");
    linear(add); host(add); pools(); planes();
    puts("memory as documented");
    return 0;
}
