// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// What is done to one row at a time: norms, eight-bit numbers, embeddings, rotary turns.

inline bool is_none(const torso_norm& norm) { return norm.kind == TORSO_NO_NORM; }

// The mean that a norm takes off a row.
inline float mean_of(const torso_norm& norm, const float* row, int64_t width) {
    if (norm.kind != TORSO_LAYER_NORM) return 0.f;
    const int64_t whole = width / WIDTH * WIDTH;
    Floats sums{};
    for (int64_t i = 0; i < whole; i += WIDTH) sums += load(row + i);
    return sum_of(sums + load_some(row + whole, width - whole)) / static_cast<float>(width);
}

// What a norm multiplies with what is left.
inline float factor_of(const torso_norm& norm, const float* row, int64_t width, float mean) {
    const int64_t whole = width / WIDTH * WIDTH;
    Floats squares{};
    for (int64_t i = 0; i < whole; i += WIDTH) {
        const Floats apart = load(row + i) - mean;
        squares += apart * apart;
    }
    float sum = sum_of(squares);
    for (int64_t i = whole; i < width; ++i) sum += (row[i] - mean) * (row[i] - mean);
    return 1.f / std::sqrt(sum / static_cast<float>(width) + norm.epsilon);
}

inline void finish_norm(const torso_norm& norm, const float* row, float* to, int64_t width, float mean, float factor) {
    const int64_t whole = width / WIDTH * WIDTH;
    for (int64_t i = 0; i < whole; i += WIDTH) {
        Floats value = (load(row + i) - mean) * factor * load(norm.weight + i);
        if (norm.bias) value += load(norm.bias + i);
        store(to + i, value);
    }
    for (int64_t i = whole; i < width; ++i)
        to[i] = (row[i] - mean) * factor * norm.weight[i] + (norm.bias ? norm.bias[i] : 0.f);
}

// norm(row) -> to for rows that lie side by side; the same rows may be both.
inline void normalise_rows(const torso_norm& norm, const float* rows, int64_t count, int64_t width, float* to) {
    if (is_none(norm)) {
        if (to != rows) std::memcpy(to, rows, bytes_of<float>(count * width));
        return;
    }
    for (int64_t first = 0; first < count; first += TOGETHER) {
        const int64_t here = std::min(TOGETHER, count - first);
        const float* from = rows + first * width;
        float means[TOGETHER], factors[TOGETHER];
        for (int64_t i = 0; i < here; ++i) means[i] = mean_of(norm, from + i * width, width);
        for (int64_t i = 0; i < here; ++i) factors[i] = factor_of(norm, from + i * width, width, means[i]);
        for (int64_t i = 0; i < here; ++i)
            finish_norm(norm, from + i * width, to + (first + i) * width, width, means[i], factors[i]);
    }
}
inline void normalise(const torso_norm& norm, const float* row, float* to, int64_t width) {
    normalise_rows(norm, row, 1, width, to);
}

// act(gate) * up, of a row [gate | up], in place of the gate.
template <bool precise, class Number>
inline void gate(Number* row, int64_t inner, int activation) {
    int64_t i = 0;
    for (; i + WIDTH <= inner; i += WIDTH)
        store(row + i, activate<precise>(load(row + i), activation) * load(row + inner + i));
    if (const int64_t rest = inner - i)
        store_some(row + i, activate<precise>(load_some(row + i, rest), activation) * load_some(row + inner + i, rest),
                   rest);
}

// Turns the first `size` units of each head by a position's angles, the first half of them against the second.
template <class Number>
inline void rotate(Number* heads, int64_t count, int64_t head_size, int64_t size, const float* cosines,
                   const float* sines) {
    const int64_t half = size / 2;
    for (int64_t head = 0; head < count; ++head, heads += head_size)
        for (int64_t i = 0; i < half; ++i) {
            const float left = widened(heads[i]), right = widened(heads[half + i]);
            heads[i] = number_of<Number>(left * cosines[i] - right * sines[i]);
            heads[half + i] = number_of<Number>(right * cosines[half + i] + left * sines[half + i]);
        }
}

// Turns the first `size` units of each head by angles [size / 2]: the halves against each other, or neighbours.
inline void turn(float* heads, int64_t count, int64_t head_size, int64_t size, bool neighbours, const float* cosines,
                 const float* sines) {
    const int64_t half = size / 2, step = neighbours ? 2 : 1, apart = neighbours ? 1 : half;
    for (int64_t head = 0; head < count; ++head, heads += head_size)
        for (int64_t i = 0; i < half; ++i) {
            float &first = heads[i * step], &second = heads[i * step + apart];
            const float left = first, right = second;
            first = left * cosines[i] - right * sines[i];
            second = right * cosines[i] + left * sines[i];
        }
}

// The sum of a token's, a segment's and a position's rows, normed.
inline void embed(const torso_embeddings& tables, int64_t token, int64_t segment, int64_t position, float* to,
                  int64_t width) {
    const float* first = tables.tokens + token * width;
    const float* second = tables.segments ? tables.segments + segment * width : nullptr;
    const float* third = tables.positions ? tables.positions + (position + tables.position_offset) * width : nullptr;
    const int64_t whole = width / WIDTH * WIDTH;
    for (int64_t i = 0; i < whole; i += WIDTH) {
        Floats value = load(first + i) * tables.scale;
        if (second) value += load(second + i);
        if (third) value += load(third + i);
        store(to + i, value);
    }
    for (int64_t i = whole; i < width; ++i)
        to[i] = first[i] * tables.scale + (second ? second[i] : 0.f) + (third ? third[i] : 0.f);
    normalise(tables.norm, to, to, width);
}

// Whether all ids have rows in their tables.
inline bool in_range(const torso_embeddings& tables, const int64_t* tokens, const int64_t* segments,
                     const int64_t* positions, int64_t count) {
    auto within = [count](const int64_t* ids, int64_t offset, int64_t rows) {
        bool valid = true;
        for (int64_t i = 0; i < count; ++i) valid &= uint64_t(ids[i]) + uint64_t(offset) < uint64_t(rows);
        return valid;
    };
    return within(tokens, 0, tables.token_rows) &&
           (!tables.segments || !segments || within(segments, 0, tables.segment_rows)) &&
           (!tables.positions || within(positions, tables.position_offset, tables.position_rows));
}
