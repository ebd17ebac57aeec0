// The one place where Asio's own functions are compiled; the rest of net only declares them.
#include <boost/asio/impl/src.hpp>
