#include "codec/task_codec.hpp"
