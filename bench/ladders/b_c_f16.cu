// The tensor-core rungs of ladders B and C of README.md: the same technique, tile, guards and launch.
// f16 in, f32 sums and result, row-major; sizes are multiples of the tiles. Launch: see README.md beside this file.
#include <cuda_fp16.h>
#include <mma.h>

namespace {

__device__ __forceinline__ unsigned shared(const half *p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }

__device__ __forceinline__ void copy16(half *to, const half *from)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared(to)), "l"(from));
}
__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;"); }
template <int Left> __device__ __forceinline__ void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Left)); }

__device__ __forceinline__ void fragments(unsigned (&f)[4], const half *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3]) : "r"(shared(p)));
}
__device__ __forceinline__ void fragmentsTransposed(unsigned (&f)[4], const half *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3]) : "r"(shared(p)));
}
__device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Where element (row, column) of a tile lies whose rows have Chunks chunks of 8 halves: the swizzle spreads 8 neighbouring rows over all banks.
template <int Chunks, bool Swizzle> __device__ __forceinline__ int place(int row, int column)
{
    int chunk = column >> 3;
    if (Swizzle)
        chunk ^= Chunks == 4 ? row >> 1 & 3 : row & 7;
    return row * Chunks * 8 + chunk * 8 + (column & 7);
}

// A block makes 128×128 outputs, a warp W×W of them; slabs of 32 along K go through Stages buffers.
template <int W, int Stages, bool Vectors, bool Swizzle>
__device__ __forceinline__ void product(const half *__restrict__ A, const half *__restrict__ B, float *__restrict__ C, int M, int N, int K)
{
    constexpr int BM = 128, BN = 128, BK = 32, Across = BN / W, Threads = BM / W * Across * 32, Slab = BM * BK + BK * BN, AChunks = BK / 8, BChunks = BN / 8;
    extern __shared__ half memory[];
    // The measured kernels look the buffers up in an array by a run-time index: it lies in local memory.
    half *as[Stages], *bs[Stages];
#pragma unroll
    for (int s = 0; s < Stages; ++s) {
        as[s] = memory + s * Slab;
        bs[s] = as[s] + BM * BK;
    }
    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5, wy = warp / Across, wx = warp % Across;
    __builtin_assume(thread < Threads);
    const int firstRow = blockIdx.y * BM, firstColumn = blockIdx.x * BN;
    float sum[W / 16][W / 8][4] = {};

    auto fill = [&](int stage, int k) {
        if (Vectors) {
#pragma unroll
            for (int i = thread; i < BM * AChunks; i += Threads) {
                const int row = i / AChunks, chunk = i % AChunks, globalRow = firstRow + row;
                half *to = &as[stage][place<AChunks, Swizzle>(row, chunk * 8)];
                if (globalRow < M)
                    copy16(to, &A[static_cast<size_t>(globalRow) * K + k + chunk * 8]);
                else
                    *reinterpret_cast<float4 *>(to) = float4{};
            }
#pragma unroll
            for (int i = thread; i < BK * BChunks; i += Threads) {
                const int row = i / BChunks, chunk = i % BChunks, globalColumn = firstColumn + chunk * 8;
                half *to = &bs[stage][place<BChunks, Swizzle>(row, chunk * 8)];
                if (globalColumn < N)
                    copy16(to, &B[static_cast<size_t>(k + row) * N + globalColumn]);
                else
                    *reinterpret_cast<float4 *>(to) = float4{};
            }
        } else {
#pragma unroll 1
            for (int i = thread; i < BM * BK; i += Threads) {
                const int row = i / BK, column = i % BK, globalRow = firstRow + row;
                as[stage][place<AChunks, Swizzle>(row, column)] = globalRow < M ? A[static_cast<size_t>(globalRow) * K + k + column] : half(0.f);
            }
#pragma unroll 1
            for (int i = thread; i < BK * BN; i += Threads) {
                const int row = i / BN, column = i % BN, globalColumn = firstColumn + column;
                bs[stage][place<BChunks, Swizzle>(row, column)] = globalColumn < N ? B[static_cast<size_t>(k + row) * N + globalColumn] : half(0.f);
            }
        }
    };

    const int slabs = K / BK;
#pragma unroll
    for (int s = 0; s < Stages - 1; ++s) {
        if (s < slabs)
            fill(s, s * BK);
        if (Vectors)
            commit();
    }
    const int tileRow = (lane & 7) + (lane >> 3 & 1) * 8, tileColumn = (lane >> 4) * 8;
    for (int slab = 0; slab < slabs; ++slab) {
        const int next = slab + Stages - 1;
        if (next < slabs)
            fill(next % Stages, next * BK);
        if (Vectors) {
            commit();
            wait<Stages - 1>();
        }
        __syncthreads();
        const half *a = as[slab % Stages], *b = bs[slab % Stages];
#pragma unroll
        for (int k = 0; k < BK; k += 16) {
            unsigned left[W / 16][4], right[W / 16][4];
#pragma unroll
            for (int i = 0; i < W / 16; ++i)
                fragments(left[i], &a[place<AChunks, Swizzle>(wy * W + i * 16 + tileRow, k + tileColumn)]);
#pragma unroll
            for (int j = 0; j < W / 16; ++j)
                fragmentsTransposed(right[j], &b[place<BChunks, Swizzle>(k + tileRow, wx * W + j * 16 + tileColumn)]);
#pragma unroll
            for (int i = 0; i < W / 16; ++i)
#pragma unroll
                for (int j = 0; j < W / 8; ++j)
                    multiply(sum[i][j], left[i], right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < W / 16; ++i)
#pragma unroll
        for (int j = 0; j < W / 8; ++j) {
            const int row = firstRow + wy * W + i * 16 + lane / 4, column = firstColumn + wx * W + j * 8 + lane % 4 * 2;
            if (row < M && column < N)
                *reinterpret_cast<float2 *>(&C[static_cast<size_t>(row) * N + column]) = float2{sum[i][j][0], sum[i][j][1]};
            if (row + 8 < M && column < N)
                *reinterpret_cast<float2 *>(&C[static_cast<size_t>(row + 8) * N + column]) = float2{sum[i][j][2], sum[i][j][3]};
        }
}

// The wmma kernel: 16 warps share a T×T tile, each (T/4)×(T/4) outputs; no swizzle, no padding.
template <int T, int Stages>
__device__ __forceinline__ void wmmaProduct(const half *__restrict__ A, const half *__restrict__ B, float *__restrict__ C, int M, int N, int K)
{
    using namespace nvcuda;
    constexpr int BK = 32, Warps = 4, Threads = 512, Each = T / Warps / 16, Slab = 2 * T * BK;
    extern __shared__ half memory[];
    half *as[Stages], *bs[Stages];
#pragma unroll
    for (int s = 0; s < Stages; ++s) {
        as[s] = memory + s * Slab;
        bs[s] = as[s] + T * BK;
    }
    const int thread = threadIdx.x, wy = thread / 32 / Warps, wx = thread / 32 % Warps, firstRow = blockIdx.y * T, firstColumn = blockIdx.x * T;
    __builtin_assume(thread < Threads);
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum[Each][Each];
#pragma unroll
    for (int i = 0; i < Each; ++i)
        for (int j = 0; j < Each; ++j)
            wmma::fill_fragment(sum[i][j], 0.f);
    auto fill = [&](int stage, int k) {
#pragma unroll
        for (int i = thread; i < T * BK / 8; i += Threads) {
            const int row = i * 8 / BK, column = i * 8 % BK, globalRow = firstRow + row;
            half *to = &as[stage][row * BK + column];
            if (globalRow < M)
                copy16(to, &A[globalRow * K + k + column]);
            else
                *reinterpret_cast<float4 *>(to) = float4{};
        }
#pragma unroll
        for (int i = thread; i < BK * T / 8; i += Threads) {
            const int row = i * 8 / T, column = i * 8 % T, globalColumn = firstColumn + column;
            half *to = &bs[stage][row * T + column];
            if (globalColumn < N)
                copy16(to, &B[(k + row) * N + globalColumn]);
            else
                *reinterpret_cast<float4 *>(to) = float4{};
        }
    };
    const int slabs = (K + BK - 1) / BK;
#pragma unroll
    for (int s = 0; s < Stages - 1; ++s) {
        if (s < slabs)
            fill(s, s * BK);
        commit();
    }
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> left[Each];
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> right[Each];
    for (int slab = 0; slab < slabs; ++slab) {
        const int next = slab + Stages - 1;
        if (next < slabs)
            fill(next % Stages, next * BK);
        commit();
        wait<Stages - 1>();
        __syncthreads();
        const half *a = as[slab % Stages], *b = bs[slab % Stages];
#pragma unroll
        for (int k = 0; k < BK; k += 16) {
#pragma unroll
            for (int i = 0; i < Each; ++i)
                wmma::load_matrix_sync(left[i], a + (wy * Each + i) * 16 * BK + k, BK);
#pragma unroll
            for (int j = 0; j < Each; ++j)
                wmma::load_matrix_sync(right[j], b + k * T + (wx * Each + j) * 16, T);
#pragma unroll
            for (int i = 0; i < Each; ++i)
#pragma unroll
                for (int j = 0; j < Each; ++j)
                    wmma::mma_sync(sum[i][j], left[i], right[j], sum[i][j]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < Each; ++i)
#pragma unroll
        for (int j = 0; j < Each; ++j) {
            const int row = firstRow + (wy * Each + i) * 16, column = firstColumn + (wx * Each + j) * 16;
            if (row < M && column < N)
                wmma::store_matrix_sync(C + row * N + column, sum[i][j], N, wmma::mem_row_major);
        }
}

} // namespace

#define KERNEL(name, bounds, body) \
    extern "C" __global__ void __launch_bounds__ bounds name(const half *__restrict__ A, const half *__restrict__ B, float *__restrict__ C, int M, int N, int K) { body; }

KERNEL(f16_mma_base, (512), (product<32, 1, false, false>(A, B, C, M, N, K)))
KERNEL(f16_mma_swizzle, (512), (product<32, 1, false, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_vec, (512), (product<32, 1, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_pipe_2, (512), (product<32, 2, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_pipe_3, (512), (product<32, 3, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_pipe_4, (512), (product<32, 4, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_warptile_2, (128), (product<64, 2, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_warptile_3, (128), (product<64, 3, true, true>(A, B, C, M, N, K)))
KERNEL(f16_mma_warptile_4, (128), (product<64, 4, true, true>(A, B, C, M, N, K)))
// Two resident blocks, as the measured kernel's 64 registers allow.
KERNEL(f16_wmma_128_3, (512, 2), (wmmaProduct<128, 3>(A, B, C, M, N, K)))
KERNEL(f16_wmma_64_2, (512), (wmmaProduct<64, 2>(A, B, C, M, N, K)))
