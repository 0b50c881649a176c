// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Where a part of a call is worked on, and what the products in it read.

// What a product reads: rows of one of the three kinds.
struct Operand {
    const void* rows;
    int64_t row_step;
    const float* scales;  // of eight bits
};

template <class Compute, class Number>
void apply(const torso_matrix& matrix, const Operand& in, int64_t count, const Output<Number>& output,
           const Worker& worker) {
#ifdef HAS_EIGHT_BITS
    if (matrix.kind == TORSO_EIGHT_BITS) {
        multiply(matrix, Quantised{static_cast<const uint8_t*>(in.rows), in.scales}, count, output, worker.rank,
                 worker.workers);
        return;
    }
#endif
    multiply<Compute>(matrix, static_cast<const typename Compute::Number*>(in.rows), in.row_step, count, output,
                      worker.rank, worker.workers);
}

inline int64_t groups_of(const torso_matrix& matrix) {
    return matrix.kind == TORSO_EIGHT_BITS ? (matrix.inputs + matrix.group - 1) / matrix.group : 0;
}
inline int64_t whole_dwords(int64_t bytes) { return (bytes + 3) / 4 * 4; }

// How many rows of distances a head of a block has.
inline int64_t relative_rows_of(const torso_trunk& trunk, const torso_block& block) {
    return (block.position_keys.packed ? block.position_keys : block.position_queries).outputs / trunk.heads;
}

// The rows of a product with eight-bit weights.
struct EightBitRows {
    uint8_t* numbers = nullptr;
    float* scales = nullptr;
};

// Laid out in one block of memory; the measure of it is taken with a null block.
template <class Number>
struct Workspace {
    float* x;
    float* normed;
    Number *input, *qkv, *attended, *inner;
    EightBitRows eight, inner_eight;  // what qkv, out and up read, and what down reads

    Workspace(char* block, const torso_trunk& trunk, int64_t rows, int64_t* bytes) {
        int64_t used = 0;
        auto place = [&](int64_t size) {
            char* here = block ? block + used : nullptr;
            used += (size + 127) / 64 * 64;
            return here;
        };
        const int64_t qkv_width = (trunk.heads + 2 * trunk.key_heads) * trunk.head_size,
                      high = rows < ROWS ? rows : ROWS;
        int64_t up = 0, groups = 0, inner_groups = 0;
        for (int64_t i = 0; i < trunk.depth; ++i) {
            const torso_block& each = trunk.blocks[i];
            up = std::max<int64_t>(up, each.up.outputs);
            groups = std::max({groups, groups_of(each.qkv), groups_of(each.out), groups_of(each.up)});
            inner_groups = std::max(inner_groups, groups_of(each.down));
        }
        x = reinterpret_cast<float*>(place(rows * trunk.width * 4));
        normed = reinterpret_cast<float*>(place(rows * trunk.width * 4));
        input = sizeof(Number) == 4 ? reinterpret_cast<Number*>(normed)
                                    : reinterpret_cast<Number*>(place(rows * trunk.width * sizeof(Number)));
        qkv = reinterpret_cast<Number*>(place(rows * qkv_width * sizeof(Number)));
        attended = reinterpret_cast<Number*>(place(rows * trunk.heads * trunk.head_size * sizeof(Number)));
        inner = reinterpret_cast<Number*>(place(high * up * sizeof(Number)));
        const int64_t width = std::max(trunk.width, trunk.heads * trunk.head_size);
        eight.numbers = reinterpret_cast<uint8_t*>(place(groups ? rows * whole_dwords(width) : 0));
        eight.scales = reinterpret_cast<float*>(place(rows * groups * 2 * 4));
        inner_eight.numbers = reinterpret_cast<uint8_t*>(place(inner_groups ? high * whole_dwords(trunk.inner) : 0));
        inner_eight.scales = reinterpret_cast<float*>(place(high * inner_groups * 2 * 4));
        if (bytes) *bytes = used;
    }
};
