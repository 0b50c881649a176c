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

inline long room(long count) { return panels_of(count) * PANEL; }

// Rows of distances that one head's queries and keys meet.
struct Places {
    const int32_t* keys;     // a packed matrix [size, count] that queries meet; null for nothing
    const int32_t* queries;  // one that keys meet
    const int32_t* rows;     // the row of each distance, from key's place minus query's = 0
    long count;              // in whole panels; 0 where there are no such rows
};

// How scores become weights.
struct Seeing {
    float scale;
    long left, right;        // how many earlier and later keys are seen; negative for all
    const float* distances;  // of one head, [2 * reach + 1], added to the scores by key's place minus query's; or null
    long reach;              // no less than any distance
    Places places;
};

// Room for one head's attention, in floats; `places` is the number of rows of distances.
inline long attention_scratch(long keys, long size, long places) {
    const long met = places ? (keys + TILE) * (places + WIDTH) : 0;
    return room(keys) * (size + 1) + room(size) * (keys + 2) + 2 * TILE * room(keys) + 64 + met;
}

// What queries and keys score with rows of distances. Of a query or a key only the panels are multiplied that hold a
// row it meets: about half of all that its text meets.
template <class Kind>
class Distant {
    typedef typename Kind::Number Number;

  public:
    // Keys 0 to b against queries that stand at `stands` to `stands` + a.
    Distant(const Places& places, const Number* keys, long row_step, long a, long b, long stands, long size, float* scratch)
        : places_(places), row_step_(row_step), dwords_(size / Kind::PER_DWORD), least_(panel_at(1 - stands - a, b - 1 - stands)),
          // One vector more, so that the same row of successive keys is not always in the same set of the cache.
          width_(last_at(1 - stands - a, b - 1 - stands) / PANEL * PANEL + PANEL - least_ + WIDTH), of_queries_(scratch),
          of_keys_(scratch + TILE * width_) {
        if (!places.queries) return;
        const Cut cut(b);
        for (long t = 0; t < cut.tiles; ++t) {
            const long top = cut.begin(t), end = cut.begin(t + 1);
            meet(places.queries, keys + top * row_step, end - top, top - (stands + a - 1), end - 1 - stands, of_keys_ + top * width_);
        }
    }

    // The next `height` queries, the first of which stands at `place`, against b keys.
    void next(const Number* queries, long height, long place, long b) const {
        if (places_.keys) meet(places_.keys, queries, height, 1 - place - height, b - 1 - place, of_queries_);
    }

    // Adds to the scores of the i-th of these queries, which stands at `place`, with the keys begin to end.
    void add(float* scores, long i, long place, long begin, long end) const {
        const int32_t* rows = places_.rows - place;
        const float *query = of_queries_ + i * width_ - least_, *keys = of_keys_ - least_;
        if (places_.keys)
            for (long key = begin; key < end; ++key) scores[key] += query[rows[key]];
        if (places_.queries)
            for (long key = begin; key < end; ++key) scores[key] += keys[key * width_ + rows[key]];
    }

  private:
    long last_at(long first, long last) const { return std::max(places_.rows[first], places_.rows[last]); }
    long panel_at(long first, long last) const { return std::min(places_.rows[first], places_.rows[last]) / PANEL * PANEL; }

    // A tile of queries or keys against the rows of the distances `first` to `last`.
    void meet(const int32_t* packed, const Number* tile, long height, long first, long last, float* to) const {
        for (long row = panel_at(first, last); row <= last_at(first, last); row += PANEL)
            tile_by_panel<Kind>(height, PANEL, tile, row_step_, packed + row * dwords_, dwords_, Scores{to + row - least_, width_});
    }

    const Places& places_;
    const long row_step_, dwords_, least_, width_;
    float *of_queries_, *of_keys_;
};

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
    std::optional<Distant<Kind>> distant;
    if (seeing.places.count && b) distant.emplace(seeing.places, keys, row_step, a, b, stands, size, scores + 2 * TILE * width);
    const Cut cut(a);
    for (long t = 0; t < cut.tiles; ++t) {
        const long top = cut.begin(t), height = cut.begin(t + 1) - top, place = stands + top;
        long first = 0, last = b;
        if (seeing.left >= 0 && place - seeing.left > 0) first = (place - seeing.left) / PANEL * PANEL;
        if (seeing.right >= 0 && place + height + seeing.right < b) last = place + height + seeing.right;
        for (long key = first; key < last; key += PANEL)
            tile_by_panel<Kind>(height, b - key, queries + top * row_step, row_step, packed_keys + key * dwords, dwords,
                                Scores{scores + key, width});
        if (distant) distant->next(queries + top * row_step, height, place, b);
        float factors[TILE];
        for (long i = 0; i < height; ++i) {
            long begin = 0, end = b;
            if (seeing.left >= 0 && place + i - seeing.left > 0) begin = place + i - seeing.left;
            if (seeing.right >= 0 && place + i + seeing.right + 1 < b) end = place + i + seeing.right + 1;
            if (distant) distant->add(scores + i * width, i, place + i, begin, end);
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
