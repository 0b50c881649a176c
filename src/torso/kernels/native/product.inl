// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Products of rows with a packed matrix: [M, K] x [K, N] -> [M, N].
//
// A packed matrix is cut into panels of 2 * WIDTH columns. Along K a panel goes in dwords, each of which holds the one
// float32, two bfloat16 or four int8 that one instruction multiplies with a dword of a row; columns beyond N are 0.
// One micro-kernel, a few rows by a panel, keeps its sums in registers; a sum's order depends on neither M nor its
// neighbours.

constexpr int64_t PANEL = 2 * WIDTH;
#if WIDTH == 16
constexpr int TILE = 14;  // 28 sums, two vectors of the panel and one of the row: 31 of 32 registers
#elif defined(__aarch64__)
constexpr int TILE = 12;  // as many registers, and one more for each of the row's numbers that are on their way
#else
constexpr int TILE = 6;
#endif

// As many rows go through all panels before the next ones do.
constexpr int64_t ROWS = 128;

// How many dwords of K ahead a streamed panel is asked for.
constexpr int64_t AHEAD = 48;

struct Float32 {
    typedef float Number;
    typedef Floats Sum;
    static constexpr int64_t PER_DWORD = 1, UNROLLED = 1;
    static constexpr bool PRECISE = true;
    static Sum add(Sum sum, int32_t row, Ints panel) {
        float value;
        std::memcpy(&value, &row, 4);
        return sum + value * (Floats)panel;
    }
};
struct BFloat16 {
    typedef uint16_t Number;
    typedef Floats Sum;
    static constexpr int64_t PER_DWORD = 2, UNROLLED = 1;
    static constexpr bool PRECISE = false;
    static Sum add(Sum sum, int32_t row, Ints panel) {
#if defined(HAS_BFLOAT16) && WIDTH == 16
        return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(row), (__m512bh)panel);
#elif defined(HAS_BFLOAT16)
        return (Floats)vbfdotq_f32((float32x4_t)sum, (bfloat16x8_t)vdupq_n_s32(row), (bfloat16x8_t)panel);
#else
        const uint32_t halves[2] = {uint32_t(row) << 16, uint32_t(row) & 0xffff0000u};
        float own[2];
        std::memcpy(own, halves, sizeof own);
        sum += own[0] * (Floats)((Words)panel << 16);
        return sum + own[1] * (Floats)((Words)panel & 0xffff0000u);
#endif
    }
};
#ifdef HAS_EIGHT_BITS
struct EightBits {
    typedef uint8_t Number;
    typedef Ints Sum;
    static constexpr int64_t PER_DWORD = 4, UNROLLED = 4;
    static constexpr bool PRECISE = false;
    static Sum add(Sum sum, int32_t row, Ints panel) { return add_byte_products(sum, row - Ints{}, panel); }
};
#endif

inline int64_t panels_of(int64_t columns) { return (columns + PANEL - 1) / PANEL; }

// rows x VECTORS vectors of sums over `dwords` of K. The row's dwords lie side by side.
template <class Kind, bool streamed, int rows, int vectors>
__attribute__((always_inline)) inline void tile(const typename Kind::Number* row, int64_t row_step,
                                                const int32_t* panel, int64_t dwords,
                                                typename Kind::Sum (&sums)[rows][vectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] = typename Kind::Sum{};
    const char* left = reinterpret_cast<const char*>(row);
    const int64_t step = row_step * sizeof(typename Kind::Number);
    const auto add = [&](int64_t k) __attribute__((always_inline)) {
        if constexpr (streamed)
            for (int v = 0; v < vectors; ++v) __builtin_prefetch(panel + (k + AHEAD) * PANEL + v * WIDTH, 0, 2);
        Ints right[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) right[v] = load_dwords(panel + k * PANEL + v * WIDTH);
#pragma GCC unroll 16
        for (int i = 0; i < rows; ++i) {
            int32_t dword;
            std::memcpy(&dword, left + i * step + 4 * k, 4);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sums[i][v] = Kind::add(sums[i][v], dword, right[v]);
        }
    };
    int64_t k = 0;
    if constexpr (Kind::UNROLLED > 1)
        for (; k + Kind::UNROLLED <= dwords; k += Kind::UNROLLED)
#pragma GCC unroll 4
            for (int64_t each = 0; each < Kind::UNROLLED; ++each) add(k + each);
    for (; k < dwords; ++k) add(k);
}

// Calls done(i, v, sum) for every vector of a tile of 1 to TILE rows and 1 or 2 vectors.
template <class Kind, bool streamed, int rows, int vectors, class Done>
__attribute__((noinline)) void run_tile(const typename Kind::Number* row, int64_t row_step, const int32_t* panel,
                                        int64_t dwords, const Done& done) {
    typename Kind::Sum sums[rows][vectors];
    tile<Kind, streamed, rows, vectors>(row, row_step, panel, dwords, sums);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) done(i, v, sums[i][v]);
}

template <class Kind, bool streamed, int vectors, class Done, int rows = TILE>
inline void tile_of(int64_t count, const typename Kind::Number* row, int64_t row_step, const int32_t* panel,
                    int64_t dwords, const Done& done) {
    if constexpr (rows > 1)
        if (count < rows)
            return tile_of<Kind, streamed, vectors, Done, rows - 1>(count, row, row_step, panel, dwords, done);
    run_tile<Kind, streamed, rows, vectors>(row, row_step, panel, dwords, done);
}

// The sums of up to TILE rows with one panel, of which `columns` are used.
template <class Kind, bool streamed = false, class Done>
inline void tile_by_panel(int64_t count, int64_t columns, const typename Kind::Number* row, int64_t row_step,
                          const int32_t* panel, int64_t dwords, const Done& done) {
    if (columns > WIDTH)
        tile_of<Kind, streamed, 2>(count, row, row_step, panel, dwords, done);
    else
        tile_of<Kind, streamed, 1>(count, row, row_step, panel, dwords, done);
}

// Rows cut into tiles that differ by one row at most.
struct RowTiles {
    int64_t rows, count;
    explicit RowTiles(int64_t rows) : rows(rows), count((rows + TILE - 1) / TILE) {}
    int64_t begin(int64_t tile) const { return rows * tile / count; }
    // Whether a weight comes from memory as the tile meets it, and is asked for ahead: the first tile is the one that
    // fetches it. Of two the second is done before the next weight has come. Any others find it in the second-level
    // cache, where the asking alone would cost more.
    bool streams(int64_t tile) const { return tile == 0 || count <= 2; }
};

// Rows cut into blocks of at most ROWS, which differ by one row at most.
struct RowBlocks {
    int64_t rows, count;
    explicit RowBlocks(int64_t rows) : rows(rows), count((rows + ROWS - 1) / ROWS) {}
    int64_t begin(int64_t block) const { return rows * block / count; }
};

// The same with a panel of a weight.
template <class Kind, class Done>
inline void tile_by_weight(bool streamed, int64_t count, int64_t columns, const typename Kind::Number* row,
                           int64_t row_step, const int32_t* panel, int64_t dwords, const Done& done) {
    if (streamed)
        tile_by_panel<Kind, true>(count, columns, row, row_step, panel, dwords, done);
    else
        tile_by_panel<Kind, false>(count, columns, row, row_step, panel, dwords, done);
}

// What part of `count` things a worker of a team does.
struct Share {
    int64_t begin, end;
    Share(int64_t count, int rank, int workers) : begin(count * rank / workers), end(count * (rank + 1) / workers) {}
};

// Where a product goes: activate(product + bias), added to what is there where that is asked for.
template <class Number>
struct Output {
    Number* to;
    int64_t row_step;
    const float* bias;  // padded to whole panels; null for none
    int activation;
    bool add;
};

template <bool precise, class Number>
struct Epilogue {
    const Output<Number>& output;
    int64_t row, column, columns;  // first row and column of the tile, and N
    bool first, last;  // of several parts of K: what is added counts once, and the activation is of the whole

    Number* place(int64_t i, int v) const { return output.to + (row + i) * output.row_step + column + v * WIDTH; }

    void operator()(int i, int v, Floats sum) const {
        const int64_t at = column + v * WIDTH;
        const int64_t count = columns - at;
        if (count <= 0) return;
        Number* to = place(i, v);
        if (output.bias && first) sum += load(output.bias + at);
        const bool whole = __builtin_expect(count >= WIDTH, true);
        if (output.add || !first) sum += whole ? load(to) : load_some(to, count);
        if (output.activation && last) sum = activate<precise>(sum, output.activation);
        if (whole)
            store(to, sum);
        else
            store_some(to, sum, count);
    }
};

// Long sums are cut into blocks of this many dwords of K, so that a block of rows stays in the second-level cache.
constexpr int64_t BLOCK = 1024;
// And those of float32 into parts: each adds up by itself, so that less is lost to rounding. In a decoder, where the
// loss of each layer grows in all that follow, the parts are shorter.
constexpr int64_t PART = 256, SHORT_PART = 64;

template <class Kind, int64_t longest_part = PART, class Number>
void multiply(const torso_matrix& matrix, const typename Kind::Number* rows, int64_t row_step, int64_t count,
              const Output<Number>& output, int rank, int workers) {
    const int64_t dwords = (matrix.inputs + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
    const Share share(panels_of(matrix.outputs), rank, workers);
    const int32_t* packed = static_cast<const int32_t*>(matrix.packed);
    // Only a float32 output can hold a part of a sum.
    constexpr bool cut_sums = sizeof(Number) == 4;
    const int64_t blocks = cut_sums ? (dwords + BLOCK - 1) / BLOCK : 1;
    const RowBlocks row_blocks(count);
    for (int64_t row_block = 0; row_block < row_blocks.count; ++row_block) {
        const int64_t top = row_blocks.begin(row_block);
        const RowTiles tiles(row_blocks.begin(row_block + 1) - top);
        for (int64_t block = 0; block < blocks; ++block) {
            const int64_t from = dwords * block / blocks, to = dwords * (block + 1) / blocks;
            const int64_t parts = cut_sums && Kind::PRECISE ? (to - from + longest_part - 1) / longest_part : 1;
            for (int64_t panel = share.begin; panel < share.end; ++panel) {
                const int32_t* right = packed + panel * dwords * PANEL;
                for (int64_t t = 0; t < tiles.count; ++t) {
                    const int64_t row = top + tiles.begin(t);
                    for (int64_t part = 0; part < parts; ++part) {
                        const int64_t begin = from + (to - from) * part / parts,
                                      end = from + (to - from) * (part + 1) / parts;
                        const Epilogue<Kind::PRECISE, Number> epilogue{output,         row,        panel * PANEL,
                                                                       matrix.outputs, begin == 0, end == dwords};
                        tile_by_weight<Kind>(tiles.streams(t), tiles.begin(t + 1) - tiles.begin(t),
                                             matrix.outputs - panel * PANEL,
                                             rows + row * row_step + begin * Kind::PER_DWORD, row_step,
                                             right + begin * PANEL, end - begin, epilogue);
                    }
                }
            }
        }
    }
}

// `count` rows of `dwords` dwords, `step` bytes apart, as panels: the rows become columns. Columns behind the last are
// 0 up to a whole vector.
inline void pack_rows(const void* rows, int64_t step, int64_t count, int64_t dwords, int32_t* packed) {
    for (int64_t begin = 0; begin < count; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * dwords * PANEL + begin % PANEL;
        const int64_t here = count - begin < WIDTH ? count - begin : WIDTH;
        for (int64_t k = 0; k < dwords; k += WIDTH) {
            const int64_t deep = dwords - k < WIDTH ? dwords - k : WIDTH;
            Ints block[WIDTH] = {};
            for (int64_t i = 0; i < here; ++i) {
                const void* from = static_cast<const char*>(rows) + (begin + i) * step + k * 4;
                if (deep == WIDTH)
                    block[i] = load_dwords(from);
                else
                    std::memcpy(&block[i], from, deep * 4);
            }
            transpose(block);
            for (int64_t i = 0; i < deep; ++i) store_dwords(panel + (k + i) * PANEL, block[i]);
        }
    }
}

// Lays the rows of one panel of a weight [outputs, inputs] of float32 out.
inline void pack_float32(const float* matrix, int64_t outputs, int64_t inputs, int64_t panel, int32_t* packed) {
    const int64_t first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL;
    pack_rows(matrix + first * inputs, inputs * 4, count, inputs, packed + panel * inputs * PANEL);
}
inline void pack_bfloat16(const float* matrix, int64_t outputs, int64_t inputs, int64_t panel, int32_t* packed,
                          uint16_t* room) {
    const int64_t first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL,
                  dwords = (inputs + 1) / 2;
    for (int64_t i = 0; i < count; ++i) {
        convert(matrix + (first + i) * inputs, room + i * dwords * 2, inputs);
        if (inputs % 2) room[i * dwords * 2 + inputs] = 0;
    }
    pack_rows(room, dwords * 4, count, dwords, packed + panel * dwords * PANEL);
}
