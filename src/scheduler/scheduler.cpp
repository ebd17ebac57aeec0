#include "scheduler/scheduler.hpp"
