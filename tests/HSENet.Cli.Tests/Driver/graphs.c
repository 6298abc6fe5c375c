/* Graphs: captured from streams and built of every kind of node, instantiated, launched, changed. */
#include "driver.h"

static int calls, destroyed;
static void count(void *data) { calls += *(int *)data; }
static void destroy(void *data) { destroyed = 1; }

enum { N = 64 };
static CUfunction add;
static CUdeviceptr x, y;
static unsigned values[N];

static unsigned last(void) { DO(cuMemcpyDtoH_v2(values, y, sizeof values)); return values[N - 1]; }

static void captured(void)
{
    CUstream main, side; CUevent fork, join; CUgraph graph; CUgraphExec exec; int status, step = 5; size_t nodes = 0, roots = 0; CUdeviceptr scratch;
    unsigned a = 3, n = N; void *parameters[] = { &x, &y, &a, &n };
    DO(cuStreamCreate(&main, 0)); DO(cuStreamCreate(&side, 1)); DO(cuEventCreate(&fork, 2)); DO(cuEventCreate(&join, 2));
    DO(cuMemsetD32_v2(y, 7, N));
    DO(cuStreamBeginCapture_v2(main, 0)); DO(cuStreamIsCapturing(main, &status)); CHECK(status == 1);
    EXPECT(906, cuMemsetD32_v2(y, 0, N)); EXPECT(901, cuStreamEndCapture(main, &graph));
    DO(cuStreamBeginCapture_v2(main, 0)); EXPECT(900, cuStreamSynchronize(main)); EXPECT(901, cuStreamEndCapture(main, &graph));
    DO(cuStreamBeginCapture_v2(main, 0)); EXPECT(903, cuStreamEndCapture(side, &graph));
    DO(cuMemsetD32Async(x, 2, N, main)); DO(cuEventRecord(fork, main)); DO(cuStreamWaitEvent(side, fork, 0)); EXPECT(907, cuEventQuery(fork));
    DO(cuMemAllocAsync(&scratch, 4 * N, side)); DO(cuMemsetD32Async(scratch, 1, N, side)); DO(cuMemFreeAsync(scratch, side));
    DO(cuLaunchKernel(add, 2, 1, 1, 32, 1, 1, 0, main, parameters, 0)); DO(cuLaunchHostFunc(side, count, &step));
    DO(cuEventRecord(join, side)); DO(cuStreamWaitEvent(main, join, 0)); DO(cuMemcpyDtoHAsync_v2(values, y, sizeof values, main));
    DO(cuStreamEndCapture(main, &graph)); DO(cuStreamIsCapturing(side, &status)); CHECK(status == 0); CHECK(calls == 0); CHECK(last() == 7);
    DO(cuGraphGetNodes(graph, 0, &nodes)); CHECK(nodes == 7); DO(cuGraphGetRootNodes(graph, 0, &roots)); CHECK(roots == 1);
    DO(cuGraphInstantiateWithFlags(&exec, graph, 0)); a = 1000; DO(cuGraphDestroy(graph));
    DO(cuGraphLaunch(exec, main)); CHECK(values[N - 1] == 7 + 6); CHECK(calls == 5); DO(cuGraphLaunch(exec, side)); CHECK(values[0] == 7 + 12);
    DO(cuStreamBeginCapture_v2(main, 0)); DO(cuEventRecord(fork, main)); DO(cuStreamWaitEvent(side, fork, 0)); DO(cuMemsetD32Async(x, 2, N, side));
    EXPECT(904, cuStreamEndCapture(main, &graph));
    DO(cuStreamBeginCapture_v2(main, 0)); DO(cuGraphLaunch(exec, main)); DO(cuStreamEndCapture(main, &graph)); DO(cuGraphExecDestroy(exec));
    DO(cuGraphInstantiateWithFlags(&exec, graph, 0)); DO(cuGraphLaunch(exec, main)); CHECK(values[0] == 7 + 18 && calls == 15); DO(cuGraphDestroy(graph));
    DO(cuGraphExecDestroy(exec)); EXPECT(400, cuGraphLaunch(exec, main)); DO(cuStreamDestroy_v2(main)); DO(cuStreamDestroy_v2(side));
}

static void built(void)
{
    CUgraph graph, child, clone, other; CUgraphNode fill, copy, kernel, call, nothing, inner, small, record, take, give_back, twin, any, nodes[8];
    CUgraphExec exec; CUevent moment; size_t size = 8, edges = 0; int kind, step = 1; unsigned a = 10, b = 20, n = N, in[N], i; CUuserObject kept;
    CUgraphExecUpdateResultInfo info; void *first[] = { &x, &y, &a, &n }, *second[] = { &x, &y, &b, &n };
    for (i = 0; i < N; i++) in[i] = i;
    calls = 0;
    DO(cuGraphCreate(&graph, 0)); DO(cuGraphCreate(&child, 0)); DO(cuEventCreate(&moment, 0));
    CUDA_MEMSET_NODE_PARAMS sevens = { y, 0, 7, 4, N, 1 };
    CUDA_MEMCPY3D up = { .srcType = HOST, .srcHost = in, .dstType = DEVICE, .dstDevice = x, .width = sizeof in, .height = 1, .depth = 1 };
    CUDA_KERNEL_NODE_PARAMS launch = { add, 2, 1, 1, 32, 1, 1, 0, first }, asked;
    CUDA_HOST_NODE_PARAMS host = { count, &step };
    CUDA_MEM_ALLOC_NODE_PARAMS memory = { 1, 0, 1, 0, .bytes = 512 };
    DO(cuGraphAddMemsetNode(&fill, graph, 0, 0, &sevens, 0)); DO(cuGraphAddMemcpyNode(&copy, graph, 0, 0, &up, 0));
    CUgraphNode both[] = { fill, copy };
    DO(cuGraphAddEmptyNode(&nothing, graph, both, 2)); DO(cuGraphAddKernelNode_v2(&kernel, graph, &nothing, 1, &launch));
    DO(cuGraphAddHostNode(&call, graph, &kernel, 1, &host)); DO(cuGraphAddKernelNode_v2(&small, child, 0, 0, &launch));
    DO(cuGraphAddChildGraphNode(&inner, graph, &kernel, 1, child)); DO(cuGraphAddEventRecordNode(&record, graph, &inner, 1, moment));
    CUgraphNodeParams params = { .type = 2 }; params.memset = sevens;
    DO(cuGraphAddMemAllocNode(&take, graph, 0, 0, &memory)); CHECK(memory.address); params.memset.dst = memory.address;
    DO(cuGraphAddNode(&any, graph, &take, 1, &params)); DO(cuGraphAddMemFreeNode(&give_back, graph, &any, 1, memory.address));
    DO(cuGraphNodeGetType(inner, &kind)); CHECK(kind == 4); DO(cuGraphKernelNodeGetParams_v2(kernel, &asked));
    CHECK(asked.func == add && asked.gridX == 2 && *(unsigned *)asked.params[2] == 10);
    DO(cuGraphGetNodes(graph, nodes, &size)); CHECK(size == 8 && nodes[0] == fill && nodes[2] == nothing);
    DO(cuGraphGetEdges(graph, 0, 0, &edges)); CHECK(edges == 8); EXPECT(1, cuGraphAddDependencies(graph, &fill, &nothing, 1));
    DO(cuUserObjectCreate(&kept, 0, destroy, 1, 1)); DO(cuGraphRetainUserObject(graph, kept, 1, 1));
    DO(cuGraphInstantiateWithFlags(&exec, graph, 0)); DO(cuGraphLaunch(exec, 0)); CHECK(last() == 7 + 20 * (N - 1)); CHECK(calls == 1);
    DO(cuEventQuery(moment));
    launch.params = second; DO(cuGraphExecKernelNodeSetParams_v2(exec, kernel, &launch)); DO(cuGraphLaunch(exec, 0)); CHECK(last() == 7 + 30 * (N - 1));
    DO(cuGraphNodeSetEnabled(exec, inner, 0)); DO(cuGraphLaunch(exec, 0)); CHECK(last() == 7 + 20 * (N - 1)); DO(cuGraphNodeSetEnabled(exec, inner, 1));
    DO(cuGraphClone(&clone, graph)); DO(cuGraphNodeFindInClone(&twin, kernel, clone)); CHECK(twin != kernel);
    DO(cuGraphExecUpdate_v2(exec, clone, &info)); DO(cuGraphLaunch(exec, 0)); CHECK(last() == 7 + 20 * (N - 1)); CHECK(info.result == 0);
    EXPECT(910, cuGraphExecUpdate_v2(exec, child, &info)); CHECK(info.result != 0);
    EXPECT(1, cuGraphExecKernelNodeSetParams_v2(exec, copy, &launch));
    DO(cuGraphAddDependencies(graph, &call, &fill, 1)); EXPECT(1, cuGraphInstantiateWithFlags(&exec, graph, 0)); /* goes round in a circle */
    DO(cuGraphDestroyNode(call)); DO(cuGraphInstantiateWithFlags(&exec, graph, 0)); DO(cuGraphExecDestroy(exec));
    DO(cuGraphCreate(&other, 0)); EXPECT(1, cuGraphAddEmptyNode(&any, other, &fill, 1)); CHECK(!destroyed);
    DO(cuGraphDestroy(other)); DO(cuGraphDestroy(graph)); CHECK(!destroyed); DO(cuGraphDestroy(clone)); CHECK(destroyed); DO(cuGraphDestroy(child));
}

int main(void)
{
    begin();
    add = load(axpy, "axpy"); DO(cuMemAlloc_v2(&x, 4 * N)); DO(cuMemAlloc_v2(&y, 4 * N));
    captured(); built();
    puts("graphs as documented");
    return 0;
}
