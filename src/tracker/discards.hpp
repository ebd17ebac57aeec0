// discards: frees what is large on another thread: a hundred thousand rows take tens of
// milliseconds, and questions would wait for it.
#pragma once

#include "store/one_worker.hpp"

#include <memory>
#include <utility>

namespace kwq::tracker {

class discards {
public:
    /// Here after all when the other thread is still at the last one.
    template <class Large>
    void take(Large&& what) {
        auto gone = std::make_shared<std::decay_t<Large>>(std::forward<Large>(what));
        if (!worker_.is_busy()) {
            worker_.start([gone = std::move(gone)]() mutable { gone.reset(); });
        }
    }

private:
    store::one_worker worker_{"kwq-discard"};
};

}  // namespace kwq::tracker
