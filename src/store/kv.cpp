#include "store/kv.hpp"
