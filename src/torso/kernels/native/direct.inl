// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Products of rows with a weight as PyTorch holds it: [M, K] x [N, K]^T -> [M, N], all float32, nothing packed.
//
// Both sides lie along K, so a sum is kept in the lanes of one vector: lane j adds up k = j, j + WIDTH, ..., and the
// lanes are added at the end of each part of K. That order follows from K alone: a row's result is the same bits
// whatever rows are beside it, however many threads there are and however the work is tiles.

#if WIDTH == 16
constexpr int DIRECT_ROWS = 6;  // 24 sums, six vectors of rows and one of the weight: 31 of 32 registers
#else
constexpr int DIRECT_ROWS = 3;  // 12 sums, three vectors of rows and one of the weight: all of 16 registers
#endif
constexpr int DIRECT_COLUMNS = 4;
// A part of K: so int64_t that adding the lanes costs little, so short that four columns stay in the first-level cache.
constexpr int64_t DIRECT_PART = 1024;
// Numbers of a block of rows, which stays in the second-level cache while the weight streams past it.
constexpr int64_t DIRECT_BLOCK = 1 << 16;
// Columns of one piece of work.
constexpr int64_t DIRECT_SLICE = 64;

// The sums of four vectors, in order.
typedef float Four __attribute__((vector_size(16)));
inline Four sums_of(Floats a, Floats b, Floats c, Floats d) {
#if WIDTH == 4
    const Floats ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Floats cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
#elif WIDTH == 8
    const __m256 ab = _mm256_hadd_ps((__m256)a, (__m256)b), cd = _mm256_hadd_ps((__m256)c, (__m256)d);
    const __m256 all = _mm256_hadd_ps(ab, cd);
    return (Four)_mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
#else
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps((__m512)a, (__m512)b), _mm512_unpackhi_ps((__m512)a, (__m512)b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps((__m512)c, (__m512)d), _mm512_unpackhi_ps((__m512)c, (__m512)d));
    const __m512 all = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    return (Four)_mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#endif
}

// Of 1 to 4 columns; of all 4, as mostly, by one instruction.
inline void copy_columns(void* to, const void* from, int64_t bytes) {
    if (bytes == sizeof(Four))
        std::memcpy(to, from, sizeof(Four));
    else
        std::memcpy(to, from, bytes);
}

struct Direct {
    const float* rows;
    const float* weight;
    const float* bias;  // [N]; null for none
    float* to;
    int64_t count, outputs, inputs;
};

// One part of the sums of `high` rows with `wide` columns, at most 4, put into or added to what is there.
template <int high>
__attribute__((noinline)) void direct_tile(const Direct& product, int64_t row, int64_t column, int64_t wide, int64_t k,
                                           int64_t length) {
    const float* left = product.rows + row * product.inputs + k;
    const float* right[DIRECT_COLUMNS];
    // Columns beyond the last are computed as the last, and not stored.
    for (int64_t j = 0; j < DIRECT_COLUMNS; ++j)
        right[j] = product.weight + (column + (j < wide ? j : wide - 1)) * product.inputs + k;
    Floats sums[high][DIRECT_COLUMNS];
#pragma GCC unroll 6
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < DIRECT_COLUMNS; ++j) sums[i][j] = Floats{};
    const int64_t whole = length / WIDTH * WIDTH;
    for (int64_t at = 0; at < whole; at += WIDTH) {
        Floats own[high];
#pragma GCC unroll 6
        for (int i = 0; i < high; ++i) own[i] = load(left + i * product.inputs + at);
#pragma GCC unroll 4
        for (int j = 0; j < DIRECT_COLUMNS; ++j) {
            const Floats other = load(right[j] + at);
#pragma GCC unroll 6
            for (int i = 0; i < high; ++i) sums[i][j] += own[i] * other;
        }
    }
    if (whole < length)
#pragma GCC unroll 4
        for (int j = 0; j < DIRECT_COLUMNS; ++j) {
            const Floats other = load_some(right[j] + whole, length - whole);
#pragma GCC unroll 6
            for (int i = 0; i < high; ++i)
                sums[i][j] += load_some(left + i * product.inputs + whole, length - whole) * other;
        }
    const int64_t bytes = wide * sizeof(float);
    Four bias{};
    if (!k && product.bias) copy_columns(&bias, product.bias + column, bytes);
#pragma GCC unroll 6
    for (int i = 0; i < high; ++i) {
        float* to = product.to + (row + i) * product.outputs + column;
        Four before = bias;
        if (k) copy_columns(&before, to, bytes);
        const Four all = sums_of(sums[i][0], sums[i][1], sums[i][2], sums[i][3]) + before;
        copy_columns(to, &all, bytes);
    }
}

template <int high = DIRECT_ROWS>
inline void direct_tile_of(int64_t count, const Direct& product, int64_t row, int64_t column, int64_t wide, int64_t k,
                           int64_t length) {
    if constexpr (high > 1)
        if (count < high) return direct_tile_of<high - 1>(count, product, row, column, wide, k, length);
    direct_tile<high>(product, row, column, wide, k, length);
}

inline void direct_piece(const Direct& product, int64_t top, int64_t bottom, int64_t first, int64_t last) {
    const int64_t tiles = (bottom - top + DIRECT_ROWS - 1) / DIRECT_ROWS;
    const int64_t parts = (product.inputs + DIRECT_PART - 1) / DIRECT_PART;
    const int64_t part = parts > 1 ? (product.inputs / parts + WIDTH - 1) / WIDTH * WIDTH : DIRECT_PART;
    for (int64_t k = 0; k == 0 || k < product.inputs; k += part) {
        const int64_t length = std::min(part, product.inputs - k);
        for (int64_t column = first; column < last; column += DIRECT_COLUMNS)
            for (int64_t tile = 0; tile < tiles; ++tile) {
                const int64_t begin = top + (bottom - top) * tile / tiles,
                              end = top + (bottom - top) * (tile + 1) / tiles;
                const int64_t wide = std::min<int64_t>(DIRECT_COLUMNS, last - column);
                direct_tile_of(end - begin, product, begin, column, wide, k, length);
            }
    }
}
