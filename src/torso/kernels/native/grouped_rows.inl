// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Products of rows with weights of eight or four bits, of which every 32 inputs of an output share a scale.
//
// A panel goes group by group: the numbers in dwords, then a float16 scale for each output and, in four bits, a float16
// minimum. A weight is scale * (q - 128) in eight bits, minimum + scale * q in four. A row is quantised likewise,
// signed and symmetric about 0, so that its zero is exact. The order of a sum follows from K alone.

constexpr int64_t GROUP = 32;
constexpr int64_t GROUP_DWORDS = GROUP / 4;

// How a row's numbers lie: four to a dword, as bytes; or in two dwords, of 16 bits, the even ones before the odd.
// Beside weights of eight bits without instructions for bytes a sum of two products would not fit 16 bits.
#if defined(HAS_EIGHT_BITS)
constexpr bool ROWS_ARE_BYTES[2] = {true, true};  // beside four bits, beside eight
#elif WIDTH >= 8
constexpr bool ROWS_ARE_BYTES[2] = {true, false};
#else
constexpr bool ROWS_ARE_BYTES[2] = {false, false};
#endif
template <int bits>
constexpr int64_t row_dwords() {
    return ROWS_ARE_BYTES[bits == 8] ? GROUP_DWORDS : 2 * GROUP_DWORDS;
}
constexpr int64_t ROW_DWORDS = row_dwords<8>();  // at most

// What the numbers of a group of a row mean.
struct RowGroup {
    float scale, scaled_sum;
    int32_t offset;  // of its products with eight-bit weights, which are kept 128 too large
    float power;     // beside weights of four bits: scale = 2^power
};

// Rows in blocks of ROWS, each group by group: [groups, rows of the block], so that a group of many rows lies together.
struct GroupedRows {
    const int32_t* numbers;  // row_dwords of each
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
template <bool bytes>
inline void store_group(const Ints (&whole)[GROUP / WIDTH], int32_t* numbers) {
    if constexpr (bytes) {
        for (int v = 0; v < GROUP / WIDTH; ++v) store_bytes(numbers + v * WIDTH / 4, whole[v]);
    } else {
        int16_t* wide = reinterpret_cast<int16_t*>(numbers);
        for (int i = 0; i < GROUP; i += 4)
            for (int j = 0; j < 4; ++j)
                wide[i + (j % 2) * 2 + j / 2] = int16_t(whole[(i + j) / WIDTH][(i + j) % WIDTH]);
    }
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

// Quantises one of `count` rows; what is behind its last group's last number becomes 0.
template <int bits>
inline void quantise_groups(const float* row, int64_t width, int64_t at, int64_t count, int32_t* numbers,
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
        int32_t magnitudes[4], totals[4];
        of_each<false>(most, magnitudes);
        RowGroup made[4];
        for (int g = 0; g < 4; ++g) {
            float largest;
            std::memcpy(&largest, magnitudes + g, 4);
            made[g].scale = largest < INFINITY ? largest / 127.f : NAN;
            if constexpr (bits == 4) to_power_of_two(made[g]);
            const float inverse = made[g].scale > 0.f ? 1.f / made[g].scale : 0.f;
            Ints whole[VECTORS];
            sums[g] = Ints{};
            for (int v = 0; v < VECTORS; ++v) {
                whole[v] = nearest(load(own + g * GROUP + v * WIDTH) * inverse);
                sums[g] += whole[v];
            }
            if (g < here)
                store_group<ROWS_ARE_BYTES[bits == 8]>(whole,
                                                       numbers + (first + (begin + g) * high) * row_dwords<bits>());
        }
        of_each<true>(sums, totals);
        for (int64_t g = 0; g < here; ++g) {
            made[g].scaled_sum = made[g].scale * static_cast<float>(totals[g]);
            made[g].offset = int32_t(-128u * uint32_t(totals[g]));  // of NaN any number, which means nothing
            groups[first + (begin + g) * high] = made[g];
        }
    }
}

inline void quantise_groups(int32_t kind, const float* row, int64_t width, int64_t at, int64_t count, int32_t* numbers,
                            RowGroup* groups) {
    if (kind == TORSO_FOUR_BIT_GROUPS)
        quantise_groups<4>(row, width, at, count, numbers, groups);
    else
        quantise_groups<8>(row, width, at, count, numbers, groups);
}
