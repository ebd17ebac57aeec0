#include "codec/json.hpp"
