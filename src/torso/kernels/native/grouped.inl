// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Products of rows with weights of eight or four bits, of which every 32 inputs of an output share a scale.
//
// A panel goes group by group: the numbers in dwords, then a float16 scale for each output and, in four bits, a float16
// minimum. A weight is scale * (q - 128) in eight bits, minimum + scale * q in four. A row is quantised likewise,
// signed and symmetric about 0, so that its zero is exact. The order of a sum follows from K alone.

constexpr int64_t GROUP = 32;
constexpr int64_t GROUP_DWORDS = GROUP / 4;

#ifdef HAS_EIGHT_BITS
// A dword of a row holds the numbers of four inputs.
constexpr int64_t ROW_DWORDS = GROUP_DWORDS;
#else
// Two dwords hold them, in 16 bits: the even ones, then the odd.
constexpr int64_t ROW_DWORDS = 2 * GROUP_DWORDS;
#endif
#if WIDTH == 16
constexpr int GROUPED_TILE = 8;  // 16 sums of numbers in registers, and of the 16 totals some beside them
#elif defined(__aarch64__)
constexpr int GROUPED_TILE = 6;  // 12 sums and 12 totals
#else
constexpr int GROUPED_TILE = 2;
#endif

// How many bytes ahead a streamed panel is asked for.
constexpr int64_t GROUPED_AHEAD = 6144;

// What the numbers of a group of a row mean.
struct RowGroup {
    float scale, scaled_sum;
    int32_t offset;  // of its products with eight-bit weights, which are kept 128 too large
    float power;     // beside weights of four bits: scale = 2^power
};

// Rows in blocks of ROWS, each group by group: [groups, rows of the block], so that a group of many rows lies together.
struct GroupedRows {
    const int32_t* numbers;  // ROW_DWORDS of each
    const RowGroup* groups;
};

inline bool is_grouped(int32_t kind) { return kind == TORSO_EIGHT_BIT_GROUPS || kind == TORSO_FOUR_BIT_GROUPS; }
inline int64_t whole_groups(int64_t inputs) { return (inputs + GROUP - 1) / GROUP; }
// Dwords of a group of a panel: numbers, scales and minima.
template <int bits>
constexpr int64_t block_dwords() {
    return bits == 8 ? GROUP_DWORDS * PANEL + PANEL / 2 : GROUP_DWORDS / 2 * PANEL + PANEL;
}
inline int64_t grouped_bytes(int32_t kind, int64_t outputs, int64_t inputs) {
    const int64_t dwords = kind == TORSO_EIGHT_BIT_GROUPS ? block_dwords<8>() : block_dwords<4>();
    return panels_of(outputs) * whole_groups(inputs) * dwords * 4;
}

inline Floats load_halves(const uint16_t* from) {
#if WIDTH == 16
    return (Floats)_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#elif defined(__aarch64__)
    return (Floats)vcvt_f32_f16(vld1_f16(reinterpret_cast<const float16_t*>(from)));
#else
    const Words bits = __builtin_convertvector(*reinterpret_cast<const Halves*>(from), Words);
    const Words nonfinite = (Words)((bits & 0x7c00u) == 0x7c00u) & 0x7f800000u;
    const Floats magnitude = (Floats)((bits & 0x7fffu) << 13) * 0x1p112f;
    return (Floats)((Words)magnitude | nonfinite | ((bits & 0x8000u) << 16));
#endif
}

// A float32 as float16, to the nearest; beyond its range an infinity.
inline uint16_t half_of(float value) {
    const float shrunk = std::fabs(value) * 0x1p-112f;
    uint32_t bits;
    std::memcpy(&bits, &shrunk, 4);
    bits = (bits + 0xfffu + ((bits >> 13) & 1u)) >> 13;
    if (!(std::fabs(value) < 65520.f)) bits = std::isnan(value) ? 0x7e00u : 0x7c00u;
    return uint16_t(bits | (std::signbit(value) ? 0x8000u : 0u));
}
inline float float_of(uint16_t half) {
    if ((half & 0x7c00u) == 0x7c00u) return half & 0x3ffu ? NAN : half & 0x8000u ? -INFINITY : INFINITY;
    const uint32_t bits = uint32_t(half & 0x7fffu) << 13;
    float value;
    std::memcpy(&value, &bits, 4);
    value *= 0x1p112f;
    return half & 0x8000u ? -value : value;
}

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

// Adds the products of four unsigned bytes of a weight, in each dword, with four numbers of a row.
inline Ints add_dots(Ints sum, Ints weight, const int32_t* row) {
#ifdef HAS_EIGHT_BITS
    return add_byte_products(sum, weight, row[0] - Ints{});
#else
    const Ints even = weight & 0x00ff00ff, odd = (Ints)((Words)weight >> 8) & 0x00ff00ff;
    return sum + multiply_pairs(even, row[0] - Ints{}) + multiply_pairs(odd, row[1] - Ints{});
#endif
}

// The largest, or the sum, of the lanes of each of four vectors. Bits of magnitudes are ordered as their numbers are,
// and those of an infinity or a NaN above all.
template <bool sum>
inline Ints either(Ints a, Ints b) {
    return sum ? a + b : a < b ? b : a;
}
template <bool sum>
inline void of_each(const Ints (&four)[4], int32_t* to) {
#if WIDTH == 16
    const __m512i a = (__m512i)four[0], b = (__m512i)four[1], c = (__m512i)four[2], d = (__m512i)four[3];
    const Ints ab = either<sum>((Ints)_mm512_unpacklo_epi32(a, b), (Ints)_mm512_unpackhi_epi32(a, b)),
               cd = either<sum>((Ints)_mm512_unpacklo_epi32(c, d), (Ints)_mm512_unpackhi_epi32(c, d));
    Ints all = either<sum>((Ints)_mm512_unpacklo_epi64((__m512i)ab, (__m512i)cd),
                           (Ints)_mm512_unpackhi_epi64((__m512i)ab, (__m512i)cd));
    all = either<sum>(all, (Ints)_mm512_shuffle_i32x4((__m512i)all, (__m512i)all, 0x4e));
    all = either<sum>(all, (Ints)_mm512_shuffle_i32x4((__m512i)all, (__m512i)all, 0xb1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128((__m512i)all));
#else
    for (int i = 0; i < 4; ++i) {
        to[i] = four[i][0];
        for (int lane = 1; lane < WIDTH; ++lane)
            to[i] = sum ? to[i] + four[i][lane] : to[i] < four[i][lane] ? four[i][lane] : to[i];
    }
#endif
}

// Puts the numbers of a group down as products read them.
inline void store_group(const Ints (&whole)[GROUP / WIDTH], int32_t* numbers) {
#ifdef HAS_EIGHT_BITS
    for (int v = 0; v < GROUP / WIDTH; ++v) store_bytes(numbers + v * WIDTH / 4, whole[v]);
#else
    int16_t* wide = reinterpret_cast<int16_t*>(numbers);
    for (int i = 0; i < GROUP; i += 4)
        for (int j = 0; j < 4; ++j) wide[i + (j % 2) * 2 + j / 2] = int16_t(whole[(i + j) / WIDTH][(i + j) % WIDTH]);
#endif
}

// Beside weights of four bits a row's scales are powers of two, the next one that is no smaller: what that loses is a
// hundredth of what the weights have lost, and AVX-512 multiplies with them by units that products of bytes leave idle.
// Below 2^-100 all is 0.
inline void to_power_of_two(RowGroup& group) {
    uint32_t bits;
    std::memcpy(&bits, &group.scale, 4);
    if (group.scale < 0x1p-100f)
        bits = 0;
    else if (group.scale < INFINITY)  // and no NaN
        bits = (bits + 0x7fffffu) & 0x7f800000u;
    std::memcpy(&group.scale, &bits, 4);
    group.power = bits ? static_cast<float>(int32_t(bits >> 23) - 127) : -INFINITY;
    if (!(group.scale < INFINITY)) group.power = NAN;
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

// Quantises one of `count` rows; what is behind its last group's last number becomes 0.
inline void quantise_groups(int32_t kind, const float* row, int64_t width, int64_t at, int64_t count, int32_t* numbers,
                            RowGroup* groups) {
    constexpr int VECTORS = GROUP / WIDTH;
    const int64_t top = at / ROWS * ROWS, high = std::min(ROWS, count - top), all = whole_groups(width),
                  first = top * all + at - top;
    // Four groups together, so that what is found across lanes is found for all of them at once.
    for (int64_t begin = 0; begin < all; begin += 4) {
        const int64_t here = std::min<int64_t>(4, all - begin);
        float padded[4 * GROUP];
        const float* own = row + begin * GROUP;
        if ((begin + 4) * GROUP > width) {
            std::memset(padded, 0, sizeof padded);
            std::memcpy(padded, own, bytes_of<float>(width - begin * GROUP));
            own = padded;
        }
        Ints most[4], sums[4];
        for (int g = 0; g < 4; ++g) {
            most[g] = Ints{};
            for (int v = 0; v < VECTORS; ++v)
                most[g] = either<false>(most[g], (Ints)load(own + g * GROUP + v * WIDTH) & 0x7fffffff);
        }
        int32_t bits[4], totals[4];
        of_each<false>(most, bits);
        RowGroup made[4];
        for (int g = 0; g < 4; ++g) {
            float largest;
            std::memcpy(&largest, bits + g, 4);
            made[g].scale = largest < INFINITY ? largest / 127.f : NAN;
            if (kind == TORSO_FOUR_BIT_GROUPS) to_power_of_two(made[g]);
            const float inverse = made[g].scale > 0.f ? 1.f / made[g].scale : 0.f;
            Ints whole[VECTORS];
            sums[g] = Ints{};
            for (int v = 0; v < VECTORS; ++v) {
                whole[v] = nearest(load(own + g * GROUP + v * WIDTH) * inverse);
                sums[g] += whole[v];
            }
            if (g < here) store_group(whole, numbers + (first + (begin + g) * high) * ROW_DWORDS);
        }
        of_each<true>(sums, totals);
        for (int64_t g = 0; g < here; ++g) {
            made[g].scaled_sum = made[g].scale * static_cast<float>(totals[g]);
            made[g].offset = -128 * totals[g];
            groups[first + (begin + g) * high] = made[g];
        }
    }
}

template <int bits, int rows, int vectors>
__attribute__((always_inline)) inline void grouped_sums(const int32_t* row, const int32_t* numbers,
                                                        Ints (&sums)[rows][vectors]) {
    constexpr int64_t step = ROW_DWORDS / GROUP_DWORDS;
#pragma GCC unroll 8
    for (int64_t k = 0; k < GROUP_DWORDS; k += bits == 8 ? 1 : 2) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            const Ints weight = load_dwords(numbers + (bits == 8 ? k : k / 2) * PANEL + v * WIDTH);
            if constexpr (bits == 8) {
#pragma GCC unroll 8
                for (int i = 0; i < rows; ++i)
                    sums[i][v] = add_dots(sums[i][v], weight, row + i * ROW_DWORDS + k * step);
            } else {
                const Ints low = weight & 0x0f0f0f0f, high = (Ints)((Words)weight >> 4) & 0x0f0f0f0f;
#pragma GCC unroll 8
                for (int i = 0; i < rows; ++i) {
                    const int32_t* own = row + i * ROW_DWORDS + k * step;
                    sums[i][v] = add_dots(add_dots(sums[i][v], low, own), high, own + step);
                }
            }
        }
    }
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
    for (int64_t g = 0; g < groups; ++g, panel += block_dwords<bits>(), row += high * ROW_DWORDS, row_groups += high) {
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
    for (int64_t i = 0; i < high; ++i, row += ROW_DWORDS) {
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
        add_group<bits, vectors>(numbers + g * high * ROW_DWORDS, row_groups + g * high, high, panel, totals);
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
        const int32_t* own = numbers + row * ROW_DWORDS;
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
        const int32_t* numbers = rows.numbers + top * groups * ROW_DWORDS;
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

// The numbers 0 to 15 of a group, with the scale and minimum of the least square error found: of the whole range as it
// is, then of ranges within it, each fitted to the numbers that it gave.
class FourBitGroup {
   public:
    uint8_t numbers[GROUP];
    uint16_t scale, minimum;

    FourBitGroup(const float* group, int64_t count) : count_(count) {
        float padded[GROUP], here[GROUP];
        for (int64_t k = 0; k < GROUP; ++k) padded[k] = group[k < count ? k : 0], here[k] = k < count ? 1.f : 0.f;
        Floats least = splat(INFINITY), most = splat(-INFINITY), trace{};
        for (int v = 0; v < VECTORS; ++v) {
            weights_[v] = load(padded + v * WIDTH), here_[v] = load(here + v * WIDTH);
            least = smaller(least, weights_[v]), most = larger(most, weights_[v]);
            trace += weights_[v] * 0.f;  // a NaN or an infinity anywhere leaves a NaN
        }
        const float low = smallest_of(least), range = largest_of(most) - low;
        take(half_of(range / 15.f + sum_of(trace)), half_of(low + sum_of(trace)));
        for (int cut = 0; cut < 4; ++cut)
            fit(low + range * 0.025f * static_cast<float>(cut), range * (1.f - 0.05f * static_cast<float>(cut)) / 15.f);
    }

   private:
    static constexpr int VECTORS = GROUP / WIDTH;

    // The numbers of weights that are from + step * number, as far as 0 to 15 reach.
    void number(float from, float step, Floats (&found)[VECTORS]) const {
        const float inverse = step > 0.f ? 1.f / step : 0.f;
        for (int v = 0; v < VECTORS; ++v) {
            const Floats place = smaller(larger((weights_[v] - from) * inverse, Floats{}), splat(15.f));
            found[v] = place + 8388608.f - 8388608.f;  // to the nearest whole number
        }
    }

    // The line through (number, weight) with the least squares.
    void fit(float from, float step) {
        Floats found[VECTORS], q1{}, q2{}, w1{}, wq{};
        number(from, step, found);
        for (int v = 0; v < VECTORS; ++v) {
            const Floats q = found[v] * here_[v];
            q1 += q, q2 += q * q, w1 += weights_[v] * here_[v], wq += weights_[v] * q;
        }
        const float n = static_cast<float>(count_), qs = sum_of(q1), ws = sum_of(w1),
                    determinant = n * sum_of(q2) - qs * qs;
        if (determinant > 0.f) step = (n * sum_of(wq) - qs * ws) / determinant;
        take(half_of(step), half_of((ws - step * qs) / n));
    }

    // Keeps a scale and a minimum that give the weights back better than those before.
    void take(uint16_t half_step, uint16_t half_from) {
        Floats found[VECTORS], errors{};
        const float from = float_of(half_from), step = float_of(half_step);
        number(from, step, found);
        for (int v = 0; v < VECTORS; ++v) {
            const Floats apart = (from + step * found[v] - weights_[v]) * here_[v];
            errors += apart * apart;
        }
        const float error = sum_of(errors);
        if (!first_ && !(error < best_)) return;
        first_ = false, best_ = error, scale = half_step, minimum = half_from;
        for (int k = 0; k < GROUP; ++k) numbers[k] = uint8_t(found[k / WIDTH][k % WIDTH]);
    }

    int64_t count_;
    Floats weights_[VECTORS], here_[VECTORS];
    float best_ = 0.f;
    bool first_ = true;
};

// Lays the rows of one panel out, group by group.
template <int bits>
void pack_groups(const float* matrix, int64_t outputs, int64_t inputs, int64_t panel, int32_t* packed) {
    const int64_t first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL,
                  groups = whole_groups(inputs);
    for (int64_t g = 0; g < groups; ++g) {
        int32_t* block = packed + (panel * groups + g) * block_dwords<bits>();
        uint8_t* bytes = reinterpret_cast<uint8_t*>(block);
        uint16_t* scales = reinterpret_cast<uint16_t*>(block + (bits == 8 ? GROUP_DWORDS : GROUP_DWORDS / 2) * PANEL);
        std::memset(block, 0, static_cast<size_t>(block_dwords<bits>()) * 4);
        const int64_t high = inputs - g * GROUP < GROUP ? inputs - g * GROUP : GROUP;
        for (int64_t i = 0; i < count; ++i) {
            const float* group = matrix + (first + i) * inputs + g * GROUP;
            if constexpr (bits == 8) {
                float most = 0.f, trace = 0.f;
                for (int64_t k = 0; k < high; ++k) {
                    most = std::max(most, std::fabs(group[k]));
                    trace += group[k] * 0.f;
                }
                scales[i] = half_of(most / 127.f + trace);
                const float scale = float_of(scales[i]), inverse = scale > 0.f ? 1.f / scale : 0.f;
                for (int64_t k = 0; k < GROUP; ++k) {
                    const float value = k < high ? group[k] * inverse : 0.f;
                    const long whole = value == value ? std::lrint(std::min(std::max(value, -127.f), 127.f)) : 0;
                    bytes[(k / 4 * PANEL + i) * 4 + k % 4] = uint8_t(whole + 128);
                }
            } else {
                const FourBitGroup found(group, high);
                scales[i] = found.scale;
                scales[PANEL + i] = found.minimum;
                for (int64_t k = 0; k < GROUP; ++k)
                    bytes[(k / 8 * PANEL + i) * 4 + k % 4] |= uint8_t(found.numbers[k] << (k % 8 / 4 * 4));
            }
        }
    }
}
