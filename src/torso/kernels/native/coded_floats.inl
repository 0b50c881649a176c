// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// float32 weights in 28 bits, without loss, for what waits for memory: a decoder's token reads every weight once.
//
// The exponents of weights that stand together differ little: of 512 normal numbers, 16 rows of K of a panel, all lie
// within 16 powers of two but in one group of forty. Such a group is stored as its least exponent, four bits of
// exponent for each number, its sign and mantissa; any other as it is. The numbers that come out are those that went
// in, to the bit, and sums add up in the order of plain float32.

#if WIDTH == 16
#define HAS_CODED_FLOATS

constexpr int64_t CODED_ROWS = 16;
constexpr int64_t CODED_ROW = PANEL * 7 / 2, PLAIN_ROW = PANEL * 4;  // bytes of one row of K
constexpr int32_t PLAIN_GROUP = -1;

struct CodedGroup {
    int32_t begin;  // bytes from the first group of its panel
    int32_t least;  // the least exponent where a float has it, or PLAIN_GROUP
};

inline int64_t coded_groups(int64_t inputs) { return (inputs + CODED_ROWS - 1) / CODED_ROWS; }
inline int64_t coded_head(int64_t inputs) {
    return (coded_groups(inputs) * int64_t(sizeof(CodedGroup)) + 63) / 64 * 64;
}
inline int64_t coded_panel(int64_t inputs) { return coded_head(inputs) + inputs * PLAIN_ROW; }

// Codes `count` rows of K, or copies them; gives the bytes that they take.
inline int64_t code_group(const uint32_t* rows, int64_t count, char* to, CodedGroup& group) {
    uint32_t least = 255, most = 0;
    for (int64_t i = 0; i < count * PANEL; ++i) {
        const uint32_t exponent = rows[i] >> 23 & 255;
        least = std::min(least, exponent);
        most = std::max(most, exponent);
    }
    if (most - least > 15) {
        group.least = PLAIN_GROUP;
        std::memcpy(to, rows, static_cast<size_t>(count * PLAIN_ROW));
        return count * PLAIN_ROW;
    }
    group.least = int32_t(least << 23);
    for (int64_t row = 0; row < count; ++row, to += CODED_ROW) {
        uint16_t high[PANEL];
        uint8_t low[PANEL], exponents[WIDTH];
        for (int64_t i = 0; i < PANEL; ++i) {
            const uint32_t bits = rows[row * PANEL + i];
            high[i] = uint16_t((bits >> 16 & 0x8000) | (bits >> 8 & 0x7fff));
            low[i] = uint8_t(bits);
        }
        for (int64_t i = 0; i < WIDTH; ++i) {
            const uint32_t first = (rows[row * PANEL + i] >> 23 & 255) - least,
                           second = (rows[row * PANEL + WIDTH + i] >> 23 & 255) - least;
            exponents[i] = uint8_t(first | second << 4);
        }
        std::memcpy(to, high, sizeof high);
        std::memcpy(to + sizeof high, low, sizeof low);
        std::memcpy(to + sizeof high + sizeof low, exponents, sizeof exponents);
    }
    return count * CODED_ROW;
}

// Lays one panel of a weight [outputs, inputs] out; `room` holds it plainly.
inline void pack_coded(const float* matrix, int64_t outputs, int64_t inputs, int64_t panel, char* packed,
                       int32_t* room) {
    const int64_t first = panel * PANEL, count = std::min(PANEL, outputs - first);
    if (count < PANEL) std::memset(room, 0, static_cast<size_t>(inputs * PLAIN_ROW));
    pack_rows(matrix + first * inputs, inputs * 4, count, inputs, room);
    char* const own = packed + panel * coded_panel(inputs);
    CodedGroup* const groups = reinterpret_cast<CodedGroup*>(own);
    std::memset(own, 0, static_cast<size_t>(coded_panel(inputs)));
    int64_t begin = 0;
    for (int64_t g = 0; g < coded_groups(inputs); ++g) {
        groups[g].begin = int32_t(begin);
        const int64_t row = g * CODED_ROWS;
        begin += code_group(reinterpret_cast<const uint32_t*>(room + row * PANEL), std::min(CODED_ROWS, inputs - row),
                            own + coded_head(inputs) + begin, groups[g]);
    }
}

// What is `ahead` is asked for meanwhile, as much for each row of K.
inline void ask_for_row(const char* ahead) {
    __builtin_prefetch(ahead, 0, 2);
    __builtin_prefetch(ahead + 64, 0, 2);
}

// Rows of K of one group as they were.
inline void decode_group(const char* from, int32_t least, int64_t count, const char* ahead, float* to) {
    if (least == PLAIN_GROUP) {
        for (int64_t row = 0; row < count; ++row, to += PANEL, from += PLAIN_ROW, ahead += CODED_ROW) {
            ask_for_row(ahead);
            for (int v = 0; v < 2; ++v) store_dwords(to + v * WIDTH, load_dwords(from + v * WIDTH * 4));
        }
        return;
    }
    const __m512i base = _mm512_set1_epi32(least), four_bits = _mm512_set1_epi32(15 << 23),
                  exponent = _mm512_set1_epi32(0x7f800000);
    for (int64_t row = 0; row < count; ++row, to += PANEL, from += CODED_ROW, ahead += CODED_ROW) {
        ask_for_row(ahead);
        const __m512i both = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(from + PANEL * 3)));
        const __m512i shifted[2] = {_mm512_slli_epi32(both, 23), _mm512_slli_epi32(both, 19)};
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v) {
            const __m512i high = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)(from + v * WIDTH * 2))),
                          low = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(from + PANEL * 2 + v * WIDTH)));
            // (shifted & four_bits | low) + base; then the sign, which goes down through the exponent's place, and the
            // rest of the mantissa: signs & ~exponent | that.
            const __m512i rest = _mm512_add_epi32(_mm512_ternarylogic_epi32(shifted[v], four_bits, low, 0xEA), base);
            const __m512i signs = _mm512_slli_epi32(high, 8);
            store_dwords(to + v * WIDTH, (Ints)_mm512_ternarylogic_epi32(signs, exponent, rest, 0xBA));
        }
    }
}

// The product as multiply<Float32, SHORT_PART> gives it: each part of a panel is decoded into the first-level cache,
// and meets all rows of a block there.
inline void multiply_coded(const torso_matrix& matrix, const float* rows, int64_t row_step, int64_t count,
                           const Output<float>& output, int rank, int workers) {
    const int64_t inputs = matrix.inputs, groups = coded_groups(inputs), head = coded_head(inputs);
    const Share share(panels_of(matrix.outputs), rank, workers);
    const char* const packed = static_cast<const char*>(matrix.packed);
    constexpr int64_t GROUPS = SHORT_PART / CODED_ROWS, AHEAD_GROUPS = 4;
    alignas(64) float part[SHORT_PART * PANEL];
    const RowBlocks blocks(count);
    for (int64_t block = 0; block < blocks.count; ++block) {
        const int64_t top = blocks.begin(block);
        const RowTiles tiles(blocks.begin(block + 1) - top);
        for (int64_t panel = share.begin; panel < share.end; ++panel) {
            const char* const own = packed + panel * coded_panel(inputs);
            const CodedGroup* const coded = reinterpret_cast<const CodedGroup*>(own);
            for (int64_t g = 0; g < groups; g += GROUPS) {
                const int64_t begin = g * CODED_ROWS, end = std::min(begin + SHORT_PART, inputs);
                for (int64_t each = g; each < std::min(g + GROUPS, groups); ++each) {
                    const int64_t row = each * CODED_ROWS, next = each + AHEAD_GROUPS;
                    const char* const ahead =
                        next < groups ? own + head + coded[next].begin
                                      : own + coded_panel(inputs) + head + (next - groups) * CODED_ROWS * CODED_ROW;
                    decode_group(own + head + coded[each].begin, coded[each].least, std::min(CODED_ROWS, inputs - row),
                                 ahead, part + (row - begin) * PANEL);
                }
                for (int64_t t = 0; t < tiles.count; ++t) {
                    const int64_t row = top + tiles.begin(t);
                    const Epilogue<true, float> epilogue{output,         row,        panel * PANEL,
                                                         matrix.outputs, begin == 0, end == inputs};
                    tile_by_panel<Float32>(tiles.begin(t + 1) - tiles.begin(t), matrix.outputs - panel * PANEL,
                                           rows + row * row_step + begin, row_step,
                                           reinterpret_cast<const int32_t*>(part), end - begin, epilogue);
                }
            }
        }
    }
}
#endif
