// The C interface, on the best instruction set that this processor has.
#include "kernels.hpp"
#include "thread_pool.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#if defined(_WIN32)
#define PUBLIC extern "C" __declspec(dllexport)
#else
#define PUBLIC extern "C" __attribute__((visibility("default")))
#endif

namespace torso {
// COMPILED_... is defined for each instruction set that is in this library.
#if defined(COMPILED_avx512_bf16)
namespace avx512_bf16 {
extern const Kernels kernels;
}
#endif
#if defined(COMPILED_avx512_vnni)
namespace avx512_vnni {
extern const Kernels kernels;
}
#endif
#if defined(COMPILED_avx512)
namespace avx512 {
extern const Kernels kernels;
}
#endif
#if defined(COMPILED_avx2)
namespace avx2 {
extern const Kernels kernels;
}
#endif
#if defined(COMPILED_neon_bf16)
namespace neon_bf16 {
extern const Kernels kernels;
}
#endif
#if defined(COMPILED_neon_dotprod)
namespace neon_dotprod {
extern const Kernels kernels;
}
#endif
namespace baseline {
extern const Kernels kernels;
}

namespace {

struct Set {
    const char* name;
    const Kernels* kernels;
};

#if defined(__aarch64__)
// What this processor has beyond the first ARM64: products of four bytes; of unsigned by signed ones, and of bfloat16.
struct Arm {
    bool dotprod = false, bf16 = false;
    Arm() {
#if defined(__linux__)
        const unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
        dotprod = first & (1ul << 20);                                   // HWCAP_ASIMDDP
        bf16 = dotprod && second & (1ul << 13) && second & (1ul << 14);  // HWCAP2_I8MM, HWCAP2_BF16
#elif defined(__APPLE__)
        dotprod = tells("hw.optional.arm.FEAT_DotProd");
        bf16 = dotprod && tells("hw.optional.arm.FEAT_I8MM") && tells("hw.optional.arm.FEAT_BF16");
#endif
    }
#if defined(__APPLE__)
    static bool tells(const char* feature) {
        int there = 0;
        size_t size = sizeof there;
        return !sysctlbyname(feature, &there, &size, nullptr, 0) && there;
    }
#endif
};
#endif

#if defined(__x86_64__)
// What this processor has and its system saves, by CPUID and XGETBV (Intel, Software Developer's Manual, volume 1, 14.3
// and 15.2): the table of __builtin_cpu_supports is filled by GCC's runtime library, and stays empty with zig's.
struct X86 {
    bool avx2 = false, avx512 = false, vnni = false, bf16 = false;
    X86() {
        unsigned a = 0, b = 0, c = 0, d = 0;
        if (!__get_cpuid(1, &a, &b, &c, &d) || !bit(c, 27)) return;  // OSXSAVE: XGETBV is there
        const bool fma = bit(c, 12);
        unsigned saved = 0, high = 0;
        __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
        if ((saved & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
        avx2 = fma && bit(b, 5);
#if defined(__APPLE__)
        saved |= 0xe0;  // Darwin begins to save them at their first use
#endif
        avx512 = avx2 && (saved & 0xe6) == 0xe6 && bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31);  // F DQ BW VL
        vnni = avx512 && bit(c, 11);
        bf16 = vnni && __get_cpuid_count(7, 1, &a, &b, &c, &d) && bit(a, 5);
    }
    static bool bit(unsigned word, unsigned number) { return word >> number & 1; }
};
#endif

struct Sets {
    Set found[5];
    int count = 0;
    Sets() {
#if defined(__x86_64__)
        [[maybe_unused]] const X86 x86;
#endif
#if defined(COMPILED_avx512_bf16)
        if (x86.bf16) found[count++] = {"avx512_bf16", &avx512_bf16::kernels};
#endif
#if defined(COMPILED_avx512_vnni)
        if (x86.vnni) found[count++] = {"avx512_vnni", &avx512_vnni::kernels};
#endif
#if defined(COMPILED_avx512)
        if (x86.avx512) found[count++] = {"avx512", &avx512::kernels};
#endif
#if defined(COMPILED_avx2)
        if (x86.avx2) found[count++] = {"avx2", &avx2::kernels};
#endif
#if defined(__aarch64__)
        [[maybe_unused]] const Arm arm;
#endif
#if defined(COMPILED_neon_bf16)
        if (arm.bf16) found[count++] = {"neon_bf16", &neon_bf16::kernels};
#endif
#if defined(COMPILED_neon_dotprod)
        if (arm.dotprod) found[count++] = {"neon_dotprod", &neon_dotprod::kernels};
#endif
        found[count++] = {"baseline", &baseline::kernels};
    }
};

const Sets sets;
const Kernels* chosen = sets.found[0].kernels;

}  // namespace
}  // namespace torso

using torso::chosen;
using torso::sets;

PUBLIC int32_t torso_version(void) { return TORSO_KERNELS_VERSION; }
PUBLIC int32_t torso_instruction_sets(void) { return sets.count; }
PUBLIC const char* torso_instruction_set_name(int32_t set) {
    return set >= 0 && set < sets.count ? sets.found[set].name : "";
}
PUBLIC void torso_choose(int32_t set) {
    if (set >= 0 && set < sets.count) chosen = sets.found[set].kernels;
}
PUBLIC int32_t torso_has(int32_t kind) { return chosen->has(kind); }
PUBLIC int64_t torso_panel(void) { return chosen->panel; }
PUBLIC int64_t torso_packed_bytes(int32_t kind, int64_t outputs, int64_t inputs) {
    return chosen->packed_bytes(kind, outputs, inputs);
}
PUBLIC int32_t torso_pack(int32_t kind, const float* matrix, int64_t outputs, int64_t inputs, int64_t group,
                          void* packed, float* scales, float* weight_sums, int32_t threads) {
    return chosen->pack(kind, matrix, outputs, inputs, group, packed, scales, weight_sums, threads);
}
PUBLIC int32_t torso_linear(const torso_matrix* matrix, const float* rows, int64_t count, int32_t activation, float* to,
                            int32_t threads) {
    return chosen->linear(matrix, rows, count, activation, to, threads);
}
PUBLIC void torso_product(const float* rows, int64_t count, const float* weight, int64_t outputs, int64_t inputs,
                          const float* bias, float* to, int32_t threads) {
    chosen->product(rows, count, weight, outputs, inputs, bias, to, threads);
}
PUBLIC void torso_set_parallel(void* parallel, void* team_size, void* rank) {
    torso::set_host(parallel, team_size, rank);
}
PUBLIC void torso_add_norm(const torso_norm* norm, const float* rows, const float* others, int64_t count, int64_t width,
                           float* to, int32_t threads) {
    chosen->add_norm(norm, rows, others, count, width, to, threads);
}
PUBLIC int32_t torso_embed(const torso_embeddings* tables, const int64_t* tokens, const int64_t* segments,
                           const int64_t* positions, int64_t count, int64_t width, float* to, int32_t threads) {
    return chosen->embed(tables, tokens, segments, positions, count, width, to, threads);
}
PUBLIC int32_t torso_quantise(const float* rows, int64_t count, int64_t width, int64_t group, uint8_t* numbers,
                              float* scales) {
    return chosen->quantise(rows, count, width, group, numbers, scales);
}
PUBLIC int32_t torso_attention(const torso_attention_call* call) { return chosen->attention(call); }
PUBLIC int32_t torso_train_attention(const torso_training_attention* call) { return chosen->train_attention(call); }
PUBLIC int32_t torso_encode(const torso_trunk* trunk, const torso_call* call) { return chosen->encode(trunk, call); }
PUBLIC int32_t torso_decode(const torso_decoder* model, const torso_decode_call* call) {
    return chosen->decode(model, call);
}
