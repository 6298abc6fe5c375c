// The f32 rungs of ladders B and C of README.md. Row-major, C = A·B.
// Launch: see README.md beside this file.
#define KERNEL extern "C" __global__ void

// naive of B and C: threads (16,16), grid (N/16, M/16); no alpha, no beta.
KERNEL f32_naive(const float *A, const float *B, float *C, int M, int N, int K)
{
    const int row = blockIdx.y * blockDim.y + threadIdx.y, column = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= M || column >= N)
        return;
    float sum = 0;
    for (int k = 0; k < K; ++k)
        sum += A[row * K + k] * B[k * N + column];
    C[row * N + column] = sum;
}

// tiled of B and C: 32×32×32 with tests of the borders. Threads (32,32), grid (N/32, M/32).
KERNEL f32_tiled(const float *A, const float *B, float *C, int M, int N, int K)
{
    constexpr int T = 32;
    __shared__ float a[T][T], b[T][T];
    const int row = blockIdx.y * T + threadIdx.y, column = blockIdx.x * T + threadIdx.x;
    float sum = 0;
    for (int tile = 0; tile < (K + T - 1) / T; ++tile) {
        const int ak = tile * T + threadIdx.x, bk = tile * T + threadIdx.y;
        a[threadIdx.y][threadIdx.x] = row < M && ak < K ? A[row * K + ak] : 0;
        b[threadIdx.y][threadIdx.x] = column < N && bk < K ? B[bk * N + column] : 0;
        __syncthreads();
        for (int k = 0; k < T; ++k)
            sum += a[threadIdx.y][k] * b[k][threadIdx.x];
        __syncthreads();
    }
    if (row < M && column < N)
        C[row * N + column] = sum;
}
