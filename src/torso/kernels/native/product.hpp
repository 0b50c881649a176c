// Products of rows with a packed matrix: [M, K] x [K, N] -> [M, N].
//
// A packed matrix is cut into panels of 2 * WIDTH columns. Along K a panel goes in dwords, each of which holds the one
// float32, two bfloat16 or four int8 that one instruction multiplies with a dword of a row; columns beyond N are 0.
// One micro-kernel, a few rows by a panel, keeps its sums in registers; a sum's order depends on neither M nor its
// neighbours.

constexpr long PANEL = 2 * WIDTH;
#if WIDTH == 16
constexpr int TILE = 14;  // 28 sums, two vectors of the panel and one of the row: 31 of 32 registers
#else
constexpr int TILE = 6;
#endif

// How many dwords of K ahead a streamed panel is asked for.
constexpr long AHEAD = 48;

struct Float32 {
    typedef float Number;
    typedef Floats Sum;
    static constexpr long PER_DWORD = 1;
    static constexpr bool FINE = true;
    static Sum add(Sum sum, int32_t row, Ints panel) {
        float value;
        std::memcpy(&value, &row, 4);
        return sum + value * (Floats)panel;
    }
};
#ifdef HAS_BFLOAT16
struct BFloat16 {
    typedef uint16_t Number;
    typedef Floats Sum;
    static constexpr long PER_DWORD = 2;
    static constexpr bool FINE = false;
    static Sum add(Sum sum, int32_t row, Ints panel) {
        return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(row), (__m512bh)panel);
    }
};
#endif
#ifdef HAS_EIGHT_BITS
struct EightBits {
    typedef uint8_t Number;
    typedef Ints Sum;
    static constexpr long PER_DWORD = 4;
    static constexpr bool FINE = false;
    static Sum add(Sum sum, int32_t row, Ints panel) {
        return (Ints)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(row), (__m512i)panel);
    }
};
#endif

inline long panels_of(long columns) { return (columns + PANEL - 1) / PANEL; }

// rows x VECTORS vectors of sums over `dwords` of K. The row's dwords lie side by side.
template <class Kind, bool streamed, int rows, int vectors>
__attribute__((always_inline)) inline void tile(const typename Kind::Number* row, long row_step, const int32_t* panel,
                                                long dwords, typename Kind::Sum (&sums)[rows][vectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] = typename Kind::Sum{};
    const char* left = reinterpret_cast<const char*>(row);
    const long step = row_step * sizeof(typename Kind::Number);
    for (long k = 0; k < dwords; ++k) {
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
    }
}

// Calls done(i, v, sum) for every vector of a tile of 1 to TILE rows and 1 or 2 vectors.
template <class Kind, bool streamed, int rows, int vectors, class Done>
__attribute__((noinline)) void run_tile(const typename Kind::Number* row, long row_step, const int32_t* panel,
                                        long dwords, const Done& done) {
    typename Kind::Sum sums[rows][vectors];
    tile<Kind, streamed, rows, vectors>(row, row_step, panel, dwords, sums);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) done(i, v, sums[i][v]);
}

template <class Kind, bool streamed, int vectors, class Done, int rows = TILE>
inline void tile_of(long count, const typename Kind::Number* row, long row_step, const int32_t* panel, long dwords,
                    const Done& done) {
    if constexpr (rows > 1)
        if (count < rows) return tile_of<Kind, streamed, vectors, Done, rows - 1>(count, row, row_step, panel, dwords, done);
    run_tile<Kind, streamed, rows, vectors>(row, row_step, panel, dwords, done);
}

// The sums of up to TILE rows with one panel, of which `columns` are used.
template <class Kind, bool streamed = false, class Done>
inline void tile_by_panel(long count, long columns, const typename Kind::Number* row, long row_step,
                          const int32_t* panel, long dwords, const Done& done) {
    if (columns > WIDTH) tile_of<Kind, streamed, 2>(count, row, row_step, panel, dwords, done);
    else tile_of<Kind, streamed, 1>(count, row, row_step, panel, dwords, done);
}

// Rows cut into tiles that differ by one row at most.
struct Cut {
    long rows, tiles;
    explicit Cut(long rows) : rows(rows), tiles((rows + TILE - 1) / TILE) {}
    long begin(long tile) const { return rows * tile / tiles; }
    // Whether a weight comes from memory as the tile meets it, and is asked for ahead: the first tile is the one that
    // fetches it. Of two the second is done before the next weight has come. Any others find it in the second-level
    // cache, where the asking alone would cost more.
    bool streams(long tile) const { return tile == 0 || tiles <= 2; }
};

// The same with a panel of a weight.
template <class Kind, class Done>
inline void tile_by_weight(bool streamed, long count, long columns, const typename Kind::Number* row, long row_step,
                           const int32_t* panel, long dwords, const Done& done) {
    if (streamed) tile_by_panel<Kind, true>(count, columns, row, row_step, panel, dwords, done);
    else tile_by_panel<Kind, false>(count, columns, row, row_step, panel, dwords, done);
}

// What part of `count` things a member of a team does.
struct Share {
    long begin, end;
    Share(long count, int rank, int members) : begin(count * rank / members), end(count * (rank + 1) / members) {}
};

// Eight-bit rows: a number is low + step * q, with a low and a step for each group of columns.
struct Quantised {
    const uint8_t* numbers;
    const float* steps;  // [rows, groups, 2]: step, low
};

// Where a product goes: activate(product + bias), added to what is there where that is asked for.
template <class Number>
struct Goal {
    Number* to;
    long row_step;
    const float* bias;  // padded to whole panels; null for none
    int activation;
    bool add;
};

template <bool fine, class Number>
struct Finish {
    const Goal<Number>& goal;
    long row, column, columns;  // first row and column of the tile, and N
    bool first, last;           // of several parts of K: what is added counts once, and the activation is of the whole

    void operator()(int i, int v, Floats sum) const {
        const long at = column + v * WIDTH;
        const long count = columns - at;
        if (count <= 0) return;
        Number* to = goal.to + (row + i) * goal.row_step + at;
        if (goal.bias && first) sum += load(goal.bias + at);
        if (goal.add || !first) sum += count >= WIDTH ? load(to) : load_some(to, count);
        if (goal.activation && last) sum = activate<fine>(sum, goal.activation);
        if (count >= WIDTH) store(to, sum);
        else store_some(to, sum, count);
    }
};

// Long sums are cut into blocks of this many dwords of K, so that a block of rows stays in the second-level cache.
constexpr long BLOCK = 1024;
// And those of float32 into parts: each adds up by itself, so that less is lost to rounding.
constexpr long PART = 256;
// As many rows go through all panels before the next ones do.
constexpr long ROWS = 128;

template <class Kind, class Number>
void multiply(const torso_matrix& matrix, const typename Kind::Number* rows, long row_step, long count,
              const Goal<Number>& goal, int rank, int members) {
    const long dwords = (matrix.inputs + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
    const Share share(panels_of(matrix.outputs), rank, members);
    const int32_t* packed = static_cast<const int32_t*>(matrix.packed);
    // Only a float32 goal can hold a part of a sum.
    constexpr bool cut_sums = sizeof(Number) == 4;
    const long blocks = cut_sums ? (dwords + BLOCK - 1) / BLOCK : 1;
    for (long top = 0; top < count; top += ROWS) {
        const Cut cut(count - top < ROWS ? count - top : ROWS);
        for (long block = 0; block < blocks; ++block) {
            const long from = dwords * block / blocks, to = dwords * (block + 1) / blocks;
            const long parts = cut_sums && Kind::FINE ? (to - from + PART - 1) / PART : 1;
            for (long panel = share.begin; panel < share.end; ++panel) {
                const int32_t* right = packed + panel * dwords * PANEL;
                for (long t = 0; t < cut.tiles; ++t) {
                    const long row = top + cut.begin(t);
                    for (long part = 0; part < parts; ++part) {
                        const long begin = from + (to - from) * part / parts, end = from + (to - from) * (part + 1) / parts;
                        const Finish<Kind::FINE, Number> finish{
                            goal, row, panel * PANEL, matrix.outputs, begin == 0, end == dwords};
                        tile_by_weight<Kind>(cut.streams(t), cut.begin(t + 1) - cut.begin(t), matrix.outputs - panel * PANEL,
                                             rows + row * row_step + begin * Kind::PER_DWORD, row_step,
                                             right + begin * PANEL, end - begin, finish);
                    }
                }
            }
        }
    }
}

#ifdef HAS_EIGHT_BITS
// One group's sums, turned into numbers and added up beside those of the groups before.
struct Rescale {
    float (*partial)[PANEL];
    const float* steps;  // of the tile's first row and this group
    long steps_per_row;
    const float* scales;  // of this group and panel: of the weights
    const float* totals;  // of this group and panel: sums of the weights
    bool first;

    void operator()(int i, int v, Ints sum) const {
        const float step = steps[i * steps_per_row], low = steps[i * steps_per_row + 1];
        Floats value = step * load(scales + v * WIDTH) * __builtin_convertvector(sum, Floats) +
                       low * load(totals + v * WIDTH);
        float* to = partial[i] + v * WIDTH;
        if (!first) value += load(to);
        store(to, value);
    }
};

template <class Number>
void multiply(const torso_matrix& matrix, const Quantised& rows, long count, const Goal<Number>& goal, int rank,
              int members) {
    const long dwords = (matrix.inputs + 3) / 4, group = matrix.group / 4;
    const long groups = (dwords + group - 1) / group, panels = panels_of(matrix.outputs);
    const Share share(panels, rank, members);
    const int32_t* packed = static_cast<const int32_t*>(matrix.packed);
    alignas(64) float partial[TILE][PANEL];
    for (long top = 0; top < count; top += ROWS) {
        const Cut cut(count - top < ROWS ? count - top : ROWS);
        for (long panel = share.begin; panel < share.end; ++panel) {
            const long columns = matrix.outputs - panel * PANEL;
            for (long t = 0; t < cut.tiles; ++t) {
                const long row = top + cut.begin(t), height = cut.begin(t + 1) - cut.begin(t);
                for (long g = 0; g < groups; ++g) {
                    const long from = g * group, to = from + group < dwords ? from + group : dwords;
                    const Rescale rescale{partial,
                                          rows.steps + (row * groups + g) * 2,
                                          groups * 2,
                                          matrix.scales + (g * panels + panel) * PANEL,
                                          matrix.totals + (g * panels + panel) * PANEL,
                                          g == 0};
                    tile_by_weight<EightBits>(cut.streams(t), height, columns, rows.numbers + (row * dwords + from) * 4,
                                              dwords * 4, packed + (panel * dwords + from) * PANEL, to - from, rescale);
                }
                const Finish<false, Number> finish{goal, row, panel * PANEL, matrix.outputs, true, true};
                const int vectors = columns > WIDTH ? 2 : 1;
                for (int i = 0; i < height; ++i)
                    for (int v = 0; v < vectors; ++v) finish(i, v, load(partial[i] + v * WIDTH));
            }
        }
    }
}
#endif

template <int distance>
inline void exchange(Ints (&rows)[WIDTH]) {
    Ints low, high;
    for (int lane = 0; lane < WIDTH; ++lane) {
        low[lane] = lane & distance ? WIDTH + lane - distance : lane;
        high[lane] = lane & distance ? WIDTH + lane : lane + distance;
    }
#pragma GCC unroll 16
    for (int i = 0; i < WIDTH; ++i)
        if (!(i & distance)) {
            const Ints a = rows[i], b = rows[i + distance];
            rows[i] = __builtin_shuffle(a, b, low);
            rows[i + distance] = __builtin_shuffle(a, b, high);
        }
}
inline void transpose(Ints (&rows)[WIDTH]) {
    exchange<1>(rows);
    exchange<2>(rows);
#if WIDTH > 4
    exchange<4>(rows);
#endif
#if WIDTH > 8
    exchange<8>(rows);
#endif
}

// `count` rows of `dwords` dwords, `step` bytes apart, as panels: the rows become columns. Columns behind the last are
// 0 up to a whole vector.
inline void pack_rows(const void* rows, long step, long count, long dwords, int32_t* packed) {
    for (long begin = 0; begin < count; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * dwords * PANEL + begin % PANEL;
        const long here = count - begin < WIDTH ? count - begin : WIDTH;
        for (long k = 0; k < dwords; k += WIDTH) {
            const long deep = dwords - k < WIDTH ? dwords - k : WIDTH;
            Ints block[WIDTH] = {};
            for (long i = 0; i < here; ++i) {
                const void* from = static_cast<const char*>(rows) + (begin + i) * step + k * 4;
                if (deep == WIDTH) block[i] = load_dwords(from);
                else std::memcpy(&block[i], from, deep * 4);
            }
            transpose(block);
            for (long i = 0; i < deep; ++i) store_dwords(panel + (k + i) * PANEL, block[i]);
        }
    }
}

// Lays the rows of one panel of a weight [outputs, inputs] of float32 out.
inline void pack_float32(const float* matrix, long outputs, long inputs, long panel, int32_t* packed) {
    const long first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL;
    pack_rows(matrix + first * inputs, inputs * 4, count, inputs, packed + panel * inputs * PANEL);
}
#ifdef HAS_BFLOAT16
inline void pack_bfloat16(const float* matrix, long outputs, long inputs, long panel, int32_t* packed, uint16_t* room) {
    const long first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL, dwords = (inputs + 1) / 2;
    for (long i = 0; i < count; ++i) {
        convert(matrix + (first + i) * inputs, room + i * dwords * 2, inputs);
        if (inputs % 2) room[i * dwords * 2 + inputs] = 0;
    }
    pack_rows(room, dwords * 4, count, dwords, packed + panel * dwords * PANEL);
}
#endif
#ifdef HAS_EIGHT_BITS
// With a scale per output and group of inputs, symmetric about 0; `scales` and `totals` [groups, panels * PANEL].
inline void pack_eight_bits(const float* matrix, long outputs, long inputs, long group, long panel, int32_t* packed,
                            float* scales, float* totals, int8_t* room) {
    const long first = panel * PANEL, count = outputs - first < PANEL ? outputs - first : PANEL, dwords = (inputs + 3) / 4;
    const long width = panels_of(outputs) * PANEL;
    for (long i = 0; i < count; ++i) {
        const float* row = matrix + (first + i) * inputs;
        int8_t* numbers = room + i * dwords * 4;
        for (long begin = 0, g = 0; begin < inputs; begin += group, ++g) {
            const long end = begin + group < inputs ? begin + group : inputs;
            float most = 0.f, strange = 0.f;
            for (long k = begin; k < end; ++k) {
                most = std::fabs(row[k]) > most ? std::fabs(row[k]) : most;
                strange += row[k] * 0.f;  // a NaN or an infinity anywhere leaves a NaN
            }
            const float scale = most / 127.f + strange, inverse = scale > 0.f ? 1.f / scale : 0.f;
            long total = 0;
            for (long k = begin; k < end; ++k) {
                numbers[k] = int8_t(std::lrint(row[k] * inverse));
                total += numbers[k];
            }
            scales[g * width + first + i] = scale;
            totals[g * width + first + i] = scale * total;
        }
        for (long k = inputs; k < dwords * 4; ++k) numbers[k] = 0;
    }
    pack_rows(room, dwords * 4, count, dwords, packed + panel * dwords * PANEL);
}
#endif
