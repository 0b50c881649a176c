// A whole encoder over many texts: embeddings, blocks, last norm.
//
// Where there are many texts, each thread carries some of them, about ROWS rows, through all blocks by itself: what it
// works on stays in its own cache, and nobody waits. Where there are few, all threads share each product by its
// columns and wait for one another between stages. Both are the same code: a team of one, or of all.

template <class Middle>
class Encoder {
    typedef typename Middle::Number Number;
    static constexpr bool FINE = Middle::FINE;

  public:
    Encoder(const torso_trunk& trunk, const torso_call& call) : trunk_(trunk), call_(call) {}

    long bytes(long rows) const {
        long size = 0;
        Desk<Number>(nullptr, trunk_, rows, &size);
        return size;
    }

    // Texts `first` to `last` through the whole trunk.
    void run(const Member& member, long first, long last, char* block, float* scratch) const {
        const Desk<Number> desk(block, trunk_, call_.starts[last] - call_.starts[first], nullptr);
        const long begin = call_.starts[first], width = trunk_.width;
        long rows = call_.starts[last] - begin;
        const torso_norm none = {TORSO_NO_NORM, nullptr, nullptr, 0.f};
        {
            const Share share(rows, member.rank, member.members);
            for (long row = share.begin; row < share.end; ++row) {
                float* x = desk.x + row * width;
                const long at = begin + row;
                if (call_.rows) std::memcpy(x, call_.rows + at * width, width * sizeof(float));
                else
                    embed(trunk_.embeddings, call_.tokens[at], call_.segments ? call_.segments[at] : 0,
                          call_.positions[at], x, width);
                keep(0, at, x);
                const torso_block& block = trunk_.blocks[0];
                prepare(desk, row, block.norms_after ? none : block.attn_norm, block.qkv);
            }
        }
        member.wait();
        for (long layer = 0; layer < trunk_.depth; ++layer) {
            const torso_block& block = trunk_.blocks[layer];
            const bool only = call_.pool && layer + 1 == trunk_.depth;
            const long qkv_width = block.qkv.outputs, heads_width = trunk_.heads * trunk_.head_size;
            apply<Middle>(block.qkv, input(desk, block.qkv, 0), rows, Goal<Number>{desk.qkv, qkv_width, block.qkv.bias, LINEAR, false}, member);
            member.wait();
            if (block.turns >= 0) {
                const Share share(rows, member.rank, member.members);
                for (long row = share.begin; row < share.end; ++row)
                    turn(desk.qkv + row * qkv_width, trunk_.heads + trunk_.key_heads, trunk_.head_size, call_.turned,
                         call_.cosines[block.turns] + (begin + row) * call_.turned,
                         call_.sines[block.turns] + (begin + row) * call_.turned);
                member.wait();
            }
            attention(member, layer, first, last, only, desk, scratch);
            member.wait();
            if (only) {
                // From here on a text is one row. What is moved down was read by nobody else since the wait.
                rows = last - first;
                if (member.rank == 0)
                    for (long text = first; text < last; ++text)
                        std::memmove(desk.x + (text - first) * width, desk.x + (chosen(text) - begin) * width,
                                     width * sizeof(float));
                member.wait();
            }
            if (block.out.kind == TORSO_EIGHT_BITS) {
                quantise_rows(member, desk.eight, desk.attended, heads_width, rows, block.out);
                member.wait();
            }
            const Operand attended = block.out.kind == TORSO_EIGHT_BITS ? Operand{desk.eight.numbers, 0, desk.eight.steps}
                                                                        : Operand{desk.attended, heads_width, nullptr};
            apply<Middle>(block.out, attended, rows, Goal<float>{desk.x, width, block.out.bias, LINEAR, true}, member);
            member.wait();
            prepare_rows(member, desk, rows, block.norms_after ? block.attn_norm : none,
                         block.norms_after ? none : block.ffn_norm, block.up);
            member.wait();
            feed_forward(member, desk, rows, block);
            const bool ends = layer + 1 == trunk_.depth;
            const Share share(rows, member.rank, member.members);
            for (long row = share.begin; row < share.end; ++row) {
                float* x = desk.x + row * width;
                if (block.norms_after) normalise(block.ffn_norm, x, x, width);
                if (ends) {
                    const long at = call_.pool ? first + row : begin + row;
                    if (call_.out) normalise(trunk_.norm, x, call_.out + at * width, width);
                    if (call_.kept && call_.kept[layer + 1]) normalise(trunk_.norm, x, call_.kept[layer + 1] + at * width, width);
                } else {
                    keep(layer + 1, begin + row, x);
                    const torso_block& next = trunk_.blocks[layer + 1];
                    prepare(desk, row, next.norms_after ? none : next.attn_norm, next.qkv);
                }
            }
            member.wait();
        }
    }

  private:
    // The one row of a text that is wanted.
    long chosen(long text) const { return call_.pool == 2 ? call_.starts[text + 1] - 1 : call_.starts[text]; }

    void keep(long layer, long at, const float* x) const {
        if (call_.kept && call_.kept[layer]) std::memcpy(call_.kept[layer] + at * trunk_.width, x, trunk_.width * sizeof(float));
    }

    // What the next product reads of a row of x.
    void prepare(const Desk<Number>& desk, long row, const torso_norm& norm, const torso_matrix& next) const {
        const long width = trunk_.width;
        const float* from = desk.x + row * width;
        float* normed = desk.normed + row * width;
        if (next.kind == TORSO_FLOAT32 || !is_none(norm)) {
            normalise(norm, from, normed, width);
            from = normed;
        }
        if (next.kind == TORSO_EIGHT_BITS) quantise_row(desk.eight, row, from, next);
        else if (sizeof(Number) == 2) convert(from, desk.input + row * width, width);
    }

    // x = after(x) for this member's share of the rows, and what the next product reads of before(x).
    void prepare_rows(const Member& member, const Desk<Number>& desk, long rows, const torso_norm& after,
                      const torso_norm& before, const torso_matrix& next) const {
        const Share share(rows, member.rank, member.members);
        for (long row = share.begin; row < share.end; ++row) {
            float* x = desk.x + row * trunk_.width;
            if (!is_none(after)) normalise(after, x, x, trunk_.width);
            prepare(desk, row, before, next);
        }
    }

    Operand input(const Desk<Number>& desk, const torso_matrix& matrix, long row) const {
        if (matrix.kind == TORSO_EIGHT_BITS)
            return {desk.eight.numbers + row * whole_dwords(matrix.inputs), 0, desk.eight.steps + row * groups_of(matrix) * 2};
        return {desk.input + row * trunk_.width, trunk_.width, nullptr};
    }

    template <class From>
    void quantise_row(const EightBitRows& to, long row, const From* from, const torso_matrix& next) const {
#ifdef HAS_EIGHT_BITS
        quantise(from, next.inputs, next.group, to.numbers + row * whole_dwords(next.inputs),
                 to.steps + row * groups_of(next) * 2);
#endif
    }

    void quantise_rows(const Member& member, const EightBitRows& to, const Number* from, long row_step, long rows,
                       const torso_matrix& next) const {
        const Share share(rows, member.rank, member.members);
        for (long row = share.begin; row < share.end; ++row) quantise_row(to, row, from + row * row_step, next);
    }

    static const int32_t* packed(const torso_matrix& matrix) { return static_cast<const int32_t*>(matrix.packed); }

    // Rows of distances of the first head.
    Places places(const torso_block& block) const {
        if (!call_.places) return {};
        return {packed(block.place_keys), packed(block.place_queries), call_.places + call_.reach, place_rows(trunk_, block)};
    }

    void attention(const Member& member, long layer, long first, long last, bool only, const Desk<Number>& desk,
                   float* scratch) const {
        const torso_block& block = trunk_.blocks[layer];
        const long begin = call_.starts[first], size = trunk_.head_size, step = block.qkv.outputs;
        const long to_step = trunk_.heads * size, shared = trunk_.heads / trunk_.key_heads;
        float* weights = call_.weights ? call_.weights[layer] : nullptr;
        if (weights)
            for (long text = 0; text < first; ++text) {
                const long length = call_.starts[text + 1] - call_.starts[text];
                weights += trunk_.heads * length * length;
            }
        Seeing seeing = {block.scale, block.left, block.right, nullptr, call_.reach, places(block)};
        const long places_size = seeing.places.count * size / Middle::PER_DWORD;
        for (long text = first, item = 0; text < last; ++text) {
            const long start = call_.starts[text] - begin, length = call_.starts[text + 1] - begin - start;
            const Number* rows = desk.qkv + start * step;
            const long stands = only ? chosen(text) - begin - start : 0;
            Number* to = desk.attended + (only ? text - first : start) * to_step;
            for (long head = 0; head < trunk_.heads; ++head, ++item)
                if (item % member.members == member.rank) {
                    const Number* keys = rows + to_step + head / shared * size;
                    if (call_.distances) seeing.distances = call_.distances + head * (2 * call_.reach + 1);
                    if (seeing.places.keys) seeing.places.keys = packed(block.place_keys) + head * places_size;
                    if (seeing.places.queries) seeing.places.queries = packed(block.place_queries) + head * places_size;
                    attend<Middle>(rows + stands * step + head * size, keys, keys + trunk_.key_heads * size, step,
                                   only ? 1 : length, length, stands, size, seeing, to + head * size, to_step,
                                   weights ? weights + head * length * length : nullptr, scratch);
                }
            if (weights) weights += trunk_.heads * length * length;
        }
    }

    void feed_forward(const Member& member, const Desk<Number>& desk, long rows, const torso_block& block) const {
        const long up = block.up.outputs, inner = block.down.inputs;
        for (long top = 0; top < rows; top += ROWS) {
            const long high = rows - top < ROWS ? rows - top : ROWS;
            apply<Middle>(block.up, input(desk, block.up, top), high,
                          Goal<Number>{desk.inner, up, block.up.bias, block.gated ? LINEAR : block.activation, false}, member);
            member.wait();
            const Share share(high, member.rank, member.members);
            if (block.gated)
                for (long row = share.begin; row < share.end; ++row) gate<FINE>(desk.inner + row * up, inner, block.activation);
            Operand in = {desk.inner, up, nullptr};
            if (block.down.kind == TORSO_EIGHT_BITS) {
                quantise_rows(member, desk.inner_eight, desk.inner, up, high, block.down);
                in = {desk.inner_eight.numbers, 0, desk.inner_eight.steps};
            }
            if (block.gated || block.down.kind == TORSO_EIGHT_BITS) member.wait();
            apply<Middle>(block.down, in, high, Goal<float>{desk.x + top * trunk_.width, trunk_.width, block.down.bias, LINEAR, true}, member);
            member.wait();
        }
    }

    const torso_trunk& trunk_;
    const torso_call& call_;
};
