#include "team.hpp"

#include <pthread.h>
#include <sched.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace torso {

namespace {

inline void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

struct Threads {
    std::mutex used;  // held by the call that has the threads

    std::mutex lock;
    std::condition_variable called;
    uint64_t call = 0;
    int wanted = 0;  // of the threads, those with a rank below this take part
    Work work = nullptr;
    void* what = nullptr;
    Barrier* barrier = nullptr;
    std::atomic<int> running{0};
    int started = 1;  // the caller counts as the first

    void serve(int rank) {
        uint64_t seen = 0;
        for (;;) {
            Member member;
            Work own;
            void* about;
            {
                std::unique_lock<std::mutex> hold(lock);
                called.wait(hold, [&] { return call != seen && rank < wanted; });
                seen = call;
                own = work;
                about = what;
                member = {rank, wanted, barrier};
            }
            own(about, member);
            running.fetch_sub(1, std::memory_order_release);
        }
    }
};

typedef void (*Parallel)(void (*)(void*), void*, unsigned, unsigned);
std::atomic<Parallel> host{nullptr};

// Never destroyed: at the end of the process its threads may still be asleep in it.
std::atomic<Threads*> threads_of_this_process{new Threads};

// A forked child has the memory but not the threads, neither these nor the host's. Whatever another thread of the parent
// was in the middle of, locks among it, is left behind as it is.
void forget() {
    threads_of_this_process.store(new Threads);
    host.store(nullptr);
}

// When the library is loaded: a fork during the first call must find it.
const int registered = pthread_atfork(nullptr, nullptr, forget);

}  // namespace

void Barrier::wait() {
    const uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
        arrived_.store(0, std::memory_order_relaxed);
        round_.store(round + 1, std::memory_order_release);
        return;
    }
    // Where cores are shared, the one that is waited for may need this one.
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
        if (spins < 4000) pause();
        else sched_yield();
}

void run_team(int count, Work work, void* what) {
    if (count > 1) {
        Threads& threads = *threads_of_this_process.load();
        std::unique_lock<std::mutex> used(threads.used, std::try_to_lock);
        if (used.owns_lock()) {
            {
                std::lock_guard<std::mutex> hold(threads.lock);
                try {
                    while (threads.started < count) {
                        std::thread(&Threads::serve, &threads, threads.started).detach();
                        ++threads.started;
                    }
                } catch (const std::system_error&) {
                    count = threads.started;  // the system gives no more
                }
            }
            Barrier barrier(count);
            {
                std::lock_guard<std::mutex> hold(threads.lock);
                threads.work = work;
                threads.what = what;
                threads.barrier = &barrier;
                threads.wanted = count;
                threads.running.store(count - 1, std::memory_order_relaxed);
                ++threads.call;
            }
            threads.called.notify_all();
            work(what, {0, count, &barrier});
            for (int spins = 0; threads.running.load(std::memory_order_acquire); ++spins)
                if (spins < 4000) pause();
                else sched_yield();
            return;
        }
    }
    work(what, {});
}

void set_host(void* parallel) { host.store(reinterpret_cast<Parallel>(parallel)); }

void run_on_host(int threads, Work work, void* what) {
    const Parallel parallel = host.load();
    if (!parallel) return run_team(threads, work, what);
    struct Both {
        Work work;
        void* what;
    } both{work, what};
    parallel(
        [](void* given) {
            const Both& own = *static_cast<const Both*>(given);
            own.work(own.what, {});
        },
        &both, static_cast<unsigned>(threads), 0);
}

}  // namespace torso
