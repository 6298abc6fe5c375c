/* The part of the CUDA driver API that these programs use, written from its documentation; every check says what failed and ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>

typedef int CUresult, CUdevice;
typedef unsigned long long CUdeviceptr, cuuint64;
typedef struct handle *CUcontext, *CUmodule, *CUfunction, *CUstream, *CUevent, *CUgraph, *CUgraphNode, *CUgraphExec, *CUmemoryPool, *CUlinkState,
    *CUlibrary, *CUkernel, *CUarray, *CUuserObject;
typedef void (*CUhostFn)(void *data);

typedef struct { size_t srcX, srcY; int srcType; const void *srcHost; CUdeviceptr srcDevice; CUarray srcArray; size_t srcPitch;
    size_t dstX, dstY; int dstType; void *dstHost; CUdeviceptr dstDevice; CUarray dstArray; size_t dstPitch, width, height; } CUDA_MEMCPY2D;
typedef struct { size_t srcX, srcY, srcZ, srcLevel; int srcType; const void *srcHost; CUdeviceptr srcDevice; CUarray srcArray; void *reserved0;
    size_t srcPitch, srcHeight; size_t dstX, dstY, dstZ, dstLevel; int dstType; void *dstHost; CUdeviceptr dstDevice; CUarray dstArray;
    void *reserved1; size_t dstPitch, dstHeight, width, height, depth; } CUDA_MEMCPY3D;
typedef struct { CUfunction func; unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, shared; void **params, **extra; CUkernel kern;
    CUcontext ctx; } CUDA_KERNEL_NODE_PARAMS;
typedef struct { CUdeviceptr dst; size_t pitch; unsigned value, elementSize; size_t width, height; } CUDA_MEMSET_NODE_PARAMS;
typedef struct { CUhostFn fn; void *data; } CUDA_HOST_NODE_PARAMS;
typedef struct { int allocType, handleTypes, locationType, locationId; void *security; size_t maxSize; unsigned short usage; char reserved[54];
    const void *access; size_t accessCount, bytes; CUdeviceptr address; } CUDA_MEM_ALLOC_NODE_PARAMS;
typedef struct { int type, reserved[3]; union { CUDA_MEMSET_NODE_PARAMS memset; CUDA_KERNEL_NODE_PARAMS kernel; CUgraph graph; long long most[29]; };
    long long reserved2; } CUgraphNodeParams;
typedef struct { int id; char pad[4]; union { int value; unsigned cluster[3]; struct { CUevent event; int flags; } completion; char most[64]; };
    } CUlaunchAttribute;
typedef struct { unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, shared; CUstream stream; CUlaunchAttribute *attributes; unsigned count;
    } CUlaunchConfig;
typedef struct { int result; CUgraphNode node, from; } CUgraphExecUpdateResultInfo;

enum { HOST = 1, DEVICE = 2, UNIFIED = 4 };

#define API(name, ...) CUresult name(__VA_ARGS__)
API(cuInit, unsigned); API(cuDeviceGet, CUdevice *, int); API(cuDeviceGetAttribute, int *, int, CUdevice); API(cuDeviceGetUuid_v2, char *, CUdevice);
API(cuDevicePrimaryCtxRetain, CUcontext *, CUdevice); API(cuDevicePrimaryCtxRelease_v2, CUdevice);
API(cuDevicePrimaryCtxGetState, CUdevice, unsigned *, int *); API(cuCtxCreate_v2, CUcontext *, unsigned, CUdevice); API(cuCtxDestroy_v2, CUcontext);
API(cuCtxSetCurrent, CUcontext); API(cuCtxGetCurrent, CUcontext *); API(cuCtxSynchronize, void); API(cuCtxGetLimit, size_t *, int);
API(cuCtxSetLimit, int, size_t); API(cuCtxGetStreamPriorityRange, int *, int *); API(cuGetErrorName, CUresult, const char **);
API(cuGetErrorString, CUresult, const char **); API(cuGetProcAddress_v2, const char *, void **, int, cuuint64, int *);
API(cuGetProcAddress, const char *, void **, int, cuuint64);
API(cuModuleLoadData, CUmodule *, const void *); API(cuModuleLoadDataEx, CUmodule *, const void *, unsigned, int *, void **);
API(cuModuleLoadFatBinary, CUmodule *, const void *); API(cuModuleUnload, CUmodule); API(cuModuleGetFunction, CUfunction *, CUmodule, const char *); API(cuModuleGetFunctionCount, unsigned *, CUmodule);
API(cuModuleEnumerateFunctions, CUfunction *, unsigned, CUmodule); API(cuModuleGetGlobal_v2, CUdeviceptr *, size_t *, CUmodule, const char *);
API(cuLinkCreate_v2, unsigned, int *, void **, CUlinkState *); API(cuLinkComplete, CUlinkState, void **, size_t *); API(cuLinkDestroy, CUlinkState);
API(cuLinkAddData_v2, CUlinkState, int, void *, size_t, const char *, unsigned, int *, void **);
API(cuLibraryLoadData, CUlibrary *, const void *, int *, void **, unsigned, int *, void **, unsigned); API(cuLibraryUnload, CUlibrary);
API(cuLibraryGetKernel, CUkernel *, CUlibrary, const char *); API(cuLibraryGetKernelCount, unsigned *, CUlibrary);
API(cuLibraryGetModule, CUmodule *, CUlibrary); API(cuLibraryGetGlobal, CUdeviceptr *, size_t *, CUlibrary, const char *);
API(cuKernelGetFunction, CUfunction *, CUkernel); API(cuKernelGetName, const char **, CUkernel); API(cuKernelGetAttribute, int *, int, CUkernel, CUdevice);
API(cuKernelSetAttribute, int, int, CUkernel, CUdevice); API(cuKernelGetParamInfo, CUkernel, size_t, size_t *, size_t *);
API(cuFuncGetAttribute, int *, int, CUfunction); API(cuFuncSetAttribute, CUfunction, int, int); API(cuFuncGetModule, CUmodule *, CUfunction);
API(cuFuncGetParamInfo, CUfunction, size_t, size_t *, size_t *);
API(cuOccupancyMaxActiveBlocksPerMultiprocessor, int *, CUfunction, int, size_t);
API(cuOccupancyMaxPotentialBlockSize, int *, int *, CUfunction, size_t (*)(int), size_t, int);
API(cuOccupancyAvailableDynamicSMemPerBlock, size_t *, CUfunction, int, int);
API(cuLaunchKernel, CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **);
API(cuLaunchKernel_ptsz, CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **);
API(cuLaunchKernelEx, const CUlaunchConfig *, CUfunction, void **, void **); API(cuLaunchHostFunc, CUstream, CUhostFn, void *);
API(cuLaunchCooperativeKernel, CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **);
API(cuMemAlloc_v2, CUdeviceptr *, size_t); API(cuMemAllocPitch_v2, CUdeviceptr *, size_t *, size_t, size_t, unsigned); API(cuMemFree_v2, CUdeviceptr);
API(cuMemAllocManaged, CUdeviceptr *, size_t, unsigned); API(cuMemAllocHost_v2, void **, size_t); API(cuMemHostAlloc, void **, size_t, unsigned);
API(cuMemFreeHost, void *); API(cuMemHostRegister_v2, void *, size_t, unsigned); API(cuMemHostUnregister, void *);
API(cuMemHostGetDevicePointer_v2, CUdeviceptr *, void *, unsigned); API(cuMemHostGetFlags, unsigned *, void *); API(cuMemGetInfo_v2, size_t *, size_t *);
API(cuMemGetAddressRange_v2, CUdeviceptr *, size_t *, CUdeviceptr); API(cuPointerGetAttribute, void *, int, CUdeviceptr);
API(cuPointerGetAttributes, unsigned, int *, void **, CUdeviceptr); API(cuMemAdvise, CUdeviceptr, size_t, int, CUdevice);
API(cuMemPrefetchAsync, CUdeviceptr, size_t, CUdevice, CUstream); API(cuMemRangeGetAttribute, void *, size_t, int, CUdeviceptr, size_t);
API(cuMemAllocAsync, CUdeviceptr *, size_t, CUstream); API(cuMemFreeAsync, CUdeviceptr, CUstream);
API(cuMemAllocFromPoolAsync, CUdeviceptr *, size_t, CUmemoryPool, CUstream); API(cuMemPoolCreate, CUmemoryPool *, const void *);
API(cuMemPoolDestroy, CUmemoryPool); API(cuMemPoolGetAttribute, CUmemoryPool, int, void *); API(cuMemPoolSetAttribute, CUmemoryPool, int, void *);
API(cuMemPoolTrimTo, CUmemoryPool, size_t); API(cuDeviceGetDefaultMemPool, CUmemoryPool *, CUdevice);
API(cuMemcpy, CUdeviceptr, CUdeviceptr, size_t); API(cuMemcpyHtoD_v2, CUdeviceptr, const void *, size_t); API(cuMemcpyDtoH_v2, void *, CUdeviceptr, size_t);
API(cuMemcpyDtoD_v2, CUdeviceptr, CUdeviceptr, size_t); API(cuMemcpyHtoDAsync_v2, CUdeviceptr, const void *, size_t, CUstream);
API(cuMemcpyDtoHAsync_v2, void *, CUdeviceptr, size_t, CUstream); API(cuMemcpy2D_v2, const CUDA_MEMCPY2D *); API(cuMemcpy3D_v2, const CUDA_MEMCPY3D *);
API(cuMemsetD8_v2, CUdeviceptr, unsigned char, size_t); API(cuMemsetD16_v2, CUdeviceptr, unsigned short, size_t);
API(cuMemsetD32_v2, CUdeviceptr, unsigned, size_t); API(cuMemsetD32Async, CUdeviceptr, unsigned, size_t, CUstream);
API(cuMemsetD2D32_v2, CUdeviceptr, size_t, unsigned, size_t, size_t); API(cuMemsetD2D8_v2, CUdeviceptr, size_t, unsigned char, size_t, size_t);
API(cuStreamCreate, CUstream *, unsigned); API(cuStreamCreateWithPriority, CUstream *, unsigned, int); API(cuStreamDestroy_v2, CUstream);
API(cuStreamGetPriority, CUstream, int *); API(cuStreamGetFlags, CUstream, unsigned *); API(cuStreamSynchronize, CUstream); API(cuStreamQuery, CUstream);
API(cuStreamWaitEvent, CUstream, CUevent, unsigned); API(cuStreamAddCallback, CUstream, void (*)(CUstream, CUresult, void *), void *, unsigned);
API(cuStreamWriteValue32_v2, CUstream, CUdeviceptr, unsigned, unsigned); API(cuStreamWaitValue32_v2, CUstream, CUdeviceptr, unsigned, unsigned);
API(cuStreamBeginCapture_v2, CUstream, int); API(cuStreamEndCapture, CUstream, CUgraph *); API(cuStreamIsCapturing, CUstream, int *);
API(cuEventCreate, CUevent *, unsigned); API(cuEventDestroy_v2, CUevent); API(cuEventRecord, CUevent, CUstream); API(cuEventQuery, CUevent);
API(cuEventSynchronize, CUevent); API(cuEventElapsedTime, float *, CUevent, CUevent);
API(cuGraphCreate, CUgraph *, unsigned); API(cuGraphDestroy, CUgraph); API(cuGraphClone, CUgraph *, CUgraph); API(cuGraphDestroyNode, CUgraphNode);
API(cuGraphAddKernelNode_v2, CUgraphNode *, CUgraph, CUgraphNode *, size_t, const CUDA_KERNEL_NODE_PARAMS *);
API(cuGraphAddMemcpyNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, const CUDA_MEMCPY3D *, CUcontext);
API(cuGraphAddMemsetNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, const CUDA_MEMSET_NODE_PARAMS *, CUcontext);
API(cuGraphAddHostNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, const CUDA_HOST_NODE_PARAMS *);
API(cuGraphAddChildGraphNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, CUgraph);
API(cuGraphAddEmptyNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t); API(cuGraphAddNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, CUgraphNodeParams *);
API(cuGraphAddMemAllocNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, CUDA_MEM_ALLOC_NODE_PARAMS *);
API(cuGraphAddMemFreeNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, CUdeviceptr); API(cuGraphAddDependencies, CUgraph, CUgraphNode *, CUgraphNode *, size_t);
API(cuGraphAddEventRecordNode, CUgraphNode *, CUgraph, CUgraphNode *, size_t, CUevent); API(cuGraphNodeGetType, CUgraphNode, int *);
API(cuGraphNodeFindInClone, CUgraphNode *, CUgraphNode, CUgraph); API(cuGraphGetNodes, CUgraph, CUgraphNode *, size_t *);
API(cuGraphGetRootNodes, CUgraph, CUgraphNode *, size_t *); API(cuGraphGetEdges, CUgraph, CUgraphNode *, CUgraphNode *, size_t *);
API(cuGraphKernelNodeGetParams_v2, CUgraphNode, CUDA_KERNEL_NODE_PARAMS *); API(cuGraphInstantiateWithFlags, CUgraphExec *, CUgraph, cuuint64);
API(cuGraphExecKernelNodeSetParams_v2, CUgraphExec, CUgraphNode, const CUDA_KERNEL_NODE_PARAMS *); API(cuGraphLaunch, CUgraphExec, CUstream);
API(cuGraphExecUpdate_v2, CUgraphExec, CUgraph, CUgraphExecUpdateResultInfo *); API(cuGraphNodeSetEnabled, CUgraphExec, CUgraphNode, unsigned);
API(cuGraphExecDestroy, CUgraphExec); API(cuUserObjectCreate, CUuserObject *, void *, CUhostFn, unsigned, unsigned);
API(cuGraphRetainUserObject, CUgraph, CUuserObject, unsigned, unsigned); API(cuTexObjectCreate, cuuint64 *, const void *, const void *, const void *);

static inline void give(CUresult got, CUresult want, const char *call, int line)
{
    const char *name = "?", *wanted = "?";
    if (got == want) return;
    cuGetErrorName(got, &name); cuGetErrorName(want, &wanted);
    printf("line %d: %s gave %s, not %s\n", line, call, name, wanted);
    exit(1);
}
#define DO(call) give(call, 0, #call, __LINE__)
#define EXPECT(code, call) give(call, code, #call, __LINE__)
#define CHECK(fact) do { if (!(fact)) { printf("line %d: not so: %s\n", __LINE__, #fact); exit(1); } } while (0)

/* y[i] = a x[i] + y[i] for i below n, x and y of 32-bit integers; and a variable that is added, too. */
static const char axpy[] =
    ".version 7.0\n.target sm_80\n.address_size 64\n.visible .global .align 4 .u32 bias;\n"
    ".visible .entry axpy(.param .u64 x, .param .u64 y, .param .u32 a, .param .u32 n) {\n"
    ".reg .pred %p; .reg .b32 %r<9>; .reg .b64 %rd<9>;\n"
    "ld.param.u64 %rd1, [x]; ld.param.u64 %rd2, [y]; ld.param.u32 %r8, [a]; ld.param.u32 %r1, [n];\n"
    "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r2, %r2, %r3, %r4;\n"
    "setp.ge.u32 %p, %r2, %r1; @%p ret; mul.wide.u32 %rd3, %r2, 4; add.u64 %rd1, %rd1, %rd3; add.u64 %rd2, %rd2, %rd3;\n"
    "ld.global.u32 %r5, [%rd1]; ld.global.u32 %r6, [%rd2]; ld.global.u32 %r7, [bias];\n"
    "mad.lo.u32 %r5, %r5, %r8, %r6; add.u32 %r5, %r5, %r7; st.global.u32 [%rd2], %r5; ret; }\n"
    ".visible .entry empty() { ret; }\n";

static inline CUfunction load(const char *text, const char *name)
{
    CUmodule module; CUfunction function;
    DO(cuModuleLoadData(&module, text)); DO(cuModuleGetFunction(&function, module, name));
    return function;
}

static inline void begin(void)
{
    CUdevice device; CUcontext context;
    DO(cuInit(0)); DO(cuDeviceGet(&device, 0)); DO(cuDevicePrimaryCtxRetain(&context, device)); DO(cuCtxSetCurrent(context));
}
