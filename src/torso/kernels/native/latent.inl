// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Queries, keys and values of multi-head latent attention, as other attention has them: heads of one size, zeros behind
// the narrower ones.

class LatentStages : public MixtureStages {
   public:
    using MixtureStages::MixtureStages;

    // As that of its base.
    int64_t lay_out(char* block) {
        int64_t used = MixtureStages::lay_out(block), queries = 0, query_row = 0, kv = 0, kv_row = 0;
        auto place = [&](int64_t size) {
            char* here = block ? block + used : nullptr;
            used += (size + 127) / 64 * 64;
            return here;
        };
        for (int64_t i = 0; i < model_.depth; ++i)
            if (const torso_latent* each = model_.blocks[i].latent) {
                queries = std::max<int64_t>(queries, model_.blocks[i].qkv.outputs);
                kv = std::max<int64_t>(kv, each->kv.outputs);
                kv_row = std::max<int64_t>(kv_row, each->kv_down.outputs);
                if (each->query_down.packed) query_row = std::max<int64_t>(query_row, each->query_down.outputs);
            }
        if (!kv) return used;
        queries_ = reinterpret_cast<float*>(place(total_ * queries * 4));
        query_rows_ = reinterpret_cast<float*>(place(total_ * query_row * 4));
        kv_ = reinterpret_cast<float*>(place(total_ * kv * 4));
        kv_rows_ = reinterpret_cast<float*>(place(total_ * kv_row * 4));
        return used;
    }

   protected:
    // Makes [queries | keys | values] of this worker's rows; each is turned already.
    void latent_rows(const Worker& worker, const torso_decoder_block& block, bool before) const {
        const torso_latent& latent = *block.latent;
        const int64_t rank = latent.kv.inputs, kv_row = latent.kv_down.outputs, query_row = latent.query_down.outputs;
        const Operand read =
            normed_form(worker, total_, block.attn_norm, before, block.order == TORSO_NORMED_RESIDUAL, latent.kv_down);
        multiply_by(worker, latent.kv_down, read, total_,
                    Output<float>{kv_rows_, kv_row, latent.kv_down.bias, LINEAR, false});
        const Output<float> queries{queries_, block.qkv.outputs, block.qkv.bias, LINEAR, false};
        if (latent.query_down.packed) {
            multiply_by(worker, latent.query_down, read, total_,
                        Output<float>{query_rows_, query_row, latent.query_down.bias, LINEAR, false});
            const Operand narrow = form(worker, query_rows_, query_row, total_, block.qkv, [&](int64_t row) {
                normalise(latent.query_norm, query_rows_ + row * query_row, query_rows_ + row * query_row, query_row);
            });
            multiply_by(worker, block.qkv, narrow, total_, queries);
        } else {
            multiply_by(worker, block.qkv, read, total_, queries);
        }
        const Operand narrow = form(worker, kv_rows_, kv_row, total_, latent.kv, [&](int64_t row) {
            normalise(latent.kv_norm, kv_rows_ + row * kv_row, kv_rows_ + row * kv_row, rank);
        });
        multiply_by(worker, latent.kv, narrow, total_,
                    Output<float>{kv_, latent.kv.outputs, latent.kv.bias, LINEAR, false});
        const Share rows(total_, worker.rank, worker.workers);
        for (int64_t row = rows.begin; row < rows.end; ++row) put_heads(block, row);
    }

    // Moves the values of a row's heads, as attention leaves them, together.
    void close_up(const torso_latent& latent, float* attended) const {
        if (latent.value_size == model_.head_size) return;
        for (int64_t head = 1; head < model_.heads; ++head)
            std::memmove(attended + head * latent.value_size, attended + head * model_.head_size,
                         bytes_of<float>(latent.value_size));
    }

   private:
    void put_heads(const torso_decoder_block& block, int64_t row) const {
        const torso_latent& latent = *block.latent;
        const int64_t size = latent.size, turned = latent.turned, whole = model_.head_size, all = model_.heads * whole;
        float* turning_keys = kv_rows_ + row * latent.kv_down.outputs + latent.kv.inputs;
        turn_units(block, turning_keys, 1, row);
        float *queries = qkv_ + row * qkv_step(), *keys = queries + all, *values = keys + all;
        std::memset(queries, 0, bytes_of<float>(3 * all));
        for (int64_t head = 0; head < model_.heads; ++head, queries += whole, keys += whole, values += whole) {
            const float *own = queries_ + row * block.qkv.outputs + head * (size + turned),
                        *others = kv_ + row * latent.kv.outputs + head * (size + latent.value_size);
            std::memcpy(queries, own, bytes_of<float>(size + turned));
            std::memcpy(keys, others, bytes_of<float>(size));
            std::memcpy(keys + size, turning_keys, bytes_of<float>(turned));
            std::memcpy(values, others + size, bytes_of<float>(latent.value_size));
        }
        turn_units(block, qkv_ + row * qkv_step() + size, model_.heads, row);
    }

    float *queries_ = nullptr, *query_rows_ = nullptr, *kv_ = nullptr, *kv_rows_ = nullptr;
};
