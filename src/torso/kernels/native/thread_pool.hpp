// The threads that run kernels: as many as a call asks for, asleep between calls.
#pragma once

#include <atomic>
#include <cstdint>

namespace torso {

// Where the workers of a team wait for each other. The last to come lets all go on.
class Barrier {
   public:
    explicit Barrier(int workers) : workers_(workers) {}
    // Says how many there are; all of them say the same, each before it waits.
    void expect(int workers) { workers_.store(workers, std::memory_order_relaxed); }
    void wait();

   private:
    std::atomic<int> workers_;
    std::atomic<int> arrived_{0};
    std::atomic<uint32_t> round_{0};
};

// What a worker of a team knows of it.
struct Worker {
    int rank = 0, workers = 1;
    Barrier* barrier = nullptr;
    void wait() const {
        if (barrier) barrier->wait();
    }
};

typedef void (*Work)(void* what, const Worker& worker);

// Runs work by `threads` workers, of which the caller is one. While another call has the threads, by the caller alone.
void run_parallel(int threads, Work work, void* what);

template <class Function>
void run_parallel(int threads, const Function& function) {
    run_parallel(
        threads, [](void* what, const Worker& worker) { (*static_cast<const Function*>(what))(worker); },
        const_cast<void*>(static_cast<const void*>(&function)));
}

// GOMP_parallel, omp_get_num_threads and omp_get_thread_num of the host's OpenMP library, or null.
void set_host(void* parallel, void* team_size, void* rank);

// As run_parallel, for work that needs neither ranks nor barriers: on the threads of the host's OpenMP library, where
// there is one. Its threads spin for a while after each of its own loops, and would hold up any others.
void run_on_host(int threads, Work work, void* what);

template <class Function>
void run_on_host(int threads, const Function& function) {
    run_on_host(
        threads, [](void* what, const Worker& worker) { (*static_cast<const Function*>(what))(worker); },
        const_cast<void*>(static_cast<const void*>(&function)));
}

// As run_parallel, with ranks and a barrier, on the threads of the host, where there is one: what it computes between
// two calls leaves them spinning, and a team of others would share their cores.
void run_team(int threads, Work work, void* what);

template <class Function>
void run_team(int threads, const Function& function) {
    run_team(
        threads, [](void* what, const Worker& worker) { (*static_cast<const Function*>(what))(worker); },
        const_cast<void*>(static_cast<const void*>(&function)));
}

}  // namespace torso
