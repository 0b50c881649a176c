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
            prepare(part.workspace, row, block->norms_after ? NO_NORM : block->attn_norm, block->qkv);
        }
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
            quantise_rows(worker, workspace.eight, workspace.attended, heads_width, part.rows, block.out);
            worker.wait();
            attended = {workspace.eight.numbers, 0, workspace.eight.scales};
        }
        apply<Compute>(block.out, attended, part.rows,
                       Output<float>{workspace.x, trunk_.width, block.out.bias, LINEAR, true}, worker);
        worker.wait();
        prepare_rows(worker, workspace, part.rows, block.norms_after ? block.attn_norm : NO_NORM,
                     block.norms_after ? NO_NORM : block.ffn_norm, block.up);
        worker.wait();
    }

    // The norm after a block, and what the next block reads; after the last block the results.
    void finish_layer(const Worker& worker, const Part& part, int64_t layer) const {
        const torso_block& block = trunk_.blocks[layer];
        const Share share(part.rows, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row) {
            float* x = part.workspace.x + row * trunk_.width;
            if (block.norms_after) normalise(block.ffn_norm, x, x, trunk_.width);
            if (layer + 1 == trunk_.depth) {
                write_result(x, (call_.pool ? part.first : part.begin) + row);
                continue;
            }
            keep(layer + 1, part.begin + row, x);
            const torso_block& next = trunk_.blocks[layer + 1];
            prepare(part.workspace, row, next.norms_after ? NO_NORM : next.attn_norm, next.qkv);
        }
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

    // What the next product reads of a row of x.
    void prepare(const Workspace<Number>& workspace, int64_t row, const torso_norm& norm,
                 const torso_matrix& next) const {
        const int64_t width = trunk_.width;
        const float* from = workspace.x + row * width;
        float* normed = workspace.normed + row * width;
        if (next.kind == TORSO_FLOAT32 || !is_none(norm)) {
            normalise(norm, from, normed, width);
            from = normed;
        }
        if (next.kind == TORSO_EIGHT_BITS)
            quantise_row(workspace.eight, row, from, next);
        else if (sizeof(Number) == 2)
            convert(from, workspace.input + row * width, width);
    }

    // x = after(x) for this worker's share of the rows, and what the next product reads of before(x).
    void prepare_rows(const Worker& worker, const Workspace<Number>& workspace, int64_t rows, const torso_norm& after,
                      const torso_norm& before, const torso_matrix& next) const {
        const Share share(rows, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row) {
            float* x = workspace.x + row * trunk_.width;
            if (!is_none(after)) normalise(after, x, x, trunk_.width);
            prepare(workspace, row, before, next);
        }
    }

    Operand input(const Workspace<Number>& workspace, const torso_matrix& matrix, int64_t row) const {
        if (matrix.kind == TORSO_EIGHT_BITS)
            return {workspace.eight.numbers + row * whole_dwords(matrix.inputs), 0,
                    workspace.eight.scales + row * groups_of(matrix) * 2};
        return {workspace.input + row * trunk_.width, trunk_.width, nullptr};
    }

    template <class From>
    void quantise_row(const EightBitRows& to, int64_t row, const From* from, const torso_matrix& next) const {
#ifdef HAS_EIGHT_BITS
        quantise(from, next.inputs, next.group, to.numbers + row * whole_dwords(next.inputs),
                 to.scales + row * groups_of(next) * 2);
#endif
    }

    void quantise_rows(const Worker& worker, const EightBitRows& to, const Number* from, int64_t row_step, int64_t rows,
                       const torso_matrix& next) const {
        const Share share(rows, worker.rank, worker.workers);
        for (int64_t row = share.begin; row < share.end; ++row) quantise_row(to, row, from + row * row_step, next);
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
                quantise_rows(worker, workspace.inner_eight, workspace.inner, up, high, block.down);
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
