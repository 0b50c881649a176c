// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Products of the rows and weights of grouped_rows.inl.

#if WIDTH == 16
constexpr int GROUPED_TILE = 8;  // 16 sums of numbers in registers, and of the 16 totals some beside them
#elif defined(__aarch64__)
constexpr int GROUPED_TILE = 6;  // 12 sums and 12 totals
#elif WIDTH == 8
constexpr int GROUPED_TILE = 4;  // 8 sums, the totals beside them
#else
constexpr int GROUPED_TILE = 2;
#endif

// How many bytes ahead a streamed panel is asked for.
constexpr int64_t GROUPED_AHEAD = 6144;

// Of 16-bit numbers: a * b + a' * b' in each dword.
inline Ints multiply_pairs(Ints a, Ints b) {
#if WIDTH == 16 && defined(__x86_64__)
    return (Ints)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif WIDTH == 8 && defined(__x86_64__)
    return (Ints)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (Ints)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

#if !defined(HAS_EIGHT_BITS) && WIDTH >= 8
#define FOUR_BITS_IN_SHORTS
typedef int16_t Shorts __attribute__((vector_size(4 * WIDTH)));
// Of bytes, unsigned in one: a * b + a' * b' in each 16 bits, which hold the sum of 32 products with numbers up to 15.
inline Shorts multiply_byte_pairs(Ints bytes, Ints others) {
#if WIDTH == 16
    return (Shorts)_mm512_maddubs_epi16((__m512i)bytes, (__m512i)others);
#else
    return (Shorts)_mm256_maddubs_epi16((__m256i)bytes, (__m256i)others);
#endif
}
#endif

// Adds the products of four unsigned bytes of a weight, in each dword, with four numbers of a row.
inline Ints add_dots(Ints sum, Ints weight, const int32_t* row) {
#ifdef HAS_EIGHT_BITS
    return add_byte_products(sum, weight, row[0] - Ints{});
#else
    const Ints even = weight & 0x00ff00ff, odd = (Ints)((Words)weight >> 8) & 0x00ff00ff;
    return sum + multiply_pairs(even, row[0] - Ints{}) + multiply_pairs(odd, row[1] - Ints{});
#endif
}

// A group's sum of products, in the weights' and the row's scales.
template <int bits>
inline Floats rescaled(Ints sum, Floats scale, const RowGroup& row) {
    const Floats whole = __builtin_convertvector(sum, Floats);
    if constexpr (bits == 8) return scale * row.scale * whole;
#if WIDTH == 16
    return scale * (Floats)_mm512_scalef_ps((__m512)whole, _mm512_set1_ps(row.power));
#else
    return scale * (whole * row.scale);
#endif
}

template <int bits, int rows, int vectors>
__attribute__((always_inline)) inline void grouped_sums(const int32_t* row, const int32_t* numbers,
                                                        Ints (&sums)[rows][vectors]) {
    constexpr int64_t width = row_dwords<bits>(), step = width / GROUP_DWORDS;
#ifdef FOUR_BITS_IN_SHORTS
    Shorts halves[rows][vectors];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) halves[i][v] = Shorts{};
#endif
#pragma GCC unroll 8
    for (int64_t k = 0; k < GROUP_DWORDS; k += bits == 8 ? 1 : 2) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            const Ints weight = load_dwords(numbers + (bits == 8 ? k : k / 2) * PANEL + v * WIDTH);
            if constexpr (bits == 8) {
#pragma GCC unroll 8
                for (int i = 0; i < rows; ++i) sums[i][v] = add_dots(sums[i][v], weight, row + i * width + k * step);
            } else {
                const Ints low = weight & 0x0f0f0f0f, high = (Ints)((Words)weight >> 4) & 0x0f0f0f0f;
#pragma GCC unroll 8
                for (int i = 0; i < rows; ++i) {
                    const int32_t* own = row + i * width + k * step;
#ifdef FOUR_BITS_IN_SHORTS
                    halves[i][v] += multiply_byte_pairs(low, own[0] - Ints{});
                    halves[i][v] += multiply_byte_pairs(high, own[1] - Ints{});
#else
                    sums[i][v] = add_dots(add_dots(sums[i][v], low, own), high, own + step);
#endif
                }
            }
        }
    }
#ifdef FOUR_BITS_IN_SHORTS
    if constexpr (bits == 4)
#pragma GCC unroll 8
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sums[i][v] += multiply_pairs((Ints)halves[i][v], 0x00010001 - Ints{});
#endif
}

template <int bits>
inline const uint16_t* scales_of(const int32_t* group) {
    return reinterpret_cast<const uint16_t*>(group + (bits == 8 ? GROUP_DWORDS : GROUP_DWORDS / 2) * PANEL);
}
template <int bits>
inline void ask_for_group(const int32_t* group) {
    const char* ahead = reinterpret_cast<const char*>(group) + GROUPED_AHEAD;
    for (int64_t line = 0; line < block_dwords<bits>() * 4; line += 64) __builtin_prefetch(ahead + line, 0, 2);
}

// rows x vectors vectors of the product of quantised rows, of a block of `high`, with a panel.
template <int bits, bool streamed, int rows, int vectors, class Done>
__attribute__((noinline)) void grouped_tile(const int32_t* row, const RowGroup* row_groups, int64_t high,
                                            int64_t groups, const int32_t* panel, const Done& done) {
    Floats totals[rows][vectors];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) totals[i][v] = Floats{};
    for (int64_t g = 0; g < groups;
         ++g, panel += block_dwords<bits>(), row += high * row_dwords<bits>(), row_groups += high) {
        if constexpr (streamed) ask_for_group<bits>(panel);
        Ints sums[rows][vectors];
#pragma GCC unroll 8
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sums[i][v] = bits == 8 ? row_groups[i].offset - Ints{} : Ints{};
        grouped_sums<bits, rows, vectors>(row, panel, sums);
        const uint16_t* scales = scales_of<bits>(panel);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            const Floats scale = load_halves(scales + v * WIDTH);
            Floats minimum{};
            if constexpr (bits == 4) minimum = load_halves(scales + PANEL + v * WIDTH);
#pragma GCC unroll 8
            for (int i = 0; i < rows; ++i) {
                const RowGroup& own = row_groups[i];
                totals[i][v] += rescaled<bits>(sums[i][v], scale, own);
                if constexpr (bits == 4) totals[i][v] += minimum * own.scaled_sum;
            }
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) done(i, v, totals[i][v]);
}

template <int bits, bool streamed, int vectors, class Done, int rows = GROUPED_TILE>
inline void grouped_tile_of(int64_t count, const int32_t* row, const RowGroup* row_groups, int64_t high, int64_t groups,
                            const int32_t* panel, const Done& done) {
    if constexpr (rows > 1)
        if (count < rows)
            return grouped_tile_of<bits, streamed, vectors, Done, rows - 1>(count, row, row_groups, high, groups, panel,
                                                                            done);
    grouped_tile<bits, streamed, rows, vectors>(row, row_groups, high, groups, panel, done);
}

#ifdef HAS_EIGHT_BITS
// Adds one group's products of `high` rows with a panel to their totals: its weights stay in registers while the rows
// go by. A row's totals are those of a tile, to the last bit.
template <int bits, int vectors>
__attribute__((noinline)) void add_group(const int32_t* row, const RowGroup* row_groups, int64_t high,
                                         const int32_t* group, float (*totals)[PANEL]) {
    Ints weights[GROUP_DWORDS][vectors];
#pragma GCC unroll 8
    for (int64_t k = 0; k < GROUP_DWORDS; ++k)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            const Ints packed = load_dwords(group + (bits == 8 ? k : k / 2) * PANEL + v * WIDTH);
            weights[k][v] = bits == 8 ? packed : (Ints)((Words)packed >> (k % 2 * 4)) & 0x0f0f0f0f;
        }
    const uint16_t* halves = scales_of<bits>(group);
    Floats scales[vectors], minima[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
        scales[v] = load_halves(halves + v * WIDTH);
        minima[v] = bits == 4 ? load_halves(halves + PANEL + v * WIDTH) : Floats{};
    }
    for (int64_t i = 0; i < high; ++i, row += row_dwords<bits>()) {
        // Two sums each, so that one need not wait for the other.
        Ints even[vectors], odd[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) even[v] = bits == 8 ? row_groups[i].offset - Ints{} : Ints{}, odd[v] = Ints{};
#pragma GCC unroll 8
        for (int64_t k = 0; k < GROUP_DWORDS; k += 2) {
            const Ints first = row[k] - Ints{}, second = row[k + 1] - Ints{};
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) {
                even[v] = add_byte_products(even[v], weights[k][v], first);
                odd[v] = add_byte_products(odd[v], weights[k + 1][v], second);
            }
        }
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            Floats total = load(totals[i] + v * WIDTH);
            total += rescaled<bits>(even[v] + odd[v], scales[v], row_groups[i]);
            if constexpr (bits == 4) total += minima[v] * row_groups[i].scaled_sum;
            store(totals[i] + v * WIDTH, total);
        }
    }
}

// The product of a block of rows with a panel, group by group. Where it goes is asked for meanwhile: each row's part
// lies in a page of its own.
template <int bits, int vectors>
void grouped_block(const int32_t* numbers, const RowGroup* row_groups, int64_t high, int64_t groups,
                   const int32_t* panel, const Epilogue<true, float>& done) {
    alignas(64) float totals[ROWS][PANEL];
    std::memset(totals, 0, bytes_of<float>(high * PANEL));
    for (int64_t g = 0; g < groups; ++g, panel += block_dwords<bits>()) {
        ask_for_group<bits>(panel);
        for (int64_t i = high * g / groups; i < high * (g + 1) / groups; ++i)
            for (int v = 0; v < vectors; ++v) __builtin_prefetch(done.place(i, v), 1);
        add_group<bits, vectors>(numbers + g * high * row_dwords<bits>(), row_groups + g * high, high, panel, totals);
    }
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) done(i, v, load(totals[i] + v * WIDTH));
}
#endif

template <int bits, int vectors>
void multiply_panel(const torso_matrix& matrix, const int32_t* numbers, const RowGroup* row_groups, int64_t top,
                    int64_t high, int64_t panel, const Output<float>& output) {
    const int64_t groups = whole_groups(matrix.inputs);
    const int32_t* right = static_cast<const int32_t*>(matrix.packed) + panel * groups * block_dwords<bits>();
    const auto end = [&](int64_t row) {
        return Epilogue<true, float>{output, top + row, panel * PANEL, matrix.outputs, true, true};
    };
#ifdef HAS_EIGHT_BITS
    if (high > GROUPED_TILE) return grouped_block<bits, vectors>(numbers, row_groups, high, groups, right, end(0));
#endif
    const int64_t tiles = (high + GROUPED_TILE - 1) / GROUPED_TILE;
    for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t row = high * tile / tiles, height = high * (tile + 1) / tiles - row;
        const int32_t* own = numbers + row * row_dwords<bits>();
        // The first tile fetches the weights, any others find them in a cache.
        if (tile == 0)
            grouped_tile_of<bits, true, vectors>(height, own, row_groups + row, high, groups, right, end(row));
        else
            grouped_tile_of<bits, false, vectors>(height, own, row_groups + row, high, groups, right, end(row));
    }
}

template <int bits>
void multiply_groups(const torso_matrix& matrix, const GroupedRows& rows, int64_t count, const Output<float>& output,
                     int rank, int workers) {
    const int64_t groups = whole_groups(matrix.inputs);
    const Share share(panels_of(matrix.outputs), rank, workers);
    for (int64_t top = 0; top < count; top += ROWS) {
        const int64_t high = std::min(ROWS, count - top);
        const int32_t* numbers = rows.numbers + top * groups * row_dwords<bits>();
        const RowGroup* row_groups = rows.groups + top * groups;
        for (int64_t panel = share.begin; panel < share.end; ++panel)
            if (matrix.outputs - panel * PANEL > WIDTH)
                multiply_panel<bits, 2>(matrix, numbers, row_groups, top, high, panel, output);
            else
                multiply_panel<bits, 1>(matrix, numbers, row_groups, top, high, panel, output);
    }
}

inline void multiply(const torso_matrix& matrix, const GroupedRows& rows, int64_t count, const Output<float>& output,
                     int rank, int workers) {
    if (matrix.kind == TORSO_EIGHT_BIT_GROUPS)
        multiply_groups<8>(matrix, rows, count, output, rank, workers);
    else
        multiply_groups<4>(matrix, rows, count, output, rank, workers);
}
