// A stand-in for cuBLAS: its three entry points that the benchmark calls, with matrices by columns in host memory, as its manual has them.
#include <stdint.h>
#include <string.h>

static int handle;

int cublasCreate_v2(void **to)
{
    *to = &handle;
    return 0;
}

int cublasDestroy_v2(void *of) { return of != &handle; }

static float widen(uint16_t bits)
{
    uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, 4);
    return value;
}

// C (m × n) = alpha · op(A) · op(B) + beta · C; every matrix bf16 (14), sums f32 (68), of which the upper half is stored.
int cublasGemmEx(void *of, int transposeA, int transposeB, int m, int n, int k, const float *alpha, const uint16_t *a, int typeA, int lda,
    const uint16_t *b, int typeB, int ldb, const float *beta, uint16_t *c, int typeC, int ldc, int compute, int algorithm)
{
    if (of != &handle)
        return 1; // not initialised
    if (typeA != 14 || typeB != 14 || typeC != 14 || compute != 68 || algorithm != -1)
        return 15; // not supported
    if (lda < (transposeA ? k : m) || ldb < (transposeB ? n : k) || ldc < m)
        return 7; // invalid value
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum += widen(transposeA ? a[l + i * lda] : a[i + l * lda]) * widen(transposeB ? b[j + l * ldb] : b[l + j * ldb]);
            float before = *beta == 0 ? 0 : *beta * widen(c[i + j * ldc]), value = *alpha * sum + before;
            uint32_t word;
            memcpy(&word, &value, 4);
            c[i + j * ldc] = (uint16_t)(word >> 16);
        }
    return 0;
}
