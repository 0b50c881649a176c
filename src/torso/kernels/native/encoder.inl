// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// A whole encoder over many texts: embeddings, blocks, last norm.
//
// Where there are many texts, each thread carries some of them, about ROWS rows, through all blocks by itself: what it
// works on stays in its own cache, and nobody waits. Where there are few, all threads share each product by its
// columns and wait for one another between stages. Both are the same code: a group of one, or of all.

template <class Compute>
class Encoder {
    typedef typename Compute::Number Number;
    static constexpr bool PRECISE = Compute::PRECISE;

   public:
    Encoder(const torso_trunk& trunk, const torso_call& call) : trunk_(trunk), call_(call) {}

    int64_t bytes(int64_t rows) const {
        int64_t size = 0;
        Workspace<Number>(nullptr, trunk_, rows, &size);
        return size;
    }

    // Texts `first` to `last` through the whole trunk.
    void run(const Worker& worker, int64_t first, int64_t last, char* block, float* scratch) const {
        Part part = {first, last, call_.starts[first], call_.starts[last] - call_.starts[first],
                     Workspace<Number>(block, trunk_, call_.starts[last] - call_.starts[first], nullptr)};
        embed_rows(worker, part);
        worker.wait();
        for (int64_t layer = 0; layer < trunk_.depth; ++layer) {
            const bool pooled = call_.pool && layer + 1 == trunk_.depth;
            queries_keys_values(worker, part, layer);
            attention(worker, layer, first, last, pooled, part.workspace, scratch);
            worker.wait();
            if (pooled) pool_rows(worker, part);
            attention_output(worker, part, trunk_.blocks[layer]);
            feed_forward(worker, part.workspace, part.rows, trunk_.blocks[layer]);
            finish_layer(worker, part, layer);
            worker.wait();
        }
    }

   private:
    // What is carried through the trunk together: texts `first` to `last`, whose rows begin at `begin` in the call.
    struct Part {
        int64_t first, last, begin, rows;
        Workspace<Number> workspace;
    };
    static constexpr torso_norm NO_NORM = {TORSO_NO_NORM, nullptr, nullptr, 0.f};

    // The first x of every row, and what the first block reads; of a trunk without blocks the results.
    void embed_rows(const Worker& worker, const Part& part) const {
        const int64_t width = trunk_.width;
        const torso_block* block = trunk_.depth ? trunk_.blocks : nullptr;
        const Share share(part.rows, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row) {
            float* x = part.workspace.x + row * width;
            const int64_t at = part.begin + row;
            if (call_.rows)
                std::memcpy(x, call_.rows + at * width, bytes_of<float>(width));
            else
                embed(trunk_.embeddings, call_.tokens[at], call_.segments ? call_.segments[at] : 0, call_.positions[at],
                      x, width);
            if (!block) {
                write_result(x, at);
                continue;
            }
            keep(0, at, x);
        }
        if (block) prepare(part.workspace, share, NO_NORM, block->norms_after ? NO_NORM : block->attn_norm, block->qkv);
    }

    // Queries, keys and values of all rows, rotated where the block's positions do so.
    void queries_keys_values(const Worker& worker, const Part& part, int64_t layer) const {
        const torso_block& block = trunk_.blocks[layer];
        const int64_t qkv_width = block.qkv.outputs;
        Number* qkv = part.workspace.qkv;
        apply<Compute>(block.qkv, input(part.workspace, block.qkv, 0), part.rows,
                       Output<Number>{qkv, qkv_width, block.qkv.bias, LINEAR, false}, worker);
        worker.wait();
        if (block.turns < 0) return;
        const Share share(part.rows, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row)
            rotate(qkv + row * qkv_width, trunk_.heads + trunk_.key_heads, trunk_.head_size, call_.turned,
                   call_.cosines[block.turns] + (part.begin + row) * call_.turned,
                   call_.sines[block.turns] + (part.begin + row) * call_.turned);
        worker.wait();
    }

    // From here on a text is one row. What is moved down was read by nobody else since the wait.
    void pool_rows(const Worker& worker, Part& part) const {
        part.rows = part.last - part.first;
        float* x = part.workspace.x;
        if (worker.rank == 0)
            for (int64_t text = part.first; text < part.last; ++text)
                std::memmove(x + (text - part.first) * trunk_.width, x + (pooled_row(text) - part.begin) * trunk_.width,
                             bytes_of<float>(trunk_.width));
        worker.wait();
    }

    // x += out(attended), its norm, and what the feed-forward reads.
    void attention_output(const Worker& worker, const Part& part, const torso_block& block) const {
        const Workspace<Number>& workspace = part.workspace;
        const int64_t heads_width = trunk_.heads * trunk_.head_size;
        Operand attended = {workspace.attended, heads_width, nullptr};
        if (block.out.kind == TORSO_EIGHT_BITS) {
            const Share share(part.rows, worker.rank, worker.workers);
            quantise_rows(share, workspace.eight, workspace.attended + share.begin * heads_width, heads_width,
                          block.out);
            worker.wait();
            attended = {workspace.eight.numbers, 0, workspace.eight.scales};
        }
        apply<Compute>(block.out, attended, part.rows,
                       Output<float>{workspace.x, trunk_.width, block.out.bias, LINEAR, true}, worker);
        worker.wait();
        prepare(workspace, Share(part.rows, worker.rank, worker.workers), block.norms_after ? block.attn_norm : NO_NORM,
                block.norms_after ? NO_NORM : block.ffn_norm, block.up);
        worker.wait();
    }

    // The norm after a block, and what the next block reads; after the last block the results.
    void finish_layer(const Worker& worker, const Part& part, int64_t layer) const {
        const torso_block& block = trunk_.blocks[layer];
        const Share share(part.rows, worker.rank, worker.workers);
        const int64_t width = trunk_.width;
        const torso_norm& after = block.norms_after ? block.ffn_norm : NO_NORM;
        float* x = part.workspace.x;
        if (layer + 1 == trunk_.depth) {
            normalise_rows(after, x + share.begin * width, share.end - share.begin, width, x + share.begin * width);
            for (int64_t row = share.begin; row < share.end; ++row)
                write_result(x + row * width, (call_.pool ? part.first : part.begin) + row);
            return;
        }
        const torso_block& next = trunk_.blocks[layer + 1];
        prepare(part.workspace, share, after, next.norms_after ? NO_NORM : next.attn_norm, next.qkv);
        for (int64_t row = share.begin; row < share.end; ++row) keep(layer + 1, part.begin + row, x + row * width);
    }

    void write_result(const float* x, int64_t at) const {
        const int64_t width = trunk_.width;
        if (call_.out) normalise(trunk_.norm, x, call_.out + at * width, width);
        float* kept = call_.kept ? call_.kept[trunk_.depth] : nullptr;
        if (kept) normalise(trunk_.norm, x, kept + at * width, width);
    }

    // The one row of a text that is wanted.
    int64_t pooled_row(int64_t text) const { return call_.pool == 2 ? call_.starts[text + 1] - 1 : call_.starts[text]; }

    void keep(int64_t layer, int64_t at, const float* x) const {
        if (call_.kept && call_.kept[layer])
            std::memcpy(call_.kept[layer] + at * trunk_.width, x, bytes_of<float>(trunk_.width));
    }

    // x = after(x) for some rows, and what the next product reads of before(x).
    void prepare(const Workspace<Number>& workspace, Share rows, const torso_norm& after, const torso_norm& before,
                 const torso_matrix& next) const {
        const int64_t width = trunk_.width;
        // A few rows at a time, which stay in the first-level cache.
        for (Share few = rows; few.begin < rows.end; few.begin = few.end) {
            few.end = std::min(few.begin + TOGETHER, rows.end);
            const int64_t count = few.end - few.begin;
            float* x = workspace.x + few.begin * width;
            float* normed = workspace.normed + few.begin * width;
            normalise_rows(after, x, count, width, x);
            const float* from = x;
            if (next.kind == TORSO_FLOAT32 || !is_none(before)) {
                normalise_rows(before, x, count, width, normed);
                from = normed;
            }
            if (next.kind == TORSO_EIGHT_BITS)
                quantise_rows(few, workspace.eight, from, width, next);
            else if (sizeof(Number) == 2)
                convert(from, workspace.input + few.begin * width, count * width);
        }
    }

    Operand input(const Workspace<Number>& workspace, const torso_matrix& matrix, int64_t row) const {
        if (matrix.kind == TORSO_EIGHT_BITS)
            return {workspace.eight.numbers + row * whole_dwords(matrix.inputs), 0,
                    workspace.eight.scales + row * groups_of(matrix) * 2};
        return {workspace.input + row * trunk_.width, trunk_.width, nullptr};
    }

    // Rows of a share, the first of which is `from`, for the next product.
    template <class From>
    void quantise_rows(Share rows, const EightBitRows& to, const From* from, int64_t row_step,
                       const torso_matrix& next) const {
#ifdef HAS_EIGHT_BITS
        quantise(from, row_step, rows.end - rows.begin, next.inputs, next.group,
                 to.numbers + rows.begin * whole_dwords(next.inputs), to.scales + rows.begin * groups_of(next) * 2);
#endif
    }

    static const int32_t* packed(const torso_matrix& matrix) { return static_cast<const int32_t*>(matrix.packed); }

    // Rows of distances of the first head.
    RelativePositions relative_positions(const torso_block& block) const {
        if (!call_.relative_rows) return {};
        return {packed(block.position_keys), packed(block.position_queries), call_.relative_rows + call_.reach,
                relative_rows_of(trunk_, block)};
    }

    void attention(const Worker& worker, int64_t layer, int64_t first, int64_t last, bool pooled,
                   const Workspace<Number>& workspace, float* scratch) const {
        const torso_block& block = trunk_.blocks[layer];
        const int64_t begin = call_.starts[first], size = trunk_.head_size, step = block.qkv.outputs;
        const int64_t to_step = trunk_.heads * size, shared = trunk_.heads / trunk_.key_heads;
        float* weights = call_.weights ? call_.weights[layer] : nullptr;
        if (weights)
            for (int64_t text = 0; text < first; ++text) {
                const int64_t length = call_.starts[text + 1] - call_.starts[text];
                weights += trunk_.heads * length * length;
            }
        ScoreParams params = {block.scale, block.left, block.right, nullptr, call_.reach, relative_positions(block)};
        const int64_t relative_size = params.relative.count * size / Compute::PER_DWORD;
        for (int64_t text = first, item = 0; text < last; ++text) {
            const int64_t start = call_.starts[text] - begin, length = call_.starts[text + 1] - begin - start;
            const Number* rows = workspace.qkv + start * step;
            const int64_t query_start = pooled ? pooled_row(text) - begin - start : 0;
            Number* to = workspace.attended + (pooled ? text - first : start) * to_step;
            for (int64_t head = 0; head < trunk_.heads; ++head, ++item)
                if (item % worker.workers == worker.rank) {
                    const Number* keys = rows + to_step + head / shared * size;
                    if (call_.distances) params.distances = call_.distances + head * (2 * call_.reach + 1);
                    if (params.relative.keys) params.relative.keys = packed(block.position_keys) + head * relative_size;
                    if (params.relative.queries)
                        params.relative.queries = packed(block.position_queries) + head * relative_size;
                    attend<Compute>(rows + query_start * step + head * size, keys, keys + trunk_.key_heads * size, step,
                                    pooled ? 1 : length, call_.seen ? call_.seen[text] : length, query_start, size,
                                    params, to + head * size, to_step,
                                    weights ? weights + head * length * length : nullptr, scratch);
                }
            if (weights) weights += trunk_.heads * length * length;
        }
    }

    void feed_forward(const Worker& worker, const Workspace<Number>& workspace, int64_t rows,
                      const torso_block& block) const {
        const int64_t up = block.up.outputs, inner = block.down.inputs;
        const RowBlocks row_blocks(rows);
        for (int64_t row_block = 0; row_block < row_blocks.count; ++row_block) {
            const int64_t top = row_blocks.begin(row_block), high = row_blocks.begin(row_block + 1) - top;
            apply<Compute>(
                block.up, input(workspace, block.up, top), high,
                Output<Number>{workspace.inner, up, block.up.bias, block.gated ? LINEAR : block.activation, false},
                worker);
            worker.wait();
            const Share share(high, worker.rank, worker.workers);
            if (block.gated)
                for (int64_t row = share.begin; row < share.end; ++row)
                    gate<PRECISE>(workspace.inner + row * up, inner, block.activation);
            Operand in = {workspace.inner, up, nullptr};
            if (block.down.kind == TORSO_EIGHT_BITS) {
                quantise_rows(share, workspace.inner_eight, workspace.inner + share.begin * up, up, block.down);
                in = {workspace.inner_eight.numbers, 0, workspace.inner_eight.scales};
            }
            if (block.gated || block.down.kind == TORSO_EIGHT_BITS) worker.wait();
            apply<Compute>(block.down, in, high,
                           Output<float>{workspace.x + top * trunk_.width, trunk_.width, block.down.bias, LINEAR, true},
                           worker);
            worker.wait();
        }
    }

    const torso_trunk& trunk_;
    const torso_call& call_;
};
