// Attention of one sequence's queries to its keys, one head at a time; all of it stays in the first two caches.

// Keys [count, size] as a packed matrix [size, count].
template <class Kind>
inline void pack_keys(const typename Kind::Number* keys, long row_step, long count, long size, int32_t* packed) {
    pack_rows(keys, row_step * sizeof(*keys), count, size / Kind::PER_DWORD, packed);
}

// Values [count, size] as a packed matrix [count, size].
inline void pack_values(const float* values, long row_step, long count, long size, int32_t* packed) {
    for (long begin = 0; begin < size; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * count * PANEL + begin % PANEL;
        const long here = size - begin < WIDTH ? size - begin : WIDTH;
        for (long k = 0; k < count; ++k) {
            const float* from = values + k * row_step + begin;
            store_dwords(panel + k * PANEL, (Ints)(here == WIDTH ? load(from) : load_some(from, here)));
        }
    }
}
#ifdef HAS_BFLOAT16
inline void pack_values(const uint16_t* values, long row_step, long count, long size, int32_t* packed) {
    const long dwords = (count + 1) / 2;
    for (long begin = 0; begin < size; begin += WIDTH) {
        int32_t* panel = packed + begin / PANEL * dwords * PANEL + begin % PANEL;
        const long here = size - begin < WIDTH ? size - begin : WIDTH;
        const __mmask16 used = __mmask16((1u << here) - 1);
        for (long k = 0; k < dwords; ++k) {
            const uint16_t* from = values + 2 * k * row_step + begin;
            const __m512i even = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(used, from));
            __m512i odd = _mm512_setzero_si512();
            if (2 * k + 1 < count) odd = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(used, from + row_step));
            _mm512_storeu_si512(panel + k * PANEL, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
        }
    }
}
#endif

struct Scores {
    float* to;
    long row_step;
    void operator()(int i, int v, Floats sum) const { store(to + i * row_step + v * WIDTH, sum); }
};

template <class Number>
struct Weighted {
    Number* to;
    long row_step;
    const float* factors;
    long columns;
    void operator()(int i, int v, Floats sum) const {
        const long count = columns - v * WIDTH;
        sum *= factors[i];
        if (count >= WIDTH) store(to + i * row_step + v * WIDTH, sum);
        else if (count > 0) store_some(to + i * row_step + v * WIDTH, sum, count);
    }
};

// How scores become weights.
struct Seeing {
    float scale;
    long left, right;        // how many earlier and later keys are seen; negative for all
    const float* distances;  // of one head, [2 * reach + 1], added to the scores by key's place minus query's; or null
    long reach;              // no less than any distance
};

inline long room(long count) { return panels_of(count) * PANEL; }

// Room for one head's attention, in floats.
inline long attention_scratch(long keys, long size) {
    return room(keys) * (size + 1) + room(size) * (keys + 2) + 2 * TILE * room(keys) + 64;
}

// exp(row - its largest) over the keys begin to end, of a row of scores; the rest of first to last becomes 0.
// Gives 1 / the sum.
template <class Kind>
inline float soften(float* scores, typename Kind::Number* weights, long first, long last, long begin, long end,
                    long place, const Seeing& seeing) {
    const long from = begin / WIDTH * WIDTH, to = (end + WIDTH - 1) / WIDTH * WIDTH;
    float factor = seeing.scale;
    if (seeing.distances) {
        const float* distances = seeing.distances + seeing.reach - place;
        long key = begin;
        for (; key + WIDTH <= end; key += WIDTH) store(scores + key, load(scores + key) * factor + load(distances + key));
        for (; key < end; ++key) scores[key] = scores[key] * factor + distances[key];
        factor = 1.f;
    }
    for (long key = from; key < begin; ++key) scores[key] = -INFINITY;
    for (long key = end; key < to; ++key) scores[key] = -INFINITY;
    Floats most = splat(-INFINITY);
    for (long key = from; key < to; key += WIDTH) most = larger(most, load(scores + key));
    factor *= 1.44269504f;
    const float top = largest_of(most) * factor;
    Floats sums{};
    for (long key = first; key < from; key += WIDTH) store(weights + key, Floats{});
    for (long key = from; key < to; key += WIDTH) {
        const Floats weight = power_of_two<Kind::FINE>(load(scores + key) * factor - top);
        sums += weight;
        store(weights + key, weight);
    }
    for (long key = to; key < last; key += WIDTH) store(weights + key, Floats{});
    return 1.f / sum_of(sums);
}

// queries [a, size], keys and values [b, size] -> to [a, size]; query i stands at key `stands` + i.
// `explicit_weights` [a, b], if not null, receives the weights.
template <class Kind>
void attend(const typename Kind::Number* queries, const typename Kind::Number* keys, const typename Kind::Number* values,
            long row_step, long a, long b, long stands, long size, const Seeing& seeing, typename Kind::Number* to, long to_step,
            float* explicit_weights, float* scratch) {
    typedef typename Kind::Number Number;
    const long width = room(b), dwords = size / Kind::PER_DWORD;
    int32_t* packed_keys = reinterpret_cast<int32_t*>(scratch);
    int32_t* packed_values = packed_keys + width * dwords;
    const long value_dwords = (b + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
    float* scores = reinterpret_cast<float*>(packed_values + room(size) * value_dwords);
    Number* weights = reinterpret_cast<Number*>(scores);  // of float32, in place
    if (Kind::PER_DWORD == 2) weights = reinterpret_cast<Number*>(scores + TILE * width);
    pack_keys<Kind>(keys, row_step, b, size, packed_keys);
    pack_values(values, row_step, b, size, packed_values);
    const Cut cut(a);
    for (long t = 0; t < cut.tiles; ++t) {
        const long top = cut.begin(t), height = cut.begin(t + 1) - top, place = stands + top;
        long first = 0, last = b;
        if (seeing.left >= 0 && place - seeing.left > 0) first = (place - seeing.left) / PANEL * PANEL;
        if (seeing.right >= 0 && place + height + seeing.right < b) last = place + height + seeing.right;
        for (long key = first; key < last; key += PANEL)
            tile_by_panel<Kind>(height, b - key, queries + top * row_step, row_step, packed_keys + key * dwords, dwords,
                                Scores{scores + key, width});
        float factors[TILE];
        for (long i = 0; i < height; ++i) {
            long begin = 0, end = b;
            if (seeing.left >= 0 && place + i - seeing.left > 0) begin = place + i - seeing.left;
            if (seeing.right >= 0 && place + i + seeing.right + 1 < b) end = place + i + seeing.right + 1;
            factors[i] = soften<Kind>(scores + i * width, weights + i * width, first, (last + WIDTH - 1) / WIDTH * WIDTH,
                                      begin, end, place + i, seeing);
            if (explicit_weights)
                for (long key = 0; key < b; ++key)
                    explicit_weights[(top + i) * b + key] =
                        key < begin || key >= end ? 0.f : widened(weights[i * width + key]) * factors[i];
        }
        const long from = first / Kind::PER_DWORD, until = (last + Kind::PER_DWORD - 1) / Kind::PER_DWORD;
        for (long column = 0; column < size; column += PANEL)
            tile_by_panel<Kind>(height, size - column, weights + first, width,
                                packed_values + column * value_dwords + from * PANEL, until - from,
                                Weighted<Number>{to + top * to_step + column, to_step, factors, size - column});
    }
}
