/* Order: contexts, streams, events with times, callbacks, values that streams write; a kernel that fails. */
#include "driver.h"

static int calls;
static void count(void *data) { calls += *(int *)data; }
static void called(CUstream stream, CUresult result, void *data) { calls += result == 0 ? *(int *)data : 1000; }

static void streams(CUfunction add)
{
    CUstream first, second; CUevent start, end, timeless; int lowest, highest, priority, step = 3; unsigned flags, a = 1, n = 32, out[32]; float time;
    CUdeviceptr x, y; void *parameters[] = { &x, &y, &a, &n };
    DO(cuCtxGetStreamPriorityRange(&lowest, &highest)); CHECK(highest < lowest);
    DO(cuStreamCreateWithPriority(&first, 1, -100)); DO(cuStreamGetPriority(first, &priority)); CHECK(priority == highest);
    DO(cuStreamGetFlags(first, &flags)); CHECK(flags == 1); DO(cuStreamCreate(&second, 0)); DO(cuEventCreate(&start, 0)); DO(cuEventCreate(&end, 1));
    DO(cuEventCreate(&timeless, 2)); DO(cuMemAllocAsync(&x, 128, first)); DO(cuMemAllocAsync(&y, 128, first)); DO(cuEventRecord(start, first));
    EXPECT(400, cuEventElapsedTime(&time, start, end)); DO(cuMemsetD32Async(x, 2, 32, first)); DO(cuMemsetD32Async(y, 3, 32, first));
    DO(cuEventRecord(end, first)); DO(cuStreamWaitEvent(second, end, 0));
    DO(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, second, parameters, 0)); DO(cuLaunchHostFunc(second, count, &step));
    DO(cuStreamAddCallback(second, called, &step, 0)); DO(cuStreamSynchronize(second)); CHECK(calls == 6); DO(cuStreamQuery(second));
    DO(cuEventQuery(end)); DO(cuEventElapsedTime(&time, start, end)); CHECK(time >= 0 && time < 60000);
    DO(cuEventRecord(timeless, first)); EXPECT(400, cuEventElapsedTime(&time, start, timeless));
    DO(cuMemcpyDtoHAsync_v2(out, y, 128, (CUstream)2)); CHECK(out[31] == 5); /* the thread's own default stream */
    DO(cuStreamWriteValue32_v2(second, x, 77, 0)); DO(cuStreamWaitValue32_v2(second, x, 77, 1)); EXPECT(801, cuStreamWaitValue32_v2(second, x, 78, 1));
    DO(cuMemFreeAsync(x, first)); EXPECT(1, cuMemsetD32Async(x, 2, 32, first)); DO(cuStreamDestroy_v2(first)); EXPECT(400, cuStreamSynchronize(first));
    DO(cuEventDestroy_v2(start)); EXPECT(400, cuEventQuery(start)); DO(cuStreamDestroy_v2(second));
}

static void contexts(void)
{
    CUcontext own, other, now; int active; unsigned flags; size_t limit;
    DO(cuCtxGetCurrent(&other)); DO(cuDevicePrimaryCtxGetState(0, &flags, &active)); CHECK(active == 1);
    DO(cuCtxCreate_v2(&own, 4, 0)); DO(cuCtxGetCurrent(&now)); CHECK(now == own); DO(cuCtxSetLimit(1, 1 << 22)); DO(cuCtxGetLimit(&limit, 1));
    CHECK(limit == 1 << 22); EXPECT(215, cuCtxGetLimit(&limit, 99)); DO(cuCtxDestroy_v2(own)); DO(cuCtxGetCurrent(&now)); CHECK(now == other);
    EXPECT(400, cuCtxSetCurrent(own)); DO(cuCtxGetLimit(&limit, 1)); CHECK(limit == 1 << 20);
}

static void failures(void)
{
    CUcontext own; CUdeviceptr x;
    DO(cuCtxCreate_v2(&own, 0, 0));
    CUfunction trap = load(".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry bad() { trap; }\n"
        ".visible .entry strange() { wgmma.fence.sync.aligned; ret; }", "bad");
    CUmodule module; CUfunction strange;
    DO(cuFuncGetModule(&module, trap)); DO(cuModuleGetFunction(&strange, module, "strange"));
    EXPECT(801, cuLaunchKernel(strange, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0)); DO(cuCtxSynchronize());
    EXPECT(719, cuLaunchKernel(trap, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0));
    EXPECT(719, cuCtxSynchronize()); EXPECT(719, cuMemAlloc_v2(&x, 4)); /* until the context is gone */
    DO(cuCtxDestroy_v2(own)); DO(cuMemAlloc_v2(&x, 4)); DO(cuMemFree_v2(x));
}

int main(void)
{
    begin();
    streams(load(axpy, "axpy")); contexts(); failures();
    puts("order as documented");
    return 0;
}
