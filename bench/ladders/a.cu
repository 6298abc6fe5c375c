// Ladder A of README.md: the same technique, tile and launch, so that a timing
// model meets the instructions that were measured. Row-major, C = alpha·A·B + beta·C; sizes are multiples of the tiles.
// Launch: see README.md beside this file.
#define KERNEL extern "C" __global__ void

// 1: neighbouring lanes take neighbouring rows. Threads (32,32), grid (M/32, N/32).
KERNEL f32_1_rows(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    const unsigned row = blockIdx.x * blockDim.x + threadIdx.x, column = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= M || column >= N)
        return;
    float sum = 0;
    for (int k = 0; k < K; ++k)
        sum += A[row * K + k] * B[k * N + column];
    C[row * N + column] = alpha * sum + beta * C[row * N + column];
}

// 2: neighbouring lanes take neighbouring columns. Threads 1024, grid (M/32, N/32).
KERNEL f32_2_columns(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    const int row = blockIdx.x * 32 + threadIdx.x / 32, column = blockIdx.y * 32 + threadIdx.x % 32;
    if (row >= M || column >= N)
        return;
    float sum = 0;
    for (int k = 0; k < K; ++k)
        sum += A[row * K + k] * B[k * N + column];
    C[row * N + column] = alpha * sum + beta * C[row * N + column];
}

// 3: tiles of 32×32 in shared memory, one output a thread. Threads 1024, grid (M/32, N/32).
KERNEL f32_3_shared(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned T = 32;
    __shared__ float a[T * T], b[T * T];
    const unsigned y = threadIdx.x / T, x = threadIdx.x % T;
    A += blockIdx.x * T * K;
    B += blockIdx.y * T;
    C += blockIdx.x * T * N + blockIdx.y * T;
    float sum = 0;
    for (int start = 0; start < K; start += T) {
        a[y * T + x] = A[y * K + x];
        b[y * T + x] = B[y * N + x];
        __syncthreads();
        A += T;
        B += T * N;
        for (int k = 0; k < T; ++k)
            sum += a[y * T + k] * b[k * T + x];
        __syncthreads();
    }
    C[y * N + x] = alpha * sum + beta * C[y * N + x];
}

// 4: tile 64×64×8, a column of 8 outputs a thread. Threads 512, grid (N/64, M/64).
KERNEL f32_4_column_of_8(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned BM = 64, BN = 64, BK = 8, TM = 8;
    __shared__ float a[BM * BK], b[BK * BN];
    const unsigned x = threadIdx.x % BN, y = threadIdx.x / BN;
    const unsigned ax = threadIdx.x % BK, ay = threadIdx.x / BK;
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += blockIdx.y * BM * N + blockIdx.x * BN;
    float sum[TM] = {};
    for (unsigned start = 0; start < K; start += BK) {
        a[ay * BK + ax] = A[ay * K + ax];
        b[y * BN + x] = B[y * N + x];
        __syncthreads();
        A += BK;
        B += BK * N;
        for (unsigned k = 0; k < BK; ++k) {
            const float right = b[k * BN + x];
            for (unsigned i = 0; i < TM; ++i)
                sum[i] += a[(y * TM + i) * BK + k] * right;
        }
        __syncthreads();
    }
    for (unsigned i = 0; i < TM; ++i)
        C[(y * TM + i) * N + x] = alpha * sum[i] + beta * C[(y * TM + i) * N + x];
}

// 5: tile 128×128×8, 8×8 outputs a thread, scalar loads. Threads 256, grid (N/128, M/128).
KERNEL __launch_bounds__(256, 1) f32_5_square_of_8(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned BM = 128, BN = 128, BK = 8, T = 8, THREADS = BM * BN / (T * T);
    __shared__ float a[BM * BK], b[BK * BN];
    const unsigned x = threadIdx.x % (BN / T), y = threadIdx.x / (BN / T);
    const unsigned ax = threadIdx.x % BK, ay = threadIdx.x / BK, bx = threadIdx.x % BN, by = threadIdx.x / BN;
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += blockIdx.y * BM * N + blockIdx.x * BN;
    float sum[T * T] = {}, left[T], right[T];
    for (unsigned start = 0; start < K; start += BK) {
        for (unsigned i = 0; i < BM; i += THREADS / BK)
            a[(ay + i) * BK + ax] = A[(ay + i) * K + ax];
        for (unsigned i = 0; i < BK; i += THREADS / BN)
            b[(by + i) * BN + bx] = B[(by + i) * N + bx];
        __syncthreads();
        A += BK;
        B += BK * N;
        for (unsigned k = 0; k < BK; ++k) {
            for (unsigned i = 0; i < T; ++i)
                left[i] = a[(y * T + i) * BK + k];
            for (unsigned j = 0; j < T; ++j)
                right[j] = b[k * BN + x * T + j];
            for (unsigned i = 0; i < T; ++i)
                for (unsigned j = 0; j < T; ++j)
                    sum[i * T + j] += left[i] * right[j];
        }
        __syncthreads();
    }
    for (unsigned i = 0; i < T; ++i)
        for (unsigned j = 0; j < T; ++j)
            C[(y * T + i) * N + x * T + j] = alpha * sum[i * T + j] + beta * C[(y * T + i) * N + x * T + j];
}

__device__ __forceinline__ float4 load4(const float *p) { return *reinterpret_cast<const float4 *>(p); }
__device__ __forceinline__ void store4(float *p, float4 v) { *reinterpret_cast<float4 *>(p) = v; }
__device__ __forceinline__ void update4(float *c, const float *sum, float alpha, float beta)
{
    float4 old = load4(c);
    old.x = alpha * sum[0] + beta * old.x;
    old.y = alpha * sum[1] + beta * old.y;
    old.z = alpha * sum[2] + beta * old.z;
    old.w = alpha * sum[3] + beta * old.w;
    store4(c, old);
}

// How the tile of B lies in shared memory.
enum Layout { Plain, Linear, Padded };

// 6 to 8: A is transposed when stored, global loads of 16 bytes; B's layout varies. Tile 128×128×8, 256 threads, grid (N/128, M/128).
template <Layout L>
__device__ __forceinline__ void vectors(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned BM = 128, BN = 128, BK = 8, T = 8, PAD = L == Padded ? 5 : 0;
    __shared__ float a[BM * BK], b[BK * (BN + PAD)];
    const unsigned x = threadIdx.x % (BN / T), y = threadIdx.x / (BN / T);
    const unsigned ay = threadIdx.x / (BK / 4), ax = threadIdx.x % (BK / 4), by = threadIdx.x / (BN / 4), bx = threadIdx.x % (BN / 4);
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += blockIdx.y * BM * N + blockIdx.x * BN;
    float sum[T * T] = {}, left[T], right[T];
    for (unsigned start = 0; start < K; start += BK) {
        const float4 v = load4(&A[ay * K + ax * 4]);
        a[(ax * 4 + 0) * BM + ay] = v.x;
        a[(ax * 4 + 1) * BM + ay] = v.y;
        a[(ax * 4 + 2) * BM + ay] = v.z;
        a[(ax * 4 + 3) * BM + ay] = v.w;
        if (L == Plain)
            store4(&b[by * BN + bx * 4], load4(&B[by * N + bx * 4]));
        else {
            const float4 w = load4(&B[by * N + bx * 4]);
            const unsigned at = L == Linear ? ((bx % 2) * 4 + by * 8) * 16 + bx / 2 : by * (BN + PAD) + bx * 4, step = L == Linear ? 16 : 1;
            b[at] = w.x;
            b[at + step] = w.y;
            b[at + 2 * step] = w.z;
            b[at + 3 * step] = w.w;
        }
        __syncthreads();
        A += BK;
        B += BK * N;
        for (unsigned k = 0; k < BK; ++k) {
            for (unsigned i = 0; i < T; ++i)
                left[i] = a[k * BM + y * T + i];
            for (unsigned j = 0; j < T; ++j)
                right[j] = L == Linear ? b[(k * 8 + j) * 16 + x] : b[k * (BN + PAD) + x * T + j];
            for (unsigned i = 0; i < T; ++i)
                for (unsigned j = 0; j < T; ++j)
                    sum[i * T + j] += left[i] * right[j];
        }
        __syncthreads();
    }
    for (unsigned i = 0; i < T; ++i)
        for (unsigned j = 0; j < T; j += 4)
            update4(&C[(y * T + i) * N + x * T + j], &sum[i * T + j], alpha, beta);
}
KERNEL f32_6_vectors(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) { vectors<Plain>(M, N, K, alpha, A, B, beta, C); }
KERNEL f32_7_linear_b(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) { vectors<Linear>(M, N, K, alpha, A, B, beta, C); }
KERNEL f32_8_padded_b(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) { vectors<Padded>(M, N, K, alpha, A, B, beta, C); }

// 9: as 6 with tile 128×128×16. Threads 256, grid (N/128, M/128).
KERNEL __launch_bounds__(256) f32_9_tuned(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned BM = 128, BN = 128, BK = 16, T = 8, THREADS = 256, AROWS = THREADS * 4 / BK, BROWS = THREADS / (BN / 4);
    __shared__ float a[BM * BK], b[BK * BN];
    const unsigned x = threadIdx.x % (BN / T), y = threadIdx.x / (BN / T);
    const unsigned ay = threadIdx.x / (BK / 4), ax = threadIdx.x % (BK / 4), by = threadIdx.x / (BN / 4), bx = threadIdx.x % (BN / 4);
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += blockIdx.y * BM * N + blockIdx.x * BN;
    float sum[T * T] = {}, left[T], right[T];
    for (unsigned start = 0; start < K; start += BK) {
        for (unsigned i = 0; i + AROWS <= BM; i += AROWS) {
            const float4 v = load4(&A[(ay + i) * K + ax * 4]);
            a[(ax * 4 + 0) * BM + ay + i] = v.x;
            a[(ax * 4 + 1) * BM + ay + i] = v.y;
            a[(ax * 4 + 2) * BM + ay + i] = v.z;
            a[(ax * 4 + 3) * BM + ay + i] = v.w;
        }
        for (unsigned i = 0; i + BROWS <= BK; i += BROWS)
            store4(&b[(by + i) * BN + bx * 4], load4(&B[(by + i) * N + bx * 4]));
        __syncthreads();
        for (unsigned k = 0; k < BK; ++k) {
            for (unsigned i = 0; i < T; ++i)
                left[i] = a[k * BM + y * T + i];
            for (unsigned j = 0; j < T; ++j)
                right[j] = b[k * BN + x * T + j];
            for (unsigned i = 0; i < T; ++i)
                for (unsigned j = 0; j < T; ++j)
                    sum[i * T + j] += left[i] * right[j];
        }
        __syncthreads();
        A += BK;
        B += BK * N;
    }
    for (unsigned i = 0; i < T; ++i)
        for (unsigned j = 0; j < T; j += 4)
            update4(&C[(y * T + i) * N + x * T + j], &sum[i * T + j], alpha, beta);
}

// 10: four warps of 64×64 outputs; a thread has four parts of 8×4. Tile 128×128×16, 128 threads, grid (N/128, M/128).
KERNEL __launch_bounds__(128) f32_10_warp_tile(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C)
{
    constexpr unsigned BM = 128, BN = 128, BK = 16, WM = 64, WN = 64, TM = 8, TN = 4, PARTS = 4, WIDE = WN / PARTS, THREADS = 128;
    constexpr unsigned AROWS = THREADS * 4 / BK, BROWS = THREADS / (BN / 4);
    __shared__ float a[BM * BK], b[BK * BN];
    const unsigned warp = threadIdx.x / 32, wx = warp % (BN / WN), wy = warp / (BN / WN);
    const unsigned x = threadIdx.x % 32 % (WIDE / TN), y = threadIdx.x % 32 / (WIDE / TN);
    const unsigned ay = threadIdx.x / (BK / 4), ax = threadIdx.x % (BK / 4), by = threadIdx.x / (BN / 4), bx = threadIdx.x % (BN / 4);
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += (blockIdx.y * BM + wy * WM) * N + blockIdx.x * BN + wx * WN;
    float sum[TM * PARTS * TN] = {}, left[TM] = {}, right[PARTS * TN] = {};
    for (unsigned start = 0; start < K; start += BK) {
        for (unsigned i = 0; i + AROWS <= BM; i += AROWS) {
            const float4 v = load4(&A[(ay + i) * K + ax * 4]);
            a[(ax * 4 + 0) * BM + ay + i] = v.x;
            a[(ax * 4 + 1) * BM + ay + i] = v.y;
            a[(ax * 4 + 2) * BM + ay + i] = v.z;
            a[(ax * 4 + 3) * BM + ay + i] = v.w;
        }
        for (unsigned i = 0; i + BROWS <= BK; i += BROWS)
            store4(&b[(by + i) * BN + bx * 4], load4(&B[(by + i) * N + bx * 4]));
        __syncthreads();
        for (unsigned k = 0; k < BK; ++k) {
            for (unsigned i = 0; i < TM; ++i)
                left[i] = a[k * BM + wy * WM + y * TM + i];
            for (unsigned p = 0; p < PARTS; ++p)
                for (unsigned j = 0; j < TN; ++j)
                    right[p * TN + j] = b[k * BN + wx * WN + p * WIDE + x * TN + j];
            for (unsigned p = 0; p < PARTS; ++p)
                for (unsigned i = 0; i < TM; ++i)
                    for (unsigned j = 0; j < TN; ++j)
                        sum[i * PARTS * TN + p * TN + j] += left[i] * right[p * TN + j];
        }
        A += BK;
        B += BK * N;
        __syncthreads();
    }
    for (unsigned p = 0; p < PARTS; ++p)
        for (unsigned i = 0; i < TM; ++i)
            update4(&C[(y * TM + i) * N + p * WIDE + x * TN], &sum[i * PARTS * TN + p * TN], alpha, beta);
}
