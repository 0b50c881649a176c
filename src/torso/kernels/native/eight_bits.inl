// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Eight bits: products of rows with a packed matrix, rounded in groups of columns, and how both are rounded.

// As many rows go through a stage of what is done to each row before the next one: a row's sums would be waited for.
constexpr int64_t TOGETHER = 8;

#ifdef HAS_EIGHT_BITS
// Eight-bit rows: a number is min + scale * q, with a min and a scale for each group of columns.
struct Quantised {
    const uint8_t* numbers;
    const float* scales;  // [rows, groups, 2]: scale, min
};

// The whole sums of one group of a tile, as they leave the registers. What they become is computed in a loop over rows:
// done by the tile itself, for each of its up to 28 vectors apart, it would take as much again as a tenth of the dots.
struct Whole {
    int32_t (*to)[PANEL];
    void operator()(int i, int v, Ints sum) const { store_dwords(to[i] + v * WIDTH, sum); }
};

// What turns the sums of one group into numbers, for the rows of a tile and one panel.
struct GroupScales {
    const float* rows;  // scale and min of the first row
    int64_t row_step;
    const float* weights;
    const float* weight_sums;
};

// The sums of one group as numbers, upon what is at `start`: to[i], activated, or added to what is there.
template <int activation, int vectors, class Number>
__attribute__((noinline)) void rescale(const int32_t (*sums)[PANEL], int64_t height, GroupScales scales,
                                       const float* start, int64_t start_step, Number* to, int64_t row_step,
                                       int64_t columns, bool add) {
    Floats weights[vectors], weight_sums[vectors];
    for (int v = 0; v < vectors; ++v) {
        weights[v] = load(scales.weights + v * WIDTH);
        weight_sums[v] = load(scales.weight_sums + v * WIDTH);
    }
    const bool whole = columns >= vectors * WIDTH;
    for (int64_t i = 0; i < height; ++i, scales.rows += scales.row_step, start += start_step, to += row_step) {
        const float scale = scales.rows[0], min = scales.rows[1];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            const Floats sum = __builtin_convertvector((Ints)load_dwords(sums[i] + v * WIDTH), Floats);
            Floats value = scale * (weights[v] * sum) + (min * weight_sums[v] + load(start + v * WIDTH));
            Number* const place = to + v * WIDTH;
            const int64_t count = columns - v * WIDTH;
            if (add) value += whole || count >= WIDTH ? load(place) : load_some(place, count);
            value = activate<false>(value, activation);
            if (whole || count >= WIDTH)
                store(place, value);
            else
                store_some(place, value, count);
        }
    }
}

// The same, with an activation that is known only now.
template <int vectors, class Number>
inline void rescale(int activation, const int32_t (*sums)[PANEL], int64_t height, const GroupScales& scales,
                    const float* start, int64_t start_step, Number* to, int64_t row_step, int64_t columns, bool add) {
    decltype(&rescale<LINEAR, vectors, Number>) chosen = rescale<LINEAR, vectors, Number>;
    if (activation == GELU) chosen = rescale<GELU, vectors, Number>;
    if (activation == GELU_TANH) chosen = rescale<GELU_TANH, vectors, Number>;
    if (activation == RELU) chosen = rescale<RELU, vectors, Number>;
    if (activation == SILU) chosen = rescale<SILU, vectors, Number>;
    if (activation == TANH) chosen = rescale<TANH, vectors, Number>;
    if (activation == QUICK_GELU) chosen = rescale<QUICK_GELU, vectors, Number>;
    chosen(sums, height, scales, start, start_step, to, row_step, columns, add);
}

constexpr float NO_BIAS[PANEL] = {};

template <int vectors, class Number>
void multiply_tile(const torso_matrix& matrix, const Quantised& rows, bool streamed, int64_t row, int64_t height,
                   int64_t panel, const Output<Number>& output) {
    const int64_t dwords = (matrix.inputs + 3) / 4, group = matrix.group / 4;
    const int64_t groups = (dwords + group - 1) / group, panels = panels_of(matrix.outputs);
    const int64_t column = panel * PANEL, columns = matrix.outputs - column;
    const int32_t* packed = static_cast<const int32_t*>(matrix.packed) + panel * dwords * PANEL;
    alignas(64) int32_t sums[TILE][PANEL];
    alignas(64) float partial[TILE][PANEL];
    const float* start = output.bias ? output.bias + column : NO_BIAS;
    int64_t start_step = 0;
    for (int64_t g = 0; g < groups; ++g) {
        const int64_t from = g * group, to = std::min(from + group, dwords);
        tile_by_weight<EightBits>(streamed, height, columns, rows.numbers + (row * dwords + from) * 4, dwords * 4,
                                  packed + from * PANEL, to - from, Whole{sums});
        const GroupScales scales{rows.scales + (row * groups + g) * 2, groups * 2,
                                 matrix.scales + (g * panels + panel) * PANEL,
                                 matrix.weight_sums + (g * panels + panel) * PANEL};
        if (g + 1 == groups)
            rescale<vectors>(output.activation, sums, height, scales, start, start_step,
                             output.to + row * output.row_step + column, output.row_step, columns, output.add);
        else
            rescale<LINEAR, vectors>(sums, height, scales, start, start_step, partial[0], PANEL, PANEL, false);
        start = partial[0];
        start_step = PANEL;
    }
}

template <class Number>
void multiply(const torso_matrix& matrix, const Quantised& rows, int64_t count, const Output<Number>& output, int rank,
              int workers) {
    const Share share(panels_of(matrix.outputs), rank, workers);
    const RowBlocks blocks(count);
    for (int64_t block = 0; block < blocks.count; ++block) {
        const int64_t top = blocks.begin(block);
        const RowTiles tiles(blocks.begin(block + 1) - top);
        for (int64_t panel = share.begin; panel < share.end; ++panel)
            for (int64_t t = 0; t < tiles.count; ++t) {
                const int64_t row = top + tiles.begin(t), height = tiles.begin(t + 1) - tiles.begin(t);
                if (matrix.outputs - panel * PANEL > WIDTH)
                    multiply_tile<2>(matrix, rows, tiles.streams(t), row, height, panel, output);
                else
                    multiply_tile<1>(matrix, rows, tiles.streams(t), row, height, panel, output);
            }
    }
}

// The least and the largest of some numbers, and 0, or NaN where one of them is no finite number.
struct Extent {
    float min, max, nonfinite;
};

template <class Number>
inline Extent extent_of(const Number* row, int64_t count) {
    Floats least = splat(INFINITY), most = splat(-INFINITY), trace{};
    const int64_t whole = count / WIDTH * WIDTH;
    for (int64_t i = 0; i < whole; i += WIDTH) {
        const Floats value = load(row + i);
        least = smaller(least, value);
        most = larger(most, value);
        trace += value * 0.f;  // a NaN or an infinity anywhere leaves a NaN
    }
    Extent found{smallest_of(least), largest_of(most), sum_of(trace)};
    for (int64_t i = whole; i < count; ++i) {
        const float value = widened(row[i]);
        found.min = value < found.min ? value : found.min;
        found.max = value > found.max ? value : found.max;
        found.nonfinite += value * 0.f;
    }
    return found;
}

#if WIDTH == 16 && defined(HAS_BFLOAT16)
// Of bfloat16 by whole numbers, 32 at a time: all bits but the sign of a negative one are turned about, which puts them
// in order, infinities and NaNs at both ends.
inline __m512i in_order(__m512i bits) {
    return _mm512_xor_si512(bits, _mm512_and_si512(_mm512_srai_epi16(bits, 15), _mm512_set1_epi16(0x7fff)));
}
inline int16_t smallest_word(__m512i words) {
    const __m256i half = _mm256_min_epi16(_mm512_castsi512_si256(words), _mm512_extracti64x4_epi64(words, 1));
    const __m128i few = _mm_min_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    const __m128i unsigned_ones = _mm_xor_si128(few, _mm_set1_epi16(int16_t(0x8000)));
    return int16_t(_mm_extract_epi16(_mm_minpos_epu16(unsigned_ones), 0) ^ 0x8000);
}
inline Extent extent_of(const uint16_t* row, int64_t count) {
    const __m512i first = in_order(_mm512_set1_epi16(int16_t(row[0])));
    __m512i least = first, most = first;
    for (int64_t i = 0; i < count; i += 32) {
        const __mmask32 here = count - i < 32 ? (__mmask32(1) << (count - i)) - 1 : ~__mmask32(0);
        const __m512i words = in_order(_mm512_maskz_loadu_epi16(here, row + i));
        least = _mm512_mask_min_epi16(least, here, least, words);
        most = _mm512_mask_max_epi16(most, here, most, words);
    }
    const __m512i ones = _mm512_set1_epi16(-1);
    const int16_t low = smallest_word(least), high = int16_t(~smallest_word(_mm512_xor_si512(most, ones)));
    const auto number = [](int16_t word) { return widened(uint16_t(word ^ ((word >> 15) & 0x7fff))); };
    const bool finite = high < int16_t(0x7f80) && low > int16_t(0x807f);
    return {number(low), number(high), finite ? 0.f : NAN};
}
#endif

// The numbers of four vectors as bytes, those that no byte holds as the nearest or as their lowest one.
inline void store_bytes(uint8_t* to, const Ints (&four)[4]) {
#if WIDTH == 16
    const __m512i low = _mm512_packs_epi32((__m512i)four[0], (__m512i)four[1]);
    const __m512i high = _mm512_packs_epi32((__m512i)four[2], (__m512i)four[3]);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
#else
    for (int v = 0; v < 4; ++v) store_bytes(to + v * WIDTH, four[v]);
#endif
}

// Numbers as bytes, which count in steps of `scale` from `min`.
template <class Number>
inline void round_to_bytes(const Number* from, int64_t count, float scale, float min, uint8_t* to) {
    const float inverse = scale > 0.f ? 1.f / scale : 0.f;
    // None is beyond 255 but of a scale so small that nothing comes of it; of no number the lowest byte is 0.
    const auto nearest_bytes = [=](Floats value) { return nearest((value - min) * inverse); };
    int64_t i = 0;
    for (; i + 4 * WIDTH <= count; i += 4 * WIDTH) {
        Ints four[4];
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) four[v] = nearest_bytes(load(from + i + v * WIDTH));
        store_bytes(to + i, four);
    }
    for (; i + WIDTH <= count; i += WIDTH) store_bytes(to + i, nearest_bytes(load(from + i)));
    if (const int64_t rest = count - i) {
        const Ints number = nearest_bytes(load_some(from + i, rest));
        for (int64_t k = 0; k < rest; ++k) to[i + k] = uint8_t(number[k]);
    }
}

// Rows as unsigned eight-bit numbers between the least and the largest of each group of columns; `to` [count, whole
// dwords], `scales` [count, groups, 2]. A few rows are measured before the first is rounded: what is known only at the
// end of a group is waited for once.
template <class Number>
void quantise(const Number* rows, int64_t row_step, int64_t count, int64_t width, int64_t group, uint8_t* to,
              float* scales) {
    const int64_t dwords = (width + 3) / 4, groups = (width + group - 1) / group;
    for (int64_t first = 0; first < count; first += TOGETHER) {
        const int64_t last = std::min(first + TOGETHER, count);
        for (int64_t row = first; row < last; ++row)
            for (int64_t g = 0; g < groups; ++g) {
                const int64_t begin = g * group, end = std::min(begin + group, width);
                const Extent extent = extent_of(rows + row * row_step + begin, end - begin);
                scales[(row * groups + g) * 2] = (extent.max - extent.min) / 255.f + extent.nonfinite;
                scales[(row * groups + g) * 2 + 1] = extent.min;
            }
        for (int64_t row = first; row < last; ++row) {
            uint8_t* bytes = to + row * dwords * 4;
            for (int64_t g = 0; g < groups; ++g) {
                const int64_t begin = g * group, end = std::min(begin + group, width);
                round_to_bytes(rows + row * row_step + begin, end - begin, scales[(row * groups + g) * 2],
                               scales[(row * groups + g) * 2 + 1], bytes + begin);
            }
            for (int64_t i = width; i % 4; ++i) bytes[i] = 0;
        }
    }
}

// With a scale per output and group of inputs, symmetric about 0; `scales` and `weight_sums` [groups, panels * PANEL].
inline void pack_eight_bits(const float* matrix, int64_t outputs, int64_t inputs, int64_t group, int64_t panel,
                            int32_t* packed, float* scales, float* weight_sums, int8_t* room) {
    const int64_t first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL,
                  dwords = (inputs + 3) / 4;
    const int64_t width = panels_of(outputs) * PANEL;
    for (int64_t i = 0; i < count; ++i) {
        const float* row = matrix + (first + i) * inputs;
        int8_t* numbers = room + i * dwords * 4;
        for (int64_t begin = 0, g = 0; begin < inputs; begin += group, ++g) {
            const int64_t end = begin + group < inputs ? begin + group : inputs;
            float most = 0.f, nonfinite = 0.f;
            for (int64_t k = begin; k < end; ++k) {
                most = std::fabs(row[k]) > most ? std::fabs(row[k]) : most;
                nonfinite += row[k] * 0.f;  // a NaN or an infinity anywhere leaves a NaN
            }
            const float scale = most / 127.f + nonfinite, inverse = scale > 0.f ? 1.f / scale : 0.f;
            int64_t total = 0;
            for (int64_t k = begin; k < end; ++k) {
                numbers[k] = int8_t(std::lrint(row[k] * inverse));
                total += numbers[k];
            }
            scales[g * width + first + i] = scale;
            weight_sums[g * width + first + i] = scale * static_cast<float>(total);
        }
        for (int64_t k = inputs; k < dwords * 4; ++k) numbers[k] = 0;
    }
    pack_rows(room, dwords * 4, count, dwords, packed + panel * dwords * PANEL);
}
#endif
