/* Programs: options and logs of the compiler, linking, libraries, attributes, occupancy, launches with attributes, addresses of functions. */
#include "driver.h"

static const char caller[] = ".version 7.0\n.target sm_80\n.address_size 64\n.extern .func (.param .u32 r) twice(.param .u32 v);\n"
    ".extern .global .u32 shared_by_both;\n.visible .entry calls(.param .u64 y) { .reg .b32 %r<3>; .reg .b64 %rd<2>; ld.param.u64 %rd1, [y];\n"
    "ld.global.u32 %r1, [shared_by_both]; { .param .u32 p; .param .u32 q; st.param.u32 [p], %r1; call (q), twice, (p); ld.param.u32 %r2, [q]; }\n"
    "st.global.u32 [%rd1], %r2; ret; }\n";
static const char called[] = ".version 7.1\n.target sm_80\n.address_size 64\n.visible .global .align 4 .u32 shared_by_both = 21;\n"
    ".visible .func (.param .u32 r) twice(.param .u32 v) { .reg .b32 %r<2>; ld.param.u32 %r1, [v]; shl.b32 %r1, %r1, 1; st.param.u32 [r], %r1; ret; }\n";

static void modules(void)
{
    CUmodule module, owner; CUfunction function, all[2]; unsigned count; char error[200] = "x", info[200] = "x"; CUdeviceptr bias; size_t bytes, offset;
    int options[] = { 0, 3, 4, 5, 6, 2 }; void *settings[] = { (void *)32, info, (void *)200, error, (void *)200, 0 };
    EXPECT(218, cuModuleLoadDataEx(&module, ".version 7.0\n.target sm_80\n.address_size 64\n.what;", 6, options, settings));
    CHECK(strstr(error, "what")); CHECK((size_t)settings[4] == strlen(error)); settings[4] = (void *)200; settings[2] = (void *)200;
    DO(cuModuleLoadDataEx(&module, axpy, 6, options, settings)); CHECK(error[0] == 0 && info[0] == 0 && settings[4] == 0);
    DO(cuModuleGetFunctionCount(&count, module)); CHECK(count == 2); DO(cuModuleEnumerateFunctions(all, 2, module));
    DO(cuModuleGetFunction(&function, module, "axpy")); CHECK(function == all[0] || function == all[1]); DO(cuFuncGetModule(&owner, function)); CHECK(owner == module);
    EXPECT(500, cuModuleGetFunction(&function, module, "nothing")); DO(cuModuleGetGlobal_v2(&bias, &bytes, module, "bias")); CHECK(bytes == 4);
    DO(cuModuleGetFunction(&function, module, "axpy")); DO(cuFuncGetParamInfo(function, 3, &offset, &bytes)); CHECK(offset == 20 && bytes == 4);
    EXPECT(1, cuFuncGetParamInfo(function, 4, &offset, &bytes)); EXPECT(209, cuModuleLoadData(&module, "\x7f""ELF"));
    DO(cuModuleUnload(owner)); EXPECT(400, cuFuncGetModule(&owner, function)); EXPECT(1, cuMemsetD32_v2(bias, 1, 1));
}

static void linked(void)
{
    CUlinkState state; CUmodule module; CUfunction function; void *image; size_t bytes; CUdeviceptr y; unsigned value; CUlibrary library; CUkernel kernel;
    const char *name; int threads; CUcontext context;
    DO(cuMemAlloc_v2(&y, 4)); void *parameters[] = { &y };
    DO(cuLinkCreate_v2(0, 0, 0, &state)); DO(cuLinkAddData_v2(state, 1, (void *)caller, sizeof caller, "caller", 0, 0, 0));
    DO(cuLinkAddData_v2(state, 1, (void *)called, sizeof called, "called", 0, 0, 0)); EXPECT(209, cuLinkAddData_v2(state, 0, "cubin", 6, "cubin", 0, 0, 0));
    DO(cuLinkComplete(state, &image, &bytes)); DO(cuModuleLoadData(&module, image)); DO(cuLinkDestroy(state));
    DO(cuModuleGetFunction(&function, module, "calls")); DO(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, parameters, 0));
    DO(cuMemcpyDtoH_v2(&value, y, 4)); CHECK(value == 42);
    DO(cuCtxGetCurrent(&context)); DO(cuCtxSetCurrent(0)); /* libraries need no context */
    DO(cuLibraryLoadData(&library, axpy, 0, 0, 0, 0, 0, 0)); DO(cuLibraryGetKernel(&kernel, library, "empty")); DO(cuKernelGetName(&name, kernel));
    CHECK(!strcmp(name, "empty")); DO(cuKernelGetAttribute(&threads, 0, kernel, 0)); CHECK(threads == 1024); DO(cuKernelSetAttribute(8, 60000, kernel, 0));
    EXPECT(201, cuMemcpyDtoH_v2(&value, y, 4)); DO(cuCtxSetCurrent(context)); DO(cuKernelGetFunction(&function, kernel));
    DO(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 60000, 0, 0, 0)); DO(cuLaunchKernel((CUfunction)kernel, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0));
    DO(cuLibraryGetGlobal(&y, &bytes, library, "bias")); DO(cuLibraryUnload(library)); EXPECT(400, cuLibraryGetKernel(&kernel, library, "empty"));
}

static size_t shared_of(int threads) { return 16 * threads; }

static void limits(CUfunction add)
{
    int value, grid, block, blocks, processors; size_t bytes;
    DO(cuFuncGetAttribute(&value, 0, add)); CHECK(value == 1024); DO(cuFuncGetAttribute(&value, 4, add)); CHECK(value >= 8 && value < 64);
    DO(cuDeviceGetAttribute(&processors, 16, 0)); DO(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 256, 0)); CHECK(blocks == 8);
    DO(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 1024, 0)); CHECK(blocks == 2);
    DO(cuOccupancyMaxPotentialBlockSize(&grid, &block, add, 0, 0, 0)); CHECK(block == 1024 && grid == 2 * processors);
    DO(cuOccupancyMaxPotentialBlockSize(&grid, &block, add, shared_of, 0, 512)); CHECK(block <= 512 && block % 32 == 0 && grid % processors == 0);
    DO(cuOccupancyAvailableDynamicSMemPerBlock(&bytes, add, 2, 1024)); CHECK(bytes == 48 << 10);
    EXPECT(1, cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 100 << 10, 0, 0, 0)); DO(cuFuncSetAttribute(add, 8, 100 << 10));
    DO(cuFuncGetAttribute(&value, 8, add)); CHECK(value == 100 << 10); EXPECT(1, cuFuncSetAttribute(add, 8, 1 << 20));
    EXPECT(1, cuLaunchKernel(add, 1, 1, 1, 2048, 1, 1, 0, 0, 0, 0)); EXPECT(1, cuLaunchKernel(add, 0, 1, 1, 32, 1, 1, 0, 0, 0, 0));
}

static void attributes(CUfunction add)
{
    CUdeviceptr x, y; unsigned a = 2, n = 32, out[32]; CUevent done; float time; CUstream stream; void *parameters[] = { &x, &y, &a, &n };
    DO(cuStreamCreate(&stream, 0)); DO(cuEventCreate(&done, 0)); DO(cuMemAlloc_v2(&x, 128)); DO(cuMemAlloc_v2(&y, 128));
    DO(cuMemsetD32_v2(x, 4, 32)); DO(cuMemsetD32_v2(y, 1, 32));
    CUlaunchAttribute list[] = { { .id = 6, .value = 1 }, { .id = 12, .completion = { done, 0 } }, { .id = 2, .value = 1 }, { .id = 4, .cluster = { 1, 1, 1 } } };
    CUlaunchConfig config = { 1, 1, 1, 32, 1, 1, 0, stream, list, 4 };
    DO(cuLaunchKernelEx(&config, add, parameters, 0)); DO(cuEventSynchronize(done)); DO(cuEventElapsedTime(&time, done, done)); CHECK(time == 0);
    DO(cuMemcpyDtoH_v2(out, y, 128)); CHECK(out[31] == 9); list[3].cluster[0] = 2; EXPECT(801, cuLaunchKernelEx(&config, add, parameters, 0));
    EXPECT(720, cuLaunchCooperativeKernel(add, 1 << 20, 1, 1, 32, 1, 1, 0, stream, parameters));
    DO(cuLaunchCooperativeKernel(add, 4, 1, 1, 32, 1, 1, 0, stream, parameters));
}

static void addresses(void)
{
    void *old, *new, *same; int status; const char *text; cuuint64 texture; char uuid[16] = { 0 };
    DO(cuGetProcAddress_v2("cuGraphInstantiate", &new, 12000, 0, &status)); CHECK(status == 0 && new == (void *)cuGraphInstantiateWithFlags);
    DO(cuGetProcAddress_v2("cuGraphInstantiate", &old, 11000, 0, &status)); CHECK(old != new);
    DO(cuGetProcAddress("cuMemAlloc", &same, 12000, 2)); CHECK(same == (void *)cuMemAlloc_v2);
    EXPECT(500, cuGetProcAddress_v2("cuNothing", &new, 12000, 0, &status)); CHECK(status == 1 && !new);
    DO(cuGetErrorString(801, &text)); CHECK(!strcmp(text, "operation not supported")); DO(cuGetErrorName(720, &text));
    CHECK(!strcmp(text, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE")); EXPECT(1, cuGetErrorName(12345, &text)); CHECK(!text);
    EXPECT(801, cuTexObjectCreate(&texture, 0, 0, 0)); DO(cuDeviceGetUuid_v2(uuid, 0)); CHECK(uuid[0]);
}

/* A fat binary as CUDA's compiler writes it: PTX for a newer GPU, as it is, and for an older one, packed. */
static void fat(void)
{
    static union { char bytes[8192]; unsigned words[2048]; cuuint64 longs[1024]; } image; static char packed[4096]; CUmodule module; CUfunction function;
    char *to = packed, *entry = image.bytes + 16; size_t half = strlen(axpy) / 2, rest = strlen(axpy) - half, n; int kind;
    while (axpy[half - 1] != '\n') { half--; rest++; }
    /* LZ4: the first half and "//a", then 40 times the byte before, then a line's end and the rest. */
    n = half + 3; *to++ = (char)0xff; for (n -= 15; n >= 255; n -= 255) *to++ = (char)255;
    *to++ = n; memcpy(to, axpy, half); to += half; memcpy(to, "//a", 3); to += 3; *to++ = 1; *to++ = 0; *to++ = 40 - 4 - 15;
    n = rest + 1; *to++ = (char)0xf0; for (n -= 15; n >= 255; n -= 255) *to++ = (char)255;
    *to++ = n; *to++ = '\n'; memcpy(to, axpy + half, rest); to += rest;
    image.words[0] = 0xba55ed50; image.words[1] = 1 | 16 << 16;
    for (kind = 0; kind < 2; kind++)
    {
        const char *text = kind ? packed : ".version 9.0\n.target sm_130\n.address_size 64\n"; size_t bytes = kind ? to - packed : strlen(text);
        size_t whole = (bytes + 7) / 8 * 8; unsigned *head = (unsigned *)entry;
        head[0] = 1 | 257 << 16; head[1] = 64; *(cuuint64 *)(head + 2) = whole; head[4] = bytes; head[7] = kind ? 80 : 130;
        *(cuuint64 *)(head + 10) = kind ? 0x2000 : 0; *(cuuint64 *)(head + 14) = strlen(axpy) + 3 + 40 + 1;
        memcpy(entry + 64, text, bytes); entry += 64 + whole;
    }
    image.longs[1] = entry - image.bytes - 16;
    DO(cuModuleLoadData(&module, image.bytes)); DO(cuModuleGetFunction(&function, module, "axpy"));
    struct { unsigned magic, version; void *binary, *more; } wrapper = { 0x466243b1, 1, image.bytes, 0 };
    DO(cuModuleLoadFatBinary(&module, &wrapper)); DO(cuModuleGetFunction(&function, module, "axpy"));
    ((unsigned *)(image.bytes + 16))[7] = 80; image.longs[1] = 64 + 48; /* only the first, whose kernels are none */
    DO(cuModuleLoadData(&module, image.bytes)); EXPECT(500, cuModuleGetFunction(&function, module, "axpy"));
    ((unsigned *)(image.bytes + 16))[7] = 130; EXPECT(209, cuModuleLoadData(&module, image.bytes));
}

static void prints(void)
{
    CUfunction function = load(".version 7.0\n.target sm_80\n.address_size 64\n.extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 v);\n"
        ".global .align 1 .b8 format[12] = {112, 114, 105, 110, 116, 101, 100, 32, 37, 100, 10, 0};\n"
        ".visible .entry prints() { .local .align 8 .b8 values[8]; .reg .b32 %r<2>; .reg .b64 %rd<4>; mov.u32 %r1, 7; st.local.u32 [values], %r1;\n"
        "mov.u64 %rd1, format; cvta.global.u64 %rd1, %rd1; mov.u64 %rd2, values; cvta.local.u64 %rd2, %rd2; { .param .b64 p; .param .b64 q; .param .b32 s;\n"
        "st.param.b64 [p], %rd1; st.param.b64 [q], %rd2; call (s), vprintf, (p, q); } ret; }\n", "prints");
    DO(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0));
}

int main(void)
{
    begin();
    CUfunction add = load(axpy, "axpy");
    modules(); linked(); limits(add); attributes(add); addresses(); fat(); prints();
    puts("programs as documented");
    return 0;
}
