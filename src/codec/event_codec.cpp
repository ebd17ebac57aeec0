#include "codec/event_codec.hpp"
