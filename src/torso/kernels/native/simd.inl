// Part of instructions.cpp, inside the namespace of one instruction set: it includes nothing and stands alone nowhere.
// Vectors of one instruction set, and the functions of mathematics on them.
//
// Written with the vector extensions of GCC and Clang, so that one text serves every width. Included once per
// instruction set (see instructions.cpp), inside a namespace of its own: nothing here may be shared between them.

typedef float Floats __attribute__((vector_size(4 * WIDTH)));
typedef int32_t Ints __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t Words __attribute__((vector_size(4 * WIDTH)));
typedef float LooseFloats __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef uint16_t Halves __attribute__((vector_size(2 * WIDTH), aligned(2), may_alias));
typedef int32_t LooseInts __attribute__((vector_size(4 * WIDTH), aligned(1), may_alias));

template <class Number>
constexpr size_t bytes_of(int64_t count) {
    return static_cast<size_t>(count) * sizeof(Number);
}

inline Floats load(const float* from) { return *reinterpret_cast<const LooseFloats*>(from); }
inline void store(float* to, Floats value) { *reinterpret_cast<LooseFloats*>(to) = value; }
inline Floats splat(float value) { return value - Floats{}; }  // 0 - would turn -0 into +0; value - 0 keeps every value
inline Ints load_dwords(const void* from) { return *reinterpret_cast<const LooseInts*>(from); }
inline void store_dwords(void* to, Ints value) { *reinterpret_cast<LooseInts*>(to) = value; }

// Up to a vector, 0 behind them. Without a call, as memcpy would be one: before it every sum of a tile is saved, and
// Clang does so even where it is not made.
#if WIDTH == 16
inline __mmask16 first_lanes(int64_t count) { return __mmask16((1u << count) - 1); }
inline Floats load_some(const float* from, int64_t count) {
    return (Floats)_mm512_maskz_loadu_ps(first_lanes(count), from);
}
inline void store_some(float* to, Floats value, int64_t count) {
    _mm512_mask_storeu_ps(to, first_lanes(count), (__m512)value);
}
#elif WIDTH == 8
inline __m256i first_lanes(int64_t count) { return (__m256i)(Ints{0, 1, 2, 3, 4, 5, 6, 7} < int32_t(count)); }
inline Floats load_some(const float* from, int64_t count) {
    return (Floats)_mm256_maskload_ps(from, first_lanes(count));
}
inline void store_some(float* to, Floats value, int64_t count) {
    _mm256_maskstore_ps(to, first_lanes(count), (__m256)value);
}
#else
inline Floats load_some(const float* from, int64_t count) {
    Floats value{};
#pragma GCC unroll 4
    for (int lane = 0; lane < WIDTH; ++lane)
        if (lane < count) value[lane] = from[lane];
    return value;
}
inline void store_some(float* to, Floats value, int64_t count) {
#pragma GCC unroll 4
    for (int lane = 0; lane < WIDTH; ++lane)
        if (lane < count) to[lane] = value[lane];
}
#endif

// The nearest whole number, of less than 2^22.
inline Ints nearest(Floats value) {
#if WIDTH == 16
    return (Ints)_mm512_cvtps_epi32((__m512)value);
#elif defined(__aarch64__)
    return (Ints)vcvtnq_s32_f32((float32x4_t)value);
#else
    return (Ints)(value + 12582912.f) - 0x4b400000;  // 1.5 * 2^23: the number is left in the lowest bits
#endif
}

// The lowest byte of each lane.
inline void store_bytes(void* to, Ints value) {
#if WIDTH == 16
    _mm_storeu_si128(static_cast<__m128i*>(to), _mm512_cvtepi32_epi8((__m512i)value));
#else
    typedef int8_t Bytes __attribute__((vector_size(WIDTH)));
    const Bytes bytes = __builtin_convertvector(value, Bytes);
    std::memcpy(to, &bytes, WIDTH);
#endif
}

// Up to a vector of 16-bit numbers, one in each lane; 0 behind them.
inline Words load_some_words(const uint16_t* from, int64_t count) {
#if WIDTH == 16
    return (Words)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first_lanes(count), from));
#else
    uint16_t some[WIDTH] = {};
    std::memcpy(some, from, bytes_of<uint16_t>(count));
    return __builtin_convertvector(*reinterpret_cast<const Halves*>(some), Words);
#endif
}

#ifdef HAS_EIGHT_BITS
// Adds the products of four bytes, unsigned in one, with four signed ones of the other, in each lane.
inline Ints add_byte_products(Ints sum, Ints bytes, Ints others) {
#if WIDTH == 16
    return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)bytes, (__m512i)others);
#elif defined(__ARM_FEATURE_MATMUL_INT8)
    return (Ints)vusdotq_s32((int32x4_t)sum, (uint8x16_t)bytes, (int8x16_t)others);
#else
    // Of signed bytes alone: 128 less of each, and 128 times the others, which the compiler finds once for many rows.
    const int8x16_t half = vdupq_n_s8(64), right = (int8x16_t)others, left = (int8x16_t)((Words)bytes ^ 0x80808080u);
    const Ints less = (Ints)vdotq_s32(vdotq_s32(vdupq_n_s32(0), right, half), right, half);
    return (Ints)vdotq_s32((int32x4_t)sum, left, right) + less;
#endif
}
#endif

// a < b ? b : a and b < a ? b : a of each lane: a where one of both is a NaN. Compilers make two instructions of these.
#if WIDTH == 16
inline Floats larger(Floats a, Floats b) { return (Floats)_mm512_max_ps((__m512)b, (__m512)a); }
inline Floats smaller(Floats a, Floats b) { return (Floats)_mm512_min_ps((__m512)b, (__m512)a); }
#elif WIDTH == 8
inline Floats larger(Floats a, Floats b) { return (Floats)_mm256_max_ps((__m256)b, (__m256)a); }
inline Floats smaller(Floats a, Floats b) { return (Floats)_mm256_min_ps((__m256)b, (__m256)a); }
#else
inline Floats larger(Floats a, Floats b) { return a < b ? b : a; }
inline Floats smaller(Floats a, Floats b) { return b < a ? b : a; }
#endif

#if WIDTH == 16
inline float sum_of(Floats value) { return _mm512_reduce_add_ps((__m512)value); }
inline float largest_of(Floats value) { return _mm512_reduce_max_ps((__m512)value); }
inline float smallest_of(Floats value) { return _mm512_reduce_min_ps((__m512)value); }
inline int32_t sum_of(Ints value) { return _mm512_reduce_add_epi32((__m512i)value); }
#else
inline float sum_of(Floats value) {
    for (int half = WIDTH / 2; half; half /= 2)
        for (int lane = 0; lane < half; ++lane) value[lane] += value[lane + half];
    return value[0];
}
inline float largest_of(Floats value) {
    float most = value[0];
    for (int lane = 1; lane < WIDTH; ++lane) most = value[lane] > most ? value[lane] : most;
    return most;
}
inline float smallest_of(Floats value) {
    float least = value[0];
    for (int lane = 1; lane < WIDTH; ++lane) least = value[lane] < least ? value[lane] : least;
    return least;
}
inline int32_t sum_of(Ints value) {
    int32_t sum = 0;
    for (int lane = 0; lane < WIDTH; ++lane) sum += value[lane];
    return sum;
}
#endif

template <int count>
inline Floats polynomial(Floats x, const float (&coefficients)[count]) {
    Floats value = splat(coefficients[count - 1]);
#pragma GCC unroll 16
    for (int i = count - 2; i >= 0; --i) value = value * x + coefficients[i];
    return value;
}

// Below this power of two everything is 0. Without the AVX-512 instruction for it, numbers below the normal ones are
// not made.
#if WIDTH == 16
constexpr float LEAST_POWER = -160.f;
#else
constexpr float LEAST_POWER = -126.f;
#endif

// 2^x; a NaN stays one. Polynomials fitted on [-1/2, 1/2] for the least relative error:
// 1e-7 for float32, 7e-5 where the result becomes bfloat16 (whose step is 4e-3).
template <bool precise>
inline Floats power_of_two(Floats x) {
#if WIDTH == 16
    if constexpr (!precise) {
        // On [0, 1), 7e-5 too: the instruction takes the whole part of x by itself, infinities with it.
        constexpr float above_whole[] = {0.999925211f, 0.695833591f, 0.226066995f, 0.0780246468f};
        const Floats part = (Floats)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
        return (Floats)_mm512_scalef_ps((__m512)polynomial(part, above_whole), (__m512)x);
    }
#endif
    constexpr float exact[] = {1.f,           0.693147182f, 0.240226462f, 0.0555032864f, 0.00961848907f, 0.00133999309f,
                               0.00015345795f};
    constexpr float coarse[] = {0.999928057f, 0.693261027f, 0.24261111f, 0.0551714934f};
    x = smaller(larger(x, splat(LEAST_POWER)), splat(127.f));
    const Floats shifted = x + 12582912.f;  // 1.5 * 2^23: the sum has its ones where the whole number is
    const Floats whole = shifted - 12582912.f, part = x - whole;
    Floats value;
    if constexpr (precise)
        value = polynomial(part, exact);
    else
        value = polynomial(part, coarse);
#if WIDTH == 16
    return (Floats)_mm512_scalef_ps((__m512)value, (__m512)whole);
#else
    // A product, and no sum of exponents: a NaN would not be one after that.
    value *= (Floats)(((Words)shifted - (0x4B400000u - 127u)) << 23);
    return x > LEAST_POWER ? value : value * 0.f;
#endif
}

template <bool precise>
inline Floats exponential(Floats x) {
    return power_of_two<precise>(x * 1.44269504f);
}

// The error function of x / sqrt(2), as a polynomial in x^2 on the interval where it is not 1 yet: 2.5e-7 absolute.
inline Floats error_function_of_half(Floats x) {
    constexpr float exact[] = {0.353530973f,   -0.176576287f,   0.13167648f,    -0.107708305f,
                               0.0901783332f,  -0.0747482255f,  0.0601459518f,  -0.0456963107f,
                               0.0319981948f,  -0.0225107782f,  0.0166782998f,  -0.00888267811f,
                               0.00210257899f, -0.00194096111f, 0.00287862145f, -0.00112591207f};
    const Floats z = smaller(larger(x * 0.70710678f, splat(-4.f)), splat(4.f));
    const Floats value = z * polynomial(z * z * 0.125f - 1.f, exact);
    // Where it is 1 to float32 let it be 1: the same small miss of many units would add up.
    const Floats above = x > 5.5f ? splat(1.f) : value;
    return x < -5.5f ? splat(-1.f) : above;
}

// x times the share of a normal distribution below it.
template <bool precise>
inline Floats gelu(Floats x) {
    if constexpr (precise) return 0.5f * x * (1.f + error_function_of_half(x));
    // To 7e-5 of x, or of 1 where that is more: what comes next rounds to 2e-3 of it at best. Fitted for that with the
    // value at the end held to 1, so that beyond it nothing is missed.
    constexpr float coarse[] = {0.398484319f,   -0.0654444471f,  0.00918263104f, -0.000901493942f,
                                5.72889112e-5f, -2.08468441e-6f, 3.26201075e-8f};
    const Floats z = smaller(larger(x, splat(-3.85f)), splat(3.85f));
    return x * (z * polynomial(z * z, coarse) + 0.5f);
}

enum Activation { LINEAR, GELU, GELU_TANH, RELU, SILU, TANH, QUICK_GELU };

template <bool precise>
inline Floats sigmoid(Floats x) {
    return 1.f / (1.f + exponential<precise>(-x));
}

template <bool precise>
inline Floats hyperbolic_tangent(Floats x) {
    // Near 0 the difference would cancel: an odd polynomial there.
    const Floats square = x * x;
    const Floats near = x * (1.f + square * (-0.333333333f + square * (0.133333333f + square * -0.0539682540f)));
    const Floats far = 1.f - 2.f / (1.f + exponential<precise>(2.f * x));
    return square < 0.01f ? near : far;
}

template <bool precise>
inline Floats activate(Floats x, int which) {
    switch (which) {
        case GELU:
            return gelu<precise>(x);
        case GELU_TANH:
            return x * sigmoid<precise>(1.59576912f * (x + 0.044715f * x * x * x));
        case RELU:
            return x < 0.f ? Floats{} : x;
        case SILU:
            return x * sigmoid<precise>(x);
        case TANH:
            return hyperbolic_tangent<precise>(x);
        case QUICK_GELU:
            return x * sigmoid<precise>(1.702f * x);
        default:
            return x;
    }
}

// bfloat16: the upper half of a float32.
inline float widened(uint16_t half) {
    const uint32_t bits = uint32_t(half) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}
#if defined(HAS_BFLOAT16) && WIDTH == 16
inline uint16_t narrowed(float value) {
    const __m128bh half = _mm_cvtneps_pbh(_mm_set_ss(value));
    uint16_t bits;
    std::memcpy(&bits, &half, 2);
    return bits;
}
inline Floats load(const uint16_t* from) {
    return (Floats)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)from)), 16);
}
inline void store(uint16_t* to, Floats value) {
    _mm256_storeu_si256((__m256i*)to, (__m256i)_mm512_cvtneps_pbh((__m512)value));
}
inline Floats load_some(const uint16_t* from, int64_t count) { return (Floats)(load_some_words(from, count) << 16); }
inline void store_some(uint16_t* to, Floats value, int64_t count) {
    _mm256_mask_storeu_epi16(to, first_lanes(count), (__m256i)_mm512_cvtneps_pbh((__m512)value));
}
#else
// To the nearest, a tie to the even one; a NaN stays one.
inline uint16_t narrowed(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return uint16_t(value == value ? (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16 : bits >> 16 | 0x40u);
}
inline Floats load(const uint16_t* from) {
    return (Floats)(__builtin_convertvector(*reinterpret_cast<const Halves*>(from), Words) << 16);
}
inline void store(uint16_t* to, Floats value) {
#if defined(HAS_BFLOAT16)
    vst1_bf16(reinterpret_cast<bfloat16_t*>(to), vcvt_bf16_f32((float32x4_t)value));
#else
    for (int lane = 0; lane < WIDTH; ++lane) to[lane] = narrowed(value[lane]);
#endif
}
inline Floats load_some(const uint16_t* from, int64_t count) {
    Floats value{};
    for (int64_t i = 0; i < count; ++i) value[i] = widened(from[i]);
    return value;
}
inline void store_some(uint16_t* to, Floats value, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = narrowed(value[i]);
}
#endif
inline float widened(float value) { return value; }
template <class Number>
inline Number number_of(float value) {
    return value;
}
template <>
inline uint16_t number_of<uint16_t>(float value) {
    return narrowed(value);
}

template <class From, class To>
inline void convert(const From* row, To* to, int64_t width) {
    const int64_t whole = width / WIDTH * WIDTH;
    for (int64_t i = 0; i < whole; i += WIDTH) store(to + i, load(row + i));
    if (whole < width) store_some(to + whole, load_some(row + whole, width - whole), width - whole);
}

// A count of floats, rounded up to whole vectors.
inline int64_t whole_vectors(int64_t count) { return (count + WIDTH - 1) / WIDTH * WIDTH; }
